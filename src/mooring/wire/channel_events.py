"""What a data channel tells its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mooring.wire.payloads import ClientKnown

__all__ = ["Closed", "Event", "Publication", "Received", "Statistics", "Writable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Stream data whose turn has come; ``payload_type`` may be a number without a name."""

    payload_type: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The server has ended the session; ``output`` is what the person is told."""

    output: str
    exit_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The other side's reader stands still, or goes on."""

    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Writable:
    """There is room again after there was none."""


Event: TypeAlias = Received | Closed | Publication | ClientKnown | Writable


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the channel has counted and what it holds."""

    dropped: int
    repeated: int
    resent: int
    forgotten: int
    unacked_bytes: int
    held_bytes: int
