"""Connections are told apart in every kind of port session, and memory is bounded."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recordings.test_entry import FORWARD

from mooring.recordings.entry import Entry, Event
from mooring.recordings.ledger import MAX_CONNECTIONS, Ledger, Peer
from mooring.wire.payloads import PayloadType, SessionFlag, serialize_flag

MUX = replace(FORWARD, is_multiplexed=True)


def frame(command: int, stream: int, data: bytes = b"") -> bytes:
    return struct.pack("<BBHI", 1, command, len(data), stream) + data


class Talk:
    """Two peers that number what they send."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.next = dict.fromkeys(Peer, 0)

    def says(self, peer: Peer, data: bytes, kind: int = PayloadType.OUTPUT) -> list[Entry]:
        self.next[peer] += 1
        return self.ledger.passed(peer, self.next[peer] - 1, kind, data, 0)

    def shakes(self, agent: str, client: str) -> None:
        request = b'{"AgentVersion":"%s"}' % agent.encode()
        response = b'{"ClientVersion":"%s"}' % client.encode()
        self.says(Peer.NODE, request, PayloadType.HANDSHAKE_REQUEST)
        self.says(Peer.CLIENT, response, PayloadType.HANDSHAKE_RESPONSE)
        self.says(Peer.NODE, b"{}", PayloadType.HANDSHAKE_COMPLETE)


def test_two_connections_at_once_are_counted_apart() -> None:
    talk = Talk(Ledger(MUX))
    talk.shakes("3.3.0.0", "1.2.0.0")

    talk.says(Peer.CLIENT, frame(0, 3) + frame(0, 5) + frame(2, 5, b"12345") + frame(2, 3, b"1"))
    talk.says(Peer.NODE, frame(2, 3, b"abc") + frame(1, 5))
    first = talk.says(Peer.CLIENT, frame(1, 5))
    rest = talk.ledger.finish()

    assert first == [
        Entry(event=Event.CLOSED, connection=2, stream=5, ended="node", sent=5, received=0)
    ]
    assert rest[0] == Entry(
        event=Event.CLOSED, connection=1, stream=3, sent=1, received=3, reason="with the session"
    )
    assert rest[1].event is Event.SUMMARY
    assert rest[1].connection == 2


@pytest.mark.parametrize(
    ("agent", "client"),
    [("3.0.196.0", "1.2.0.0"), ("3.3.0.0", "1.1.69.0"), ("2.3.722.0", "1.2.0.0")],
)
def test_old_peers_have_one_connection_after_the_other(agent: str, client: str) -> None:
    talk = Talk(Ledger(MUX))
    talk.shakes(agent, client)

    entries = talk.says(Peer.CLIENT, b"GET / HTTP/1.0\r\n\r\n")
    entries += talk.says(Peer.NODE, b"HTTP/1.0 200 OK\r\n\r\n")
    flag = serialize_flag(SessionFlag.DISCONNECT_TO_PORT)
    entries += talk.says(Peer.CLIENT, flag, PayloadType.FLAG)
    entries += talk.says(Peer.CLIENT, b"GET")

    assert [(entry.event, entry.connection) for entry in entries] == [
        (Event.OPENED, 1),
        (Event.CLOSED, 1),
        (Event.OPENED, 2),
    ]
    assert (entries[1].sent, entries[1].received) == (18, 19)


@pytest.mark.parametrize(("agent", "client"), [("3.0.196.1", "1.1.70.0"), ("", "")])
def test_newer_peers_have_many(agent: str, client: str) -> None:
    talk = Talk(Ledger(MUX))
    talk.shakes(agent, client)

    assert [entry.stream for entry in talk.says(Peer.CLIENT, frame(0, 3))] == [3]


def test_a_connection_that_the_node_could_not_make_is_noted() -> None:
    talk = Talk(Ledger(MUX))
    flag = serialize_flag(SessionFlag.CONNECT_TO_PORT_ERROR)

    (entry,) = talk.says(Peer.NODE, flag, PayloadType.FLAG)

    assert entry.to_text(MUX) == "the node could not connect to localhost:22"


def test_a_client_that_opens_without_end_fills_no_memory() -> None:
    talk = Talk(Ledger(MUX))
    entries = [
        entry
        for number in range(MAX_CONNECTIONS + 500)
        for entry in talk.says(Peer.CLIENT, frame(0, 3 + 2 * number))
    ]

    assert [entry.event for entry in entries[MAX_CONNECTIONS:]] == [Event.UNFOLLOWED]
    assert len(talk.ledger.state()) < 1000
    assert talk.ledger.finish()[-1].connection == MAX_CONNECTIONS + 500


def test_frames_that_never_come_are_told_at_the_end() -> None:
    ledger = Ledger(MUX)
    ledger.passed(Peer.CLIENT, 5, PayloadType.OUTPUT, frame(0, 3), 0)

    entries = ledger.finish()

    assert [entry.event for entry in entries] == [Event.UNFOLLOWED, Event.SUMMARY]
    assert entries[1].sent == 8


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Peer)),
            st.integers(-2, 20),
            st.integers(0, 13),
            st.binary(max_size=30),
        ),
        max_size=30,
    )
)
def test_hostile_peers_make_no_more_than_entries(
    said: list[tuple[Peer, int, int, bytes]],
) -> None:
    ledger = Ledger(MUX)
    for peer, sequence, kind, data in said:
        ledger.passed(peer, sequence, kind, data, 0)
        again = Ledger(MUX)
        again.restore(ledger.state(), ledger.news(everything=True))
        assert again.state() == ledger.state()

    assert ledger.finish()[-1].event is Event.SUMMARY
