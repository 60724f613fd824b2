"""The outbox keeps order and owns its bytes, whatever the kernel takes."""

import asyncio
import socket

import pytest

from mooring.net.websocket_outbox import Outbox, rest


class Sink(asyncio.Transport):
    """A transport that remembers, over one end of a real socket."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__({"socket": end})
        self.written = b""
        self.waiting = 0
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert isinstance(data, bytes), "the transport may keep it, so it must own its bytes"
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


@pytest.mark.parametrize(
    ("sent", "left"),
    [(0, [b"ab", b"cde"]), (1, [b"b", b"cde"]), (2, [b"cde"]), (4, [b"e"]), (5, [])],
)
def test_the_rest_begins_after_what_was_sent(sent: int, left: list[bytes]) -> None:
    assert rest([b"ab", memoryview(b"cde")], sent) == left


def test_a_large_frame_goes_to_the_socket_after_what_waits() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        outbox = Outbox(Sink(ours))
        outbox.write(b"small")

        outbox.writelines([b"h", memoryview(bytes(20_000))])

        assert theirs.recv(30_000) == b"smallh" + bytes(20_000)
        assert outbox.bytes_sent == 20_006


def test_what_a_full_socket_leaves_goes_to_the_transport() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        sink = Sink(ours)
        outbox = Outbox(sink)
        memory = bytearray(b"x" * 10_000_000)

        outbox.writelines([b"h", memoryview(memory)])
        memory[:] = b"y" * len(memory)

        assert outbox.bytes_sent == 10_000_001
        assert 0 < len(sink.written) < 10_000_000
        assert set(sink.written) == {ord("x")}


def test_a_large_frame_never_overtakes_the_transport() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sink = Sink(ours)
        sink.waiting = 1
        outbox = Outbox(sink)

        outbox.writelines([b"h", memoryview(bytes(20_000))])
        outbox.flush()

        assert sink.written == b"h" + bytes(20_000)


def test_a_broken_socket_is_the_transports_to_find() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        sink = Sink(ours)

        Outbox(sink).writelines([b"h", memoryview(bytes(20_000))])

        assert sink.written == b"h" + bytes(20_000)


def test_nothing_is_written_to_a_closing_transport() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sink = Sink(ours)
        outbox = Outbox(sink)
        outbox.close()

        outbox.write(b"late")
        outbox.flush()

        assert sink.written == b""
