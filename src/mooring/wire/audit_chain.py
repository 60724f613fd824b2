r"""The audit log as a chain that anybody can check, and the signed heads that hold its end fast.

Events of an account are numbered from 1 without a gap. Each writer process has its own chain
through them::

    hash = sha256( previous hash of this writer, in hex | canonical JSON of the event )

A writer's first event follows 64 zeros. So an event taken out of the middle shows as a missing
number, and one altered as a wrong hash. Whoever owns the database can still write the whole
chain anew, or cut its end off; therefore the server signs every minute where all the writers
stand, which is a head::

    {"account_id":…,"key_id":…,"number":3,"previous":<SHA-256 of head 2, or 64 zeros>,
     "signed":<µs>,"writers":{"gateway-1":[17,"<hash of event 17>"],…}}

The signature (Ed25519) is over ``mooring audit head 1``, a newline and the raw SHA-256 of that
text. Heads are numbered too and name the one before, so that none can be left out. The loss of
the newest events together with their heads shows to who kept a later head: the server itself,
which goes on from the last it signed, or the person who checked before.

Functions that verify are arguments: the keys are not ours to hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject

__all__ = [
    "FIRST_PREVIOUS_HASH",
    "AuditHead",
    "AuditLine",
    "AuditVerdict",
    "SignedHead",
    "Verify",
    "event_hash",
    "head_digest",
    "head_message",
    "verify_audit",
]

FIRST_PREVIOUS_HASH = "0" * 64
_CONTEXT = b"mooring audit head 1\n"
_NO_ANCHORS: Mapping[int, tuple[str, str]] = {}

Verify = Callable[[str, bytes, bytes], bool]
"""Tells whether key id, signature and message belong together; False for an unknown key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """An event as it is exported: its canonical JSON, and the hashes kept beside it."""

    text: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """Where every writer stood: its last event's number and hash. Times in microseconds."""

    account_id: str
    number: int
    previous: str
    signed_us: int
    key_id: str
    writers: Mapping[str, tuple[int, str]]

    @property
    def sequence(self) -> int:
        """The number of the newest event that is held fast."""
        return max((sequence for sequence, _ in self.writers.values()), default=0)

    @classmethod
    def parse(cls, text: str) -> AuditHead:
        """Read a head.

        Raises:
            RemoteProtocolError: it is none.
        """
        body = JsonObject.parse(text.encode(), what="audit head")
        writers = json.loads(text).get("writers")
        if not isinstance(writers, dict) or not all(map(_is_place, writers.values())):
            raise RemoteProtocolError("audit head has no `writers` that it speaks of")
        return cls(
            account_id=body.text("account_id"),
            number=body.integer("number"),
            previous=body.text("previous"),
            signed_us=body.integer("signed"),
            key_id=body.text("key_id"),
            writers={name: (place[0], place[1]) for name, place in writers.items()},
        )

    def serialize(self) -> str:
        """Write the head in its one spelling."""
        body = {
            "account_id": self.account_id,
            "key_id": self.key_id,
            "number": self.number,
            "previous": self.previous,
            "signed": self.signed_us,
            "writers": {name: list(place) for name, place in self.writers.items()},
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A head's text and its signature in hex."""

    text: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """Whether a log is whole; if not, the first event (or head) that is wrong, and why."""

    events: int
    heads: int
    signed_until: int = 0
    signed_us: int = 0
    broken_sequence: int | None = None
    detail: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.detail


def event_hash(previous: str, text: str) -> str:
    """Return the hash of an event that follows the one with hash ``previous``."""
    return hashlib.sha256(previous.encode() + text.encode()).hexdigest()


def head_digest(text: str) -> str:
    """Return what the next head names as ``previous``."""
    return hashlib.sha256(text.encode()).hexdigest()


def head_message(text: str) -> bytes:
    """Return the bytes that are signed."""
    return _CONTEXT + hashlib.sha256(text.encode()).digest()


def verify_audit(
    lines: Iterable[AuditLine],
    heads: Sequence[SignedHead],
    *,
    account_id: str,
    public_key_verify: Verify,
    anchors: Mapping[int, tuple[str, str]] = _NO_ANCHORS,
) -> AuditVerdict:
    """Check a whole log: all its events from the first, all its heads from the first.

    ``anchors`` are the writer and hash of events as somebody saw them before, by their number.
    """
    read: list[AuditHead] = []
    walk = _Walk(account_id, anchors)
    try:
        for signed in heads:
            read.append(_checked_head(signed, read, account_id, public_key_verify))
            walk.hold(read[-1])
        for line in lines:
            walk.check(line)
        walk.check_end()
    except _BrokenError as exc:
        return _verdict(walk.count, read, broken=exc.sequence, detail=str(exc))
    except RemoteProtocolError as exc:
        return _verdict(walk.count, read, broken=None, detail=f"head {len(read) + 1}: {exc}")
    return _verdict(walk.count, read, broken=None, detail="")


class _BrokenError(RemoteProtocolError):
    def __init__(self, sequence: int, text: str) -> None:
        super().__init__(f"event {sequence}: {text}")
        self.sequence = sequence


class _Walk:
    """Goes through the events in order, and knows what each must be."""

    def __init__(self, account_id: str, anchors: Mapping[int, tuple[str, str]]) -> None:
        self._account_id = account_id
        self._last_of: dict[str, str] = {}
        self._held = dict(anchors)
        self.count = 0

    def hold(self, head: AuditHead) -> None:
        for writer, (sequence, kept) in head.writers.items():
            self._held[sequence] = (writer, kept)

    def check(self, line: AuditLine) -> None:
        expected = self.count + 1
        try:
            body = JsonObject.parse(line.text.encode(), what="audit event")
            sequence, writer = body.integer("sequence"), body.text("writer")
            account_id = body.text("account_id")
        except RemoteProtocolError as exc:
            raise _BrokenError(expected, str(exc)) from exc
        if sequence != expected:
            raise _BrokenError(expected, "the event is missing")
        if account_id != self._account_id:
            raise _BrokenError(expected, f"it belongs to account `{account_id}`")
        if line.previous != self._last_of.get(writer, FIRST_PREVIOUS_HASH):
            raise _BrokenError(expected, "wrong previous hash")
        if line.hash != event_hash(line.previous, line.text):
            raise _BrokenError(expected, "the event was altered")
        self._check_held(expected, writer, line.hash)
        self._last_of[writer] = line.hash
        self.count = expected

    def _check_held(self, sequence: int, writer: str, found: str) -> None:
        held = self._held.pop(sequence, None)
        if held is not None and held != (writer, found):
            text = "the log up to here was rewritten, it is not the one that was signed or seen"
            raise _BrokenError(sequence, text)

    def check_end(self) -> None:
        if self._held:
            last = max(self._held)
            text = f"the event is missing: what was signed or seen says there are {last} or more"
            raise _BrokenError(self.count + 1, text)


def _checked_head(
    signed: SignedHead, before: Sequence[AuditHead], account_id: str, public_key_verify: Verify
) -> AuditHead:
    head = AuditHead.parse(signed.text)
    if head.serialize() != signed.text:
        raise RemoteProtocolError("is written otherwise than a head is")
    if head.account_id != account_id:
        raise RemoteProtocolError(f"belongs to account `{head.account_id}`")
    if head.number != len(before) + 1:
        raise RemoteProtocolError(f"is missing, number {head.number} is in its place")
    previous = head_digest(before[-1].serialize()) if before else FIRST_PREVIOUS_HASH
    if head.previous != previous:
        raise RemoteProtocolError("does not follow the head before it")
    try:
        signature = bytes.fromhex(signed.signature)
    except ValueError as exc:
        raise RemoteProtocolError("has a signature that is not hexadecimal") from exc
    if not public_key_verify(head.key_id, signature, head_message(signed.text)):
        raise RemoteProtocolError(f"is not signed by key `{head.key_id}`")
    return head


def _verdict(
    events: int, heads: Sequence[AuditHead], *, broken: int | None, detail: str
) -> AuditVerdict:
    last = heads[-1] if heads else None
    return AuditVerdict(
        events=events,
        heads=len(heads),
        signed_until=last.sequence if last is not None else 0,
        signed_us=last.signed_us if last is not None else 0,
        broken_sequence=broken,
        detail=detail,
    )


def _is_place(place: object) -> bool:
    return isinstance(place, list) and [type(part) for part in place] == [int, str] and place[0] > 0
