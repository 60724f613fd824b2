"""smux frames: many streams over one stream of bytes.

::

    version u8 | command u8 | length u16 | stream id u32 | ``length`` bytes       (little-endian)

=====  =======  ==================================================================
0 SYN  both     opens a stream; length 0
1 FIN  both     the sender will send no more on it, and wants no more
2 PSH  both     data
3 NOP  both     keepalive, stream 0
4 UPD  v2 only  consumed u32, window u32: what was read in all, modulo 2^32, and
                how much more than that may be under way
=====  =======  ==================================================================

Source: the xtaci/smux protocol as AWS's session-manager-plugin and amazon-ssm-agent speak it
(version 1). A wrong version or command ends the session there, and here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from mooring.wire.errors import RemoteProtocolError

__all__ = [
    "HEADER_BYTES",
    "MAX_DATA_SENT",
    "Command",
    "Frame",
    "FrameDecoder",
    "Update",
]

HEADER_BYTES = 8
MAX_DATA_SENT = 32768
"""AWS's peers send no more in a frame; up to 65,535 are taken."""

_HEADER = struct.Struct("<BBHI")
_UPDATE = struct.Struct("<II")


class Command(IntEnum):
    """What a frame does."""

    SYN = 0
    FIN = 1
    PSH = 2
    NOP = 3
    UPD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How far a receiver is: bytes ``consumed`` in all (modulo 2^32), and its ``window``."""

    consumed: int
    window: int

    @classmethod
    def parse(cls, data: bytes) -> Update:
        """Read the data of an UPD frame.

        Raises:
            RemoteProtocolError: not eight bytes.
        """
        if len(data) != _UPDATE.size:
            raise RemoteProtocolError(
                f"expected an update of {_UPDATE.size} bytes, got {len(data)}"
            )
        consumed, window = _UPDATE.unpack(data)
        return cls(consumed=consumed, window=window)

    def encode(self) -> bytes:
        """Return the data of an UPD frame."""
        return _UPDATE.pack(self.consumed, self.window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame."""

    command: Command
    stream_id: int
    data: bytes = b""

    def encode(self, version: int) -> bytes:
        """Return the frame's bytes."""
        return _HEADER.pack(version, self.command, len(self.data), self.stream_id) + self.data


class FrameDecoder:
    """Cuts a stream of bytes into frames, however the bytes come.

    Holds at most one frame that is not whole.
    """

    def __init__(self, version: int) -> None:
        self._version = version
        self._held = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; return the frames that are whole now.

        Raises:
            RemoteProtocolError: another version, or no command; the session cannot go on.
        """
        text = self._held + data if self._held else data
        frames: list[Frame] = []
        at = 0
        while len(text) - at >= HEADER_BYTES:
            version, command, length, stream_id = _HEADER.unpack_from(text, at)
            self._check(version, command)
            end = at + HEADER_BYTES + length
            if end > len(text):
                break
            body = bytes(text[at + HEADER_BYTES : end])
            frames.append(Frame(command=Command(command), stream_id=stream_id, data=body))
            at = end
        self._held = bytes(text[at:])
        return frames

    def _check(self, version: int, command: int) -> None:
        if version != self._version:
            raise RemoteProtocolError(f"expected smux version {self._version}, got {version}")
        if command > Command.UPD or (command == Command.UPD and version == 1):
            raise RemoteProtocolError(
                f"expected an smux command of version {version}, got {command}"
            )
