"""Streams open, carry, half-close and end on their own, and no peer can push past a window."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.mux import FIRST_WINDOW, Arrived, Credited, Finished, Mux, Opened
from mooring.wire.smux import Command, Frame, Update


def frame(command: Command, stream_id: int, data: bytes = b"", *, version: int = 1) -> bytes:
    return Frame(command=command, stream_id=stream_id, data=data).encode(version)


def pair(version: int = 1) -> tuple[Mux, Mux]:
    return Mux(version=version), Mux(version=version)


def test_the_first_stream_of_a_client_is_number_three() -> None:
    client, server = pair()

    first, second = client.open(), client.open()

    assert (first, second) == (3, 5)
    assert server.receive(client.take()) == [Opened(stream_id=3), Opened(stream_id=5)]


def test_data_goes_in_frames_of_32_kib() -> None:
    client, server = pair()
    stream = client.open()

    client.send(stream, b"x" * 70_000)

    events = server.receive(client.take())
    assert [len(event.data) for event in events if isinstance(event, Arrived)] == [
        32768,
        32768,
        4464,
    ]


def test_the_other_direction_goes_on_after_one_has_ended() -> None:
    client, server = pair()
    stream = client.open()
    client.send(stream, b"question")
    client.finish(stream)
    server.receive(client.take())

    server.send(stream, b"answer")
    server.finish(stream)

    assert client.receive(server.take()) == [
        Arrived(stream_id=stream, data=b"answer"),
        Finished(stream_id=stream),
    ]
    assert client.streams == server.streams == ()


def test_what_comes_for_a_stream_that_is_over_is_skipped() -> None:
    mux = Mux()

    events = mux.receive(
        frame(Command.PSH, 9, b"late") + frame(Command.FIN, 9) + frame(Command.NOP, 0)
    )

    assert events == []
    assert mux.take() == b""


def test_one_stream_too_many_is_refused_and_the_others_go_on() -> None:
    server = Mux(max_streams=1)

    events = server.receive(frame(Command.SYN, 3) + frame(Command.SYN, 5))

    assert events == [Opened(stream_id=3)]
    assert server.take() == frame(Command.FIN, 5)


def test_who_opens_streams_and_never_reads_ends_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mooring.wire.mux._MAX_UNREAD", 4)
    server = Mux(max_streams=0)
    server.receive(frame(Command.SYN, 3) * 5)

    with pytest.raises(RemoteProtocolError, match="5 frames wait for who opens streams"):
        server.receive(frame(Command.SYN, 3))


def test_who_opens_streams_and_reads_the_refusals_may_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mooring.wire.mux._MAX_UNREAD", 4)
    server = Mux(max_streams=0)
    server.receive(frame(Command.SYN, 3) * 5)
    server.take()

    events = server.receive(frame(Command.SYN, 3))

    assert events == []
    assert server.take() == frame(Command.FIN, 3)


def test_a_client_opens_no_more_than_there_may_be() -> None:
    client = Mux(max_streams=1)
    client.open()

    with pytest.raises(LocalProtocolError):
        client.open()


def test_version_two_sends_no_more_than_the_window_until_it_is_told() -> None:
    client, server = pair(2)
    stream = client.open()
    client.send(stream, b"x" * FIRST_WINDOW)
    assert client.room(stream) == 0
    with pytest.raises(LocalProtocolError):
        client.send(stream, b"y")
    server.receive(client.take())

    server.consumed(stream, FIRST_WINDOW)

    assert client.receive(server.take()) == [Credited(stream_id=stream)]
    assert client.room(stream) == FIRST_WINDOW


def test_a_slow_stream_does_not_take_anothers_room() -> None:
    client, _ = pair(2)
    slow, quick = client.open(), client.open()

    client.send(slow, b"x" * FIRST_WINDOW)

    assert client.room(slow) == 0
    assert client.room(quick) == FIRST_WINDOW


def test_a_peer_that_ignores_the_window_ends_the_session() -> None:
    server = Mux(version=2)
    server.receive(frame(Command.SYN, 3, version=2))
    piece = frame(Command.PSH, 3, b"x" * 65535, version=2)

    with pytest.raises(RemoteProtocolError, match="window"):
        server.receive(piece * 5)


def test_a_peer_that_consumed_what_was_never_sent_ends_the_session() -> None:
    client, _ = pair(2)
    stream = client.open()
    client.send(stream, b"four")
    update = Update(consumed=5, window=FIRST_WINDOW).encode()

    with pytest.raises(RemoteProtocolError, match="never sent"):
        client.receive(frame(Command.UPD, stream, update, version=2))


@given(data=st.binary(max_size=300))
def test_whatever_comes_it_is_understood_or_refused(data: bytes) -> None:
    server = Mux(version=2)

    try:
        server.receive(data)
    except RemoteProtocolError:
        return

    assert len(server.streams) <= 256


class Conversation(RuleBasedStateMachine):
    """Two sides, any order of writes, reads, ends and deliveries: every byte, once, in order."""

    @initialize(version=st.sampled_from([1, 2]))
    def start(self, version: int) -> None:
        self.sides = pair(version)
        self.wires = [b"", b""]
        self.sent: dict[tuple[int, int], bytes] = {}
        self.got: dict[tuple[int, int], bytes] = {}
        self.ended: set[tuple[int, int]] = set()
        self.heard_end: set[tuple[int, int]] = set()
        self.opened: list[int] = []

    @rule()
    def open(self) -> None:
        if len(self.opened) < 4:
            self.opened.append(self.sides[0].open())
            self._move(0)

    @rule(side=st.sampled_from([0, 1]), pick=st.integers(0, 3), size=st.integers(1, 90_000))
    def write(self, side: int, pick: int, size: int) -> None:
        for stream in self.opened[pick : pick + 1]:
            mux = self.sides[side]
            before = len(self.sent.get((side, stream), b""))
            pattern = b"%d at %d," % (side, before)
            data = (pattern * size)[: min(size, mux.room(stream))]
            if stream in mux.streams and data:
                mux.send(stream, data)
                self.sent[side, stream] = self.sent.get((side, stream), b"") + data
                self._move(side)

    @rule(side=st.sampled_from([0, 1]), pick=st.integers(0, 3))
    def end(self, side: int, pick: int) -> None:
        for stream in self.opened[pick : pick + 1]:
            if stream in self.sides[side].streams:
                self.sides[side].finish(stream)
                self.ended.add((side, stream))
                self._move(side)

    @rule(side=st.sampled_from([0, 1]), size=st.integers(1, 200_000))
    def deliver(self, side: int, size: int) -> None:
        self._deliver(side, size)

    def _deliver(self, side: int, size: int) -> None:
        data, self.wires[side] = self.wires[side][:size], self.wires[side][size:]
        other = self.sides[1 - side]
        for event in other.receive(data):
            key = (side, event.stream_id)
            if isinstance(event, Arrived):
                assert key not in self.heard_end
                self.got[key] = self.got.get(key, b"") + event.data
                other.consumed(event.stream_id, len(event.data))
            elif isinstance(event, Finished):
                self.heard_end.add(key)
        self._move(1 - side)

    def _move(self, side: int) -> None:
        self.wires[side] += self.sides[side].take()

    @invariant()
    def nothing_is_made_up(self) -> None:
        for key, data in getattr(self, "got", {}).items():
            assert len(data) <= len(self.sent[key])

    def teardown(self) -> None:
        if not hasattr(self, "sides"):
            return
        while any(self.wires):
            self._deliver(0, 2**20)
            self._deliver(1, 2**20)
        assert self.got == self.sent
        assert self.heard_end == self.ended


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
