"""Follows the headers of smux in one direction of a forward, without keeping its data.

The bytes come in pieces that may be cut anywhere, also within a header: all that is kept is the
beginning of one header, or how much of a frame's data is still to come.

Source: the xtaci/smux protocol, as in ``wire.smux``; the version is that of the first header.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue
from mooring.wire.smux import HEADER_BYTES, Command

__all__ = ["SmuxFollower", "Step"]

_HEADER = struct.Struct("<BBHI")
_VERSIONS = (1, 2)


class Step(NamedTuple):
    """What a piece did to a stream: for PSH, ``size`` bytes of its data came by.

    A tuple, because one is made for every frame.
    """

    command: Command
    stream_id: int
    size: int = 0


class SmuxFollower:
    """One direction."""

    __slots__ = ("_begun", "_command", "_left", "_stream_id", "_version")

    def __init__(self) -> None:
        self._version = 0
        self._begun = b""
        self._left = 0
        self._command = Command.NOP
        self._stream_id = 0

    def feed(self, data: bytes | memoryview) -> list[Step]:
        """Take the next bytes; return what they did.

        Raises:
            RemoteProtocolError: it is not smux, and what follows cannot be told apart.
        """
        steps: list[Step] = []
        at, size = 0, len(data)
        while at < size:
            if self._left:
                taken = min(self._left, size - at)
                self._left -= taken
                at += taken
                if self._command is Command.PSH:
                    steps.append(Step(Command.PSH, self._stream_id, taken))
                continue
            if not self._begun and size - at >= HEADER_BYTES:
                self._begin(_HEADER.unpack_from(data, at), steps)
                at += HEADER_BYTES
                continue
            piece = bytes(data[at : at + HEADER_BYTES - len(self._begun)])
            self._begun += piece
            at += len(piece)
            if len(self._begun) == HEADER_BYTES:
                header, self._begun = self._begun, b""
                self._begin(_HEADER.unpack(header), steps)
        return steps

    def _begin(self, header: tuple[int, int, int, int], steps: list[Step]) -> None:
        version, command, length, stream_id = header
        expected = (self._version,) if self._version else _VERSIONS
        if version not in expected:
            raise RemoteProtocolError(
                f"expected smux version {' or '.join(map(str, expected))}, got {version}"
            )
        if command > Command.UPD or (command == Command.UPD and version == 1):
            raise RemoteProtocolError(f"expected an smux command, got {command}")
        self._version = version
        self._command, self._left, self._stream_id = Command(command), length, stream_id
        if self._command in {Command.SYN, Command.FIN}:
            steps.append(Step(self._command, stream_id))

    def state(self) -> dict[str, JsonValue]:
        """Return where it is, so that another can go on from there."""
        return {
            "version": self._version,
            "begun": self._begun.hex(),
            "left": self._left,
            "command": int(self._command),
            "stream": self._stream_id,
        }

    @classmethod
    def at(cls, state: JsonObject) -> SmuxFollower:
        """Go on where another was.

        Raises:
            RemoteProtocolError: it is no such state.
        """
        made = cls()
        try:
            made._begun = bytes.fromhex(state.text_or("begun", ""))
            made._command = Command(state.integer("command"))
        except ValueError as exc:
            raise RemoteProtocolError("state of a follower is not one") from exc
        made._version = state.integer("version")
        made._left = state.integer("left")
        made._stream_id = state.integer("stream")
        return made
