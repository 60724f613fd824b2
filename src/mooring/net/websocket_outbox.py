"""The one writer of a websocket: gathers small frames, and owns what the kernel did not take.

picows writes to the socket behind the transport's back unless the transport says that it holds
data; so it is given this, which always says so. picows also hands over views of memory that it
will reuse, and uvloop keeps views until the end of the loop turn; so nothing but bytes is kept.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

__all__ = ["LARGE_FRAME", "Outbox"]

LARGE_FRAME = 16 * 1024
"""Below it joining frames is cheaper than writing each; above it the copy costs more."""


class Outbox:
    """The transport that picows sees: gathers frames, and keeps them in order.

    INVARIANT: every object in ``frames`` owns its bytes.
    """

    __slots__ = ("bytes_sent", "fd", "frames", "transport", "write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.frames: list[bytes] = []
        # picows calls this for every frame; it hands over bytes of their own.
        self.write: Callable[[bytes], None] = self.frames.append
        self.bytes_sent = 0
        secure = transport.get_extra_info("ssl_object") is not None
        self.fd = -1 if secure else transport.get_extra_info("socket").fileno()

    def writelines(self, parts: Sequence[bytes | memoryview]) -> None:
        """Take a frame as views of memory that will be reused: header and payload."""
        size = sum(map(len, parts))
        if size < LARGE_FRAME or self.fd < 0 or self.transport.get_write_buffer_size():
            self.frames.extend(map(bytes, parts))
        elif not self.transport.is_closing():
            self._write_through([b"".join(self.frames), *parts])

    def _write_through(self, parts: Sequence[bytes | memoryview]) -> None:
        self.frames.clear()
        try:
            sent = os.writev(self.fd, parts)
        except OSError:
            # Full, or broken: if broken, the transport finds out by itself and ends as it should.
            sent = 0
        self.bytes_sent += sent
        self.frames.extend(rest(parts, sent))
        self.flush()

    def flush(self) -> None:
        """Hand everything to the real transport."""
        if not self.frames:
            return
        data = b"".join(self.frames)
        self.frames.clear()
        if not self.transport.is_closing():
            self.bytes_sent += len(data)
            self.transport.write(data)

    def close(self) -> None:
        """Write what is here, then close."""
        self.flush()
        self.transport.close()

    def abort(self) -> None:
        """Close at once."""
        self.frames.clear()
        self.transport.abort()

    def get_write_buffer_size(self) -> int:
        """Never be empty in picows' eyes: it would go to the socket itself."""
        return 1

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Ask the real transport."""
        return self.transport.get_extra_info(name, default)


def rest(parts: Iterable[bytes | memoryview], sent: int) -> list[bytes]:
    """Copy what follows the first ``sent`` bytes of ``parts``."""
    left: list[bytes] = []
    for part in parts:
        if sent < len(part):
            left.append(bytes(part[sent:]))
        sent = max(0, sent - len(part))
    return left
