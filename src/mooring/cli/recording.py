"""Recordings as the person sees them: fetch, replay in time, check."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import anyio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mooring.cli.client import MOORING, Client, Unreachable
from mooring.cli.output import Output
from mooring.cli.replay_filter import ReplayFilter
from mooring.wire.asciicast import CastEvent, output_bytes, parse_line
from mooring.wire.chain import Verdict, Verify, verify
from mooring.wire.errors import RemoteProtocolError

__all__ = [
    "KEYS_PATH",
    "KeysUnreadable",
    "as_json",
    "check",
    "exact",
    "fetch",
    "is_signed_by",
    "keys",
    "play",
    "read_keys",
]

KEYS_PATH = "/mooring/keys.json"
"""Where a server tells the public keys it signs recordings with."""

_SHOWN = "o"
_RESET = "\x1b[!p\x1b[0m\x1b[?25h\x1b[?1049l\r\n"
"""After a replay the terminal is as usable as before, wherever the recording stopped."""


class KeysUnreadable(Exception):
    """What should be public keys is something else."""


async def fetch(client: Client, session_id: str) -> list[bytes]:
    """Get the segments of a recording in order."""
    recording = await client.call(MOORING, "GetRecording", {"SessionId": session_id})
    indexes = sorted(int(segment["Index"]) for segment in recording.get("Segments", []))
    segments = []
    for index in indexes:
        question = {"SessionId": session_id, "Index": index}
        answer = await client.call(MOORING, "GetRecordingSegment", question)
        try:
            segments.append(base64.b64decode(answer["Content"], validate=True))
        except (KeyError, TypeError, ValueError) as error:
            raise Unreachable(f"segment {index} came without its content") from error
    return segments


def events(segments: Iterable[bytes]) -> Iterator[CastEvent]:
    """Read the events; a line that is none, or torn, is left out."""
    for segment in segments:
        for line in segment.split(b"\n"):
            try:
                event = parse_line(line)
            except RemoteProtocolError:
                continue
            if event is not None:
                yield event


async def play(
    segments: Iterable[bytes], output: Output, *, speed: float, idle_limit_s: float | None
) -> None:
    """Show a recording as it was seen, without what could harm the person who watches."""
    shown = ReplayFilter()
    last_s: float | None = None
    try:
        for event in events(segments):
            if event.code != _SHOWN:
                continue
            pause_s = 0.0 if last_s is None else max(0.0, event.time_s - last_s) / speed
            last_s = event.time_s
            await anyio.sleep(pause_s if idle_limit_s is None else min(pause_s, idle_limit_s))
            output.replayed(shown.feed(event.text))
    finally:
        if output.is_terminal:
            output.replayed(_RESET)


def exact(segments: Iterable[bytes]) -> bytes:
    """Return the very bytes that the node sent."""
    lines = (line for segment in segments for line in segment.split(b"\n") if line)
    return output_bytes(lines)


def read_keys(text: str | bytes) -> Mapping[str, Ed25519PublicKey]:
    """Read public keys as a server tells them; by their id.

    Raises:
        KeysUnreadable: they are not in that form.
    """
    try:
        keys = json.loads(text)["keys"]
        return {
            str(key_id): Ed25519PublicKey.from_public_bytes(base64.b64decode(raw, validate=True))
            for key_id, raw in keys.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysUnreadable(
            'expected keys as {"keys": {"<id>": "<base64>"}}, got another form'
        ) from error


async def keys(client: Client, pinned: Path | None) -> Mapping[str, Ed25519PublicKey]:
    """Return the pinned keys, or those that the server tells."""
    if pinned is not None:
        return read_keys(await anyio.Path(pinned).read_bytes())
    return read_keys(await client.get(KEYS_PATH))


def is_signed_by(public: Mapping[str, Ed25519PublicKey]) -> Verify:
    """Return what tells a right signature by one of these keys."""

    def is_signed(key_id: str, signature: bytes, message: bytes) -> bool:
        key = public.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return is_signed


def check(
    segments: list[bytes], session_id: str, public: Mapping[str, Ed25519PublicKey]
) -> Verdict:
    """Check a recording against public keys."""
    return verify(segments, session_id=session_id, public_key_verify=is_signed_by(public))


def as_json(verdict: Verdict) -> dict[str, object]:
    """Return a verdict for programs."""
    return {
        "Whole": verdict.is_whole,
        "Segments": verdict.segments,
        "Fault": verdict.fault,
        "BrokenSegment": verdict.broken_index,
        "Detail": verdict.detail,
        "Reason": verdict.reason,
    }
