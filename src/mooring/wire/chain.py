r"""Recordings as a chain of sealed segments, so that no byte can be changed, moved or left out.

A segment is a file of lines::

    {"version":1,"format":"asciicast-v2","session_id":…,"index":0,"key_id":…,
     "previous":<SHA-256 of the whole file of the segment before, or 64 zeros>,"created":<µs>}
    …content…
    {"end":{"final":true,"reason":"…","closed":<µs>}}
    {"seal":{"sha256":<SHA-256 of all lines above>,"signature":<hex>}}

The signature (Ed25519) is over ``mooring segment 1``, a newline and the raw digest, so that it can
be taken for nothing else. The digest covers the end line: nobody can make a recording end sooner by
dropping segments, because the one that is last then does not say that it is.

Functions that sign and verify are arguments: the keys are not ours to hold.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = [
    "FIRST_PREVIOUS",
    "Fault",
    "SegmentEnd",
    "SegmentHeader",
    "Sign",
    "Verdict",
    "Verify",
    "content",
    "is_sealed",
    "seal",
    "segment_digest",
    "verify",
]

_VERSION = 1
_FEWEST_LINES = 3
_CONTEXT = b"mooring segment 1\n"
_DIGEST = re.compile(r"[0-9a-f]{64}")

FIRST_PREVIOUS = "0" * 64
"""What the first segment names as the one before it."""

Sign = Callable[[bytes], bytes]
"""Signs a message with the key whose id stands in the header."""

Verify = Callable[[str, bytes, bytes], bool]
"""Tells whether key id, signature and message belong together; False for an unknown key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """The first line; ``created_us`` is microseconds since the epoch."""

    format: str
    session_id: str
    index: int
    key_id: str
    previous: str
    created_us: int

    @classmethod
    def parse(cls, line: bytes) -> SegmentHeader:
        """Read the line.

        Raises:
            RemoteProtocolError: it is no header, or one of another version.
        """
        body = JsonObject.parse(line, what="segment header")
        version = body.integer("version")
        if version != _VERSION:
            raise RemoteProtocolError(f"segment has version {version}, expected {_VERSION}")
        return cls(
            format=body.text("format"),
            session_id=body.text("session_id"),
            index=body.integer("index"),
            key_id=body.text("key_id"),
            previous=_digest_text(body.text("previous")),
            created_us=body.integer("created"),
        )

    def serialize(self) -> bytes:
        """Write the line, with its newline."""
        return _line(
            {
                "version": _VERSION,
                "format": self.format,
                "session_id": self.session_id,
                "index": self.index,
                "key_id": self.key_id,
                "previous": self.previous,
                "created": self.created_us,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEnd:
    """The last line of the content; ``reason`` says why the session ended, if it did."""

    final: bool
    reason: str
    closed_us: int

    @classmethod
    def parse(cls, line: bytes) -> SegmentEnd:
        """Read the line.

        Raises:
            RemoteProtocolError: it is no end line.
        """
        body = JsonObject.parse(line, what="segment end")
        if not body.has("end"):
            raise RemoteProtocolError("segment end has no `end`")
        end = body.child("end")
        return cls(
            final=end.is_true("final"),
            reason=end.text_or("reason", ""),
            closed_us=end.integer("closed"),
        )

    def serialize(self) -> bytes:
        """Write the line, with its newline."""
        return _line(
            {"end": {"final": self.final, "reason": self.reason, "closed": self.closed_us}}
        )


class Fault(StrEnum):
    """What is wrong with a recording."""

    MISSING = "missing"
    REORDERED = "reordered"
    ALTERED = "altered"
    TRUNCATED = "truncated"
    WRONG_KEY = "wrong key"
    FOREIGN = "foreign"
    NOT_FINAL = "not final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a recording is whole; if not, the first segment that is wrong, and why."""

    segments: int
    reason: str = ""
    fault: Fault | None = None
    broken_index: int | None = None
    detail: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


def seal(segment: bytes, end: SegmentEnd, sign: Sign) -> bytes:
    """Return the lines to append to a segment's header and content.

    ``segment`` is all that is in the file so far, and ends with a newline.
    """
    end_line = end.serialize()
    digest = hashlib.sha256(segment)
    digest.update(end_line)
    signature = sign(_message(digest.digest()))
    return end_line + _seal_line(digest.digest(), signature)


def is_sealed(segment: bytes) -> bool:
    """Tell whether a segment has its seal, right or wrong, or was left open by a crash."""
    return segment.endswith(b"\n") and _seal_of(segment[:-1].rpartition(b"\n")[2]) is not None


def segment_digest(sealed: bytes) -> str:
    """Return what the next segment names as ``previous``."""
    return hashlib.sha256(sealed).hexdigest()


def content(sealed: bytes) -> list[bytes]:
    """Return the lines between header and end, without checking anything.

    Raises:
        RemoteProtocolError: the file is too short to be a sealed segment.
    """
    return _split(sealed).content


def verify(segments: Sequence[bytes], *, session_id: str, public_key_verify: Verify) -> Verdict:
    """Check a whole recording: its files in the order in which they are kept."""
    if not segments:
        return _broken(segments, 0, Fault.MISSING, "there is no segment")
    before: bytes | None = None
    end: SegmentEnd | None = None
    for index, sealed in enumerate(segments):
        try:
            parts = _split(sealed)
            _check_place(parts.header, index, segments)
            _check_seal(parts, public_key_verify)
            _check_links(parts.header, session_id, before, end)
            end = SegmentEnd.parse(parts.end_line)
        except _BrokenError as exc:
            return _broken(segments, index, exc.fault, str(exc))
        except RemoteProtocolError as exc:
            return _broken(segments, index, Fault.ALTERED, str(exc))
        before = sealed
    if end is None or not end.final:
        text = "does not say that it is the last, and is"
        return _broken(segments, len(segments) - 1, Fault.NOT_FINAL, text)
    return Verdict(segments=len(segments), reason=end.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    header: SegmentHeader
    content: list[bytes]
    end_line: bytes
    digest: bytes
    seal_line: bytes
    seal: JsonObject


class _BrokenError(RemoteProtocolError):
    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


def _split(sealed: bytes) -> _Parts:
    lines = sealed.split(b"\n")
    if lines.pop() or len(lines) < _FEWEST_LINES:
        raise _BrokenError(Fault.TRUNCATED, "stops in the middle of a line or has no seal")
    seal_line = lines[-1]
    seal_body = _seal_of(seal_line)
    if seal_body is None:
        raise _BrokenError(Fault.TRUNCATED, "has no seal at its end")
    covered = memoryview(sealed)[: len(sealed) - len(seal_line) - 1]
    return _Parts(
        header=SegmentHeader.parse(lines[0]),
        content=lines[1:-2],
        end_line=lines[-2],
        digest=hashlib.sha256(covered).digest(),
        seal_line=seal_line,
        seal=seal_body,
    )


def _seal_of(line: bytes) -> JsonObject | None:
    try:
        body = JsonObject.parse(line, what="segment seal")
        return body.child("seal") if body.has("seal") else None
    except RemoteProtocolError:
        return None


def _check_place(header: SegmentHeader, index: int, segments: Sequence[bytes]) -> None:
    if header.index == index:
        return
    if index in {_index_of(sealed) for sealed in segments}:
        raise _BrokenError(Fault.REORDERED, f"is number {header.index}, expected {index}")
    raise _BrokenError(Fault.MISSING, f"is not there; number {header.index} is in its place")


def _index_of(sealed: bytes) -> int | None:
    try:
        return _split(sealed).header.index
    except RemoteProtocolError:
        return None


def _check_links(
    header: SegmentHeader, session_id: str, before: bytes | None, end: SegmentEnd | None
) -> None:
    if header.session_id != session_id:
        raise _BrokenError(Fault.FOREIGN, f"belongs to session `{header.session_id}`")
    if header.previous != (FIRST_PREVIOUS if before is None else segment_digest(before)):
        raise _BrokenError(Fault.ALTERED, "does not follow the segment before it")
    if end is not None and end.final:
        raise _BrokenError(Fault.ALTERED, "comes after the segment that says it is the last")


def _check_seal(parts: _Parts, public_key_verify: Verify) -> None:
    if parts.seal.text("sha256") != parts.digest.hex():
        raise _BrokenError(Fault.ALTERED, "does not match its digest")
    try:
        signature = bytes.fromhex(parts.seal.text("signature"))
    except ValueError as exc:
        raise _BrokenError(Fault.ALTERED, "has a signature that is not hexadecimal") from exc
    # One way to write a seal, or its letters could be changed without a trace.
    if _seal_line(parts.digest, signature) != parts.seal_line + b"\n":
        raise _BrokenError(Fault.ALTERED, "has a seal that is written otherwise")
    key_id = parts.header.key_id
    if not public_key_verify(key_id, signature, _message(parts.digest)):
        raise _BrokenError(Fault.WRONG_KEY, f"is not signed by key `{key_id}`")


def _broken(segments: Sequence[bytes], index: int, fault: Fault, text: str) -> Verdict:
    return Verdict(
        segments=len(segments),
        fault=fault,
        broken_index=index,
        detail=f"segment {index}: {text}",
    )


def _seal_line(digest: bytes, signature: bytes) -> bytes:
    return _line({"seal": {"sha256": digest.hex(), "signature": signature.hex()}})


def _message(digest: bytes) -> bytes:
    return _CONTEXT + digest


def _digest_text(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise RemoteProtocolError("`previous` is not a SHA-256 in hexadecimal")
    return text


def _line(body: dict[str, JsonValue]) -> bytes:
    return write_json(body) + b"\n"
