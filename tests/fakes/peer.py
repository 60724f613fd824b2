"""A websocket peer in memory: keeps what it was sent and told."""

from __future__ import annotations

from mooring.net.websocket import CloseCode, Statistics

__all__ = ["FakePeer"]


class FakePeer:
    """Implements ``net.websocket.Peer``. ``buffered`` is what it has not read yet."""

    def __init__(self) -> None:
        self.last_seen = 0.0
        self.sent: list[bytes] = []
        self.flushed = 0
        self.pings = 0
        self.reading = True
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.buffered = 0

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Keep a message, unless it is closed."""
        if self.closed is None:
            self.sent.append(bytes(data))

    def flush(self) -> None:
        """Note how much had been sent by then."""
        self.flushed = len(self.sent)

    def send_text(self, data: str) -> None:
        """Refuse: a gateway sends no text."""
        raise AssertionError(f"text `{data}` was sent")

    def ping(self) -> None:
        """Count."""
        self.pings += 1

    def pause_reading(self) -> None:
        """Note it."""
        self.reading = False

    def resume_reading(self) -> None:
        """Note it."""
        self.reading = True

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Note the first."""
        self.closed = self.closed or (code, reason)

    def abort(self) -> None:
        """Note it."""
        self.aborted = True

    def statistics(self) -> Statistics:
        """Say what was set."""
        return Statistics(
            bytes_received=0,
            bytes_sent=sum(map(len, self.sent)),
            buffered=self.buffered,
            reading=self.reading,
        )
