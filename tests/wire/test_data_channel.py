"""Two ends over a bad line give out exactly what was sent, and no frame harms an end."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.agent_message import AgentMessage, DigestRule, Flags, peek
from mooring.wire.channel_events import Closed, Publication, Received, Writable
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.errors import LocalProtocolError
from mooring.wire.handshake import Terms
from mooring.wire.payloads import (
    Acknowledge,
    AgentSessionState,
    ChannelClosed,
    ClientKnown,
    MessageType,
    PayloadType,
    SessionState,
)

LIMITS = Limits(window_bytes=4096, reorder_frames=8, reorder_bytes=8192, max_payload=4096)
TERMS = Terms(max_payload=2048, window_bytes=8192)
LAST_WORDS = AgentSessionState(session_id="alice-0", state=SessionState.TERMINATING, exit_code=7)
CAPTURED = bytes.fromhex(
    "00000074696e7075745f73747265616d5f646174612020202020202020202020"
    "20202020000000010000018bcfe5680000000000000000020000000000000000"
    "8123456789abcdef0123456789ab4def18cbd7602aaab1310c7dd26f5e323eaf"
    "c3c3ef51c685563078e9a393f2cc426200000003000000167b22636f6c73223a"
    "3130302c22726f7773223a33307d"
)


def ids() -> Callable[[], UUID]:
    made = 0

    def new_id() -> UUID:
        nonlocal made
        made += 1
        return UUID(int=made)

    return new_id


def end(role: Role, limits: Limits = LIMITS) -> DataChannel:
    return DataChannel(role=role, new_id=ids(), wall_offset=1_700_000_000.0, limits=limits)


def read(frame: bytes) -> AgentMessage:
    return AgentMessage.parse(frame, max_payload=4096, digest_rule=DigestRule.ENFORCED)


def frame(
    kind: str, payload: bytes, sequence: int = 0, payload_type: int = PayloadType.OUTPUT
) -> bytes:
    return AgentMessage(
        message_type=kind,
        payload=payload,
        payload_type=payload_type,
        sequence_number=sequence,
        message_id=UUID(int=sequence & 0xFFFF),
        created_date=1,
    ).serialize()


def data(sequence: int, payload: bytes = b"x", payload_type: int = PayloadType.OUTPUT) -> bytes:
    return frame(MessageType.INPUT_STREAM_DATA, payload, sequence, payload_type)


def ack(
    sequence: int, kind: str = MessageType.OUTPUT_STREAM_DATA, *, cumulative: bool = False
) -> bytes:
    body = Acknowledge(
        message_type=kind, message_id="", sequence_number=sequence, cumulative=cumulative
    )
    return frame(MessageType.ACKNOWLEDGE, body.serialize())


def acked(channel: DataChannel) -> list[int]:
    messages = [read(written) for written in channel.writes()]
    return [
        Acknowledge.parse(message.payload).sequence_number
        for message in messages
        if message.message_type == MessageType.ACKNOWLEDGE
    ]


def payloads(channel: DataChannel) -> list[bytes]:
    return [event.payload for event in channel.events() if isinstance(event, Received)]


def sequences(channel: DataChannel) -> list[int]:
    return [peek(written).sequence_number for written in channel.writes()]


def test_reads_a_captured_frame() -> None:
    agent = end(Role.AGENT)
    agent.receive(data(0), 0.0)
    agent.receive(data(1), 0.0)

    agent.receive(CAPTURED, 0.0)

    assert list(agent.events())[-1] == Received(
        payload_type=PayloadType.SIZE, payload=b'{"cols":100,"rows":30}'
    )


def test_writes_frames_as_the_captured_agent_did() -> None:
    agent = end(Role.AGENT)

    agent.send(PayloadType.OUTPUT, b"$ ", 1.5)
    agent.send(PayloadType.OUTPUT, b"ls", 1.5)

    first, second = map(read, agent.writes())
    assert (first.message_type, first.sequence_number) == ("output_stream_data", 0)
    assert (first.flags, second.flags) == (Flags.SYN, Flags.NONE)
    assert first.created_date == 1_700_000_001_500
    assert second.sequence_number == 1


def test_an_acknowledgement_looks_like_the_captured_one() -> None:
    agent = end(Role.AGENT)

    agent.receive(data(0), 0.0)
    assert agent.deadline() == 0.01
    agent.tick(0.01)

    message = read(agent.writes()[0])
    assert (message.flags, message.sequence_number) == (Flags.SYN | Flags.FIN, 0)
    assert message.payload == (
        b'{"AcknowledgedMessageType":"input_stream_data",'
        b'"AcknowledgedMessageId":"00000000-0000-0000-0000-000000000000",'
        b'"AcknowledgedMessageSequenceNumber":0,"IsSequentialMessage":true}'
    )


@given(st.lists(st.binary(max_size=300)), st.sampled_from(Role))
def test_any_bytes_are_taken_or_dropped(frames: list[bytes], role: Role) -> None:
    channel = end(role)

    for garbage in frames:
        channel.receive(garbage, 0.0)

    assert not channel.events()
    assert channel.statistics().dropped == len(frames)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(MessageType),
            st.binary(max_size=64) | st.just(b'{"AcknowledgedMessageType":1}'),
            st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 20),
        )
    ),
    st.sampled_from(Role),
)
def test_any_frame_is_taken_or_dropped(
    frames: list[tuple[MessageType, bytes, int]], role: Role
) -> None:
    channel = end(role)
    channel.send(PayloadType.OUTPUT, b"x", 0.0)

    for kind, payload, sequence in frames:
        channel.receive(frame(kind, payload, sequence), 0.0)
        channel.tick(5.0)

    assert channel.statistics().held_bytes <= LIMITS.reorder_bytes


def test_a_pair_talks_until_both_have_everything() -> None:
    agent, client = end(Role.AGENT), end(Role.CLIENT)
    agent.send(PayloadType.OUTPUT, b"$ ", 0.0)
    client.send(PayloadType.OUTPUT, b"ls\r", 0.0)

    for now in (0.01, 0.03, 0.05):
        for written in agent.writes():
            client.receive(written, now)
        for written in client.writes():
            agent.receive(written, now)
        for channel in (agent, client):
            channel.tick(now + 0.01)

    assert payloads(client) == [b"$ "]
    assert payloads(agent) == [b"ls\r"]
    assert agent.flushed
    assert client.flushed
    assert agent.deadline() is None


def test_gives_out_in_order_what_came_in_disorder() -> None:
    agent = end(Role.AGENT)

    for sequence in (2, 0, 1):
        agent.receive(data(sequence, str(sequence).encode()), 0.0)

    assert payloads(agent) == [b"0", b"1", b"2"]
    agent.tick(0.01)
    assert acked(agent) == [2, 0, 1]


def test_acknowledges_a_repeated_frame_each_time_and_gives_it_out_once() -> None:
    agent = end(Role.AGENT)

    for _ in range(3):
        agent.receive(data(0), 0.0)

    agent.tick(0.01)
    assert acked(agent) == [0, 0, 0]
    assert payloads(agent) == [b"x"]


def test_drops_in_silence_what_is_too_far_ahead() -> None:
    agent = end(Role.AGENT)

    agent.receive(data(8), 0.0)
    agent.receive(data(2**62), 0.0)

    assert not agent.writes()
    assert agent.statistics().dropped == 2


def test_a_full_inbox_still_takes_the_frame_whose_turn_it_is() -> None:
    agent = end(Role.AGENT)
    for sequence in (1, 2, 3):
        agent.receive(data(sequence, b"x" * 4000), 0.0)

    agent.receive(data(0, b"x" * 4000), 0.0)

    agent.tick(0.01)
    assert acked(agent) == [1, 2, 0]
    assert len(payloads(agent)) == 3


def test_keeps_data_without_acknowledging_while_nobody_takes_it() -> None:
    agent = end(Role.AGENT)
    agent.ready = False
    agent.receive(data(0, b"{}", PayloadType.HANDSHAKE_RESPONSE), 0.0)
    agent.receive(data(1, b"early"), 0.0)
    agent.receive(data(2, b"too"), 0.0)
    assert acked(agent) == [0]
    assert payloads(agent) == [b"{}"]

    agent.ready = True
    agent.tick(0.01)

    assert acked(agent) == [1, 2]
    assert payloads(agent) == [b"early", b"too"]


def test_resends_the_oldest_first_and_the_rest_only_when_it_is_quiet() -> None:
    agent = end(Role.AGENT)
    for _ in range(3):
        agent.send(PayloadType.OUTPUT, b"x", 0.0)
    agent.writes()
    assert agent.deadline() == pytest.approx(0.2)
    agent.receive(ack(2), 0.1)

    agent.tick(0.15)
    first = sequences(agent)
    agent.tick(0.25)
    then = sequences(agent)

    assert first == [0]
    assert then == [1]


def test_does_not_resend_before_the_last_resends_were_taken() -> None:
    agent = end(Role.AGENT)
    agent.send(PayloadType.OUTPUT, b"x", 0.0)
    agent.writes()

    for second in range(1, 100):
        agent.tick(float(second))

    assert sequences(agent) == [0]


def test_sends_everything_again_at_once_on_a_new_connection() -> None:
    agent = end(Role.AGENT)
    for _ in range(3):
        agent.send(PayloadType.OUTPUT, b"x", 0.0)
    agent.disconnected()
    agent.send(PayloadType.OUTPUT, b"x", 1.0)
    agent.receive(ack(1), 1.0)
    agent.tick(30.0)
    assert agent.deadline() is None
    assert not agent.writes()

    agent.reconnected(30.0)

    assert sequences(agent) == [0, 2, 3]


def test_ignores_acknowledgements_of_what_it_never_sent() -> None:
    agent = end(Role.AGENT)
    agent.send(PayloadType.OUTPUT, b"x", 0.0)

    agent.receive(ack(1), 0.0)
    agent.receive(ack(0, MessageType.INPUT_STREAM_DATA), 0.0)
    agent.receive(ack(0, MessageType.ACKNOWLEDGE), 0.0)
    for _ in range(1000):
        agent.receive(ack(5), 0.0)

    assert agent.unacked_bytes == 1
    assert not agent.events()


def test_an_entry_that_a_stock_client_will_never_acknowledge_leaves_the_window() -> None:
    agent = end(Role.AGENT)
    for _ in range(2):
        agent.send(PayloadType.OUTPUT, b"x", 0.0)
    agent.receive(ack(1), 0.1)

    for second in range(1, 5):
        agent.tick(float(second))
        agent.writes()

    assert agent.flushed
    assert agent.unacked_bytes == 0
    agent.reconnected(9.0)
    assert sequences(agent) == [0]


def test_holds_output_while_paused_and_sends_it_in_order_after() -> None:
    agent = end(Role.AGENT)
    agent.send(PayloadType.OUTPUT, b"0", 0.0)
    agent.writes()

    agent.receive(frame(MessageType.PAUSE_PUBLICATION, b"{}"), 0.0)
    agent.send(PayloadType.EXIT_CODE, b"EXIT_CODE: 0", 0.0)
    agent.tick(9.0)
    paused = (agent.room(), list(agent.writes()), agent.deadline())
    agent.receive(frame(MessageType.START_PUBLICATION, b"{}"), 9.0)

    assert paused == (0, [], None)
    assert sequences(agent) == [1]
    assert list(agent.events()) == [
        Publication(paused=True),
        Publication(paused=False),
        Writable(),
    ]


@pytest.mark.parametrize("sign", [data(0), ack(0)])
def test_any_sign_of_the_client_lifts_a_pause(sign: bytes) -> None:
    agent = end(Role.AGENT)
    agent.receive(frame(MessageType.PAUSE_PUBLICATION, b"{}"), 0.0)

    agent.receive(sign, 0.0)

    assert agent.room() == LIMITS.window_bytes


def test_a_full_window_says_when_there_is_room_again() -> None:
    agent = end(Role.AGENT)
    agent.set_max_payload(2048)
    agent.send(PayloadType.OUTPUT, b"x" * 4096, 0.0)
    with pytest.raises(LocalProtocolError, match="window of 4096 bytes is full"):
        agent.send(PayloadType.OUTPUT, b"x", 0.0)
    agent.send(PayloadType.FLAG, b"\0\0\0\2", 0.0)

    agent.receive(ack(0), 0.0)
    early = list(agent.events())
    agent.receive(ack(2), 0.0)

    assert early == []
    assert list(agent.events()) == [Writable()]


def test_cuts_byte_streams_only() -> None:
    agent = end(Role.AGENT)

    agent.send(PayloadType.OUTPUT, b"x" * 1500, 0.0)
    agent.send(PayloadType.HANDSHAKE_REQUEST, b"x" * 1500, 0.0)

    assert [peek(written).payload_length for written in agent.writes()] == [1024, 476, 1500]


def test_ends_of_ours_acknowledge_many_frames_at_once() -> None:
    agent, client = end(Role.AGENT), end(Role.CLIENT)
    agent.adopt(TERMS)
    client.adopt(TERMS)
    for _ in range(4):
        agent.send(PayloadType.OUTPUT, b"x" * 2000, 0.0)

    for written in agent.writes():
        client.receive(written, 0.0)
    before = list(client.writes())
    assert client.deadline() == pytest.approx(0.02)
    client.tick(0.02)
    receipts = client.writes()
    agent.receive(receipts[0], 0.03)

    assert before == []
    assert len(receipts) == 1
    assert agent.flushed


def test_ends_of_ours_acknowledge_at_once_what_is_out_of_turn() -> None:
    agent = end(Role.AGENT)
    agent.adopt(TERMS)
    agent.receive(data(0), 0.0)

    agent.receive(data(2), 0.0)
    agent.receive(data(0), 0.0)

    assert acked(agent) == [0, 0]


@pytest.mark.parametrize(("client_id", "acknowledged"), [("mooring-1", [2]), ("1", [0, 1, 2])])
def test_an_agent_speaks_for_all_frames_to_clients_of_ours_alone(
    client_id: str, acknowledged: list[int]
) -> None:
    agent = end(Role.AGENT)
    known = ClientKnown(client_version="1.2.900.0", client_id=client_id, resumed=False)
    agent.receive(frame(MessageType.MOORING_CLIENT, known.serialize()), 0.0)

    for sequence in range(3):
        agent.receive(data(sequence), 0.0)
    agent.tick(0.02)

    assert acked(agent) == acknowledged


def test_a_client_of_ours_learns_it_from_the_first_such_acknowledgement() -> None:
    client, agent = end(Role.CLIENT), end(Role.AGENT)
    known = ClientKnown(client_version="1.2.900.0", client_id="mooring-1", resumed=False)
    agent.receive(frame(MessageType.MOORING_CLIENT, known.serialize()), 0.0)
    client.send(PayloadType.OUTPUT, b"ls\r", 0.0)
    agent.receive(client.writes()[0], 0.0)
    agent.tick(0.02)
    client.receive(agent.writes()[0], 0.02)

    for _ in range(3):
        agent.send(PayloadType.OUTPUT, b"$ ", 0.02)
    for written in agent.writes():
        client.receive(written, 0.02)
    client.tick(0.04)

    assert acked(client) == [2]
    assert client.flushed


def test_says_what_the_gateway_knows_of_the_client() -> None:
    agent = end(Role.AGENT)
    known = ClientKnown(client_version="1.2.900.0", client_id="c", resumed=True)

    agent.receive(frame(MessageType.MOORING_CLIENT, known.serialize()), 0.0)

    assert list(agent.events()) == [known]


@pytest.mark.parametrize("role", Role)
def test_ends_when_the_server_closes_the_channel(role: Role) -> None:
    channel = end(role)
    body = ChannelClosed(session_id="alice-0", output="idle for 20 minutes")

    channel.receive(frame(MessageType.CHANNEL_CLOSED, body.serialize()), 0.0)
    channel.receive(data(0), 0.0)

    assert channel.closed
    assert channel.deadline() is None
    assert list(channel.events()) == [Closed(output="idle for 20 minutes", exit_code=None)]


def test_terminates_when_all_has_arrived() -> None:
    agent = end(Role.AGENT)
    agent.send(PayloadType.OUTPUT, b"bye", 0.0)
    agent.terminate(LAST_WORDS, 0.0)
    agent.writes()
    waiting = agent.closed

    agent.receive(ack(0), 0.1)

    assert not waiting
    assert agent.closed
    assert AgentSessionState.parse(read(agent.writes()[0]).payload) == LAST_WORDS


def test_terminates_after_two_seconds_of_connection() -> None:
    agent = end(Role.AGENT)
    agent.send(PayloadType.OUTPUT, b"bye", 0.0)
    agent.terminate(LAST_WORDS, 0.0)
    agent.disconnected()
    agent.tick(30.0)
    agent.reconnected(30.0)
    agent.tick(31.9)
    waiting = agent.closed

    agent.tick(32.0)

    assert not waiting
    assert agent.closed


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (MessageType.OUTPUT_STREAM_DATA, Role.AGENT),
        (MessageType.INPUT_STREAM_DATA, Role.CLIENT),
        (MessageType.AGENT_SESSION_STATE, Role.AGENT),
        (MessageType.MOORING_CLIENT, Role.CLIENT),
        (MessageType.PAUSE_PUBLICATION, Role.CLIENT),
        (MessageType.INTERACTIVE_SHELL, Role.AGENT),
    ],
)
def test_drops_what_is_meant_for_the_other_end(kind: MessageType, role: Role) -> None:
    channel = end(role)

    channel.receive(frame(kind, b"{}"), 0.0)

    assert not channel.events()
    assert not channel.writes()
    assert channel.statistics().dropped == 1


def test_refuses_to_send_nonsense() -> None:
    agent, client = end(Role.AGENT), end(Role.CLIENT)
    agent.terminate(LAST_WORDS, 0.0)

    with pytest.raises(LocalProtocolError, match="after the end"):
        agent.send(PayloadType.OUTPUT, b"x", 0.0)
    with pytest.raises(LocalProtocolError, match="empty payload"):
        client.send(PayloadType.OUTPUT, b"", 0.0)
    with pytest.raises(LocalProtocolError, match="payload of 4097 bytes, limit is 4096"):
        client.send(PayloadType.OUTPUT, b"x" * 4097, 0.0)
    with pytest.raises(LocalProtocolError, match="expected 1 to 4096"):
        client.set_max_payload(4097)
    with pytest.raises(LocalProtocolError, match="only agents"):
        client.send_state(LAST_WORDS, 0.0)
    with pytest.raises(LocalProtocolError, match="only agents"):
        client.terminate(LAST_WORDS, 0.0)


def test_says_nothing_to_a_connection_that_is_gone() -> None:
    agent = end(Role.AGENT)
    agent.disconnected()

    agent.receive(data(0), 0.0)
    agent.send_state(LAST_WORDS, 0.0)

    assert agent.ready
    assert not agent.writes()
