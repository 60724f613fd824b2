"""Orders reach the node, reports reach the server, and nothing else does anything."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.agent_message import AgentMessage, DigestRule
from mooring.wire.control_channel import (
    ControlChannel,
    ControlLimits,
    OrderRefused,
    SessionEnded,
    SessionOrdered,
    TaskAcknowledge,
    TaskComplete,
    TaskReported,
    TaskStatus,
    channel_closed_frame,
    client_known_frame,
    interactive_shell_frame,
    publication_frame,
    task_acknowledge_frame,
)
from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.ids import SessionId
from mooring.wire.payloads import ChannelClosed, ClientKnown, MessageType
from mooring.wire.session_order import SessionOrder
from mooring.wire.stamp import Stamp

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/payloads.json").read_text())
SESSION = "alice-418a996f891345879"
STAMP = Stamp(lambda: UUID(int=7), 1000.0)
ORDER = SessionOrder(session_id=SessionId(SESSION), document_name="d", session_owner="o")
TASK = TaskComplete(task_id=SESSION, status=TaskStatus.SUCCESS, instance_id="mi-730a75e28eb7c7146")

texts = st.text(st.characters(codec="utf-8"), max_size=20)
named = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
tasks = st.builds(
    TaskComplete,
    task_id=named,
    status=st.sampled_from(TaskStatus),
    instance_id=texts,
    output=texts,
    retry_number=st.integers(1, 9),
)


def node(limits: ControlLimits | None = None) -> ControlChannel:
    return ControlChannel(
        new_id=lambda: UUID(int=1), wall_offset=0.0, limits=limits or ControlLimits()
    )


def read(frame: bytes) -> AgentMessage:
    return AgentMessage.parse(frame, max_payload=4096, digest_rule=DigestRule.ENFORCED)


def reports(channel: ControlChannel) -> list[int]:
    return [TaskComplete.parse(read(frame).payload).retry_number for frame in channel.writes()]


def test_report_is_the_captured_one() -> None:
    captured = VECTORS["agent_task_complete"].encode()

    assert TaskComplete.parse(captured) == TASK
    assert TASK.serialize() == captured


def test_acknowledgement_is_the_captured_one() -> None:
    captured = VECTORS["agent_task_acknowledge"].encode()
    value = TaskAcknowledge(message_id="27730e64-514e-4677-9cff-4a5cfa0cc92d", task_id=SESSION)

    assert TaskAcknowledge.parse(captured) == value
    assert value.serialize() == captured


@given(tasks)
def test_report_reads_back(task: TaskComplete) -> None:
    assert TaskComplete.parse(task.serialize()) == task


@given(st.builds(TaskAcknowledge, message_id=texts, task_id=named))
def test_acknowledgement_reads_back(value: TaskAcknowledge) -> None:
    assert TaskAcknowledge.parse(value.serialize()) == value


@given(st.binary(max_size=300), st.sampled_from(MessageType), st.binary() | texts.map(str.encode))
def test_any_frame_is_taken_or_dropped(garbage: bytes, kind: MessageType, payload: bytes) -> None:
    channel = node()
    framed = STAMP.unnumbered(kind, payload, 0.0).serialize()

    channel.receive(garbage, 0.0)
    channel.receive(framed, 0.0)

    assert not channel.writes()
    for parse in (TaskComplete.parse, TaskAcknowledge.parse):
        try:
            parse(payload)
        except RemoteProtocolError:
            pass


def test_a_node_is_given_its_orders() -> None:
    channel = node()
    closed = ChannelClosed(session_id=SESSION, output="terminated by `bob`")

    channel.receive(interactive_shell_frame(ORDER, stamp=STAMP, now=0.0), 0.0)
    channel.receive(channel_closed_frame(closed, stamp=STAMP, now=0.0), 0.0)

    assert list(channel.events()) == [
        SessionOrdered(order=ORDER),
        SessionEnded(session_id=SESSION, output="terminated by `bob`"),
    ]


def test_a_report_is_sent_until_the_server_acknowledges_it() -> None:
    channel = node()
    channel.task_complete(TASK, 0.0)
    channel.tick(0.5)
    assert channel.deadline() == 1.0
    channel.tick(1.0)
    sent = [read(frame) for frame in channel.writes()]

    body = TaskAcknowledge(message_id=str(sent[0].message_id), task_id=SESSION)
    channel.receive(task_acknowledge_frame(body, stamp=STAMP, now=1.1), 1.1)
    channel.receive(task_acknowledge_frame(body, stamp=STAMP, now=1.1), 1.1)

    assert [message.message_type for message in sent] == ["agent_task_complete"] * 2
    assert list(channel.events()) == [TaskReported(task_id=SESSION, acknowledged=True)]
    assert channel.deadline() is None


def test_a_report_is_given_up_after_three_tries() -> None:
    channel = node()

    channel.task_complete(TASK, 0.0)
    for second in range(1, 9):
        channel.tick(float(second))

    assert reports(channel) == [1, 2, 3]
    assert list(channel.events()) == [TaskReported(task_id=SESSION, acknowledged=False)]


def test_a_report_waits_for_a_connection_and_then_has_all_its_tries() -> None:
    channel = node()
    channel.task_complete(TASK, 0.0)
    channel.disconnected()
    for second in range(1, 9):
        channel.tick(float(second))
    assert channel.deadline() is None
    assert not channel.writes()

    channel.reconnected(9.0)
    channel.tick(10.0)

    assert reports(channel) == [1, 2]


def test_an_order_it_cannot_read_is_told_to_the_log() -> None:
    channel = node()

    channel.receive(STAMP.unnumbered(MessageType.INTERACTIVE_SHELL, b"{}", 0.0).serialize(), 0.0)

    assert list(channel.events()) == [
        OrderRefused(message_type="interactive_shell", reason="interactive_shell has no `Content`")
    ]


def test_types_without_a_meaning_are_counted() -> None:
    channel = node()

    channel.receive(publication_frame(paused=True, stamp=STAMP, now=0.0), 0.0)
    channel.receive(b"", 0.0)

    assert channel.dropped == 2
    assert not channel.events()


def test_the_server_fills_in_id_and_date() -> None:
    frame = channel_closed_frame(ChannelClosed(session_id=SESSION), stamp=STAMP, now=0.5)

    body = ChannelClosed.parse(read(frame).payload)
    assert body.message_id == str(read(frame).message_id) == str(UUID(int=7))
    assert body.created_date == "1000500"


def test_the_server_tells_our_agent_of_its_client() -> None:
    known = ClientKnown(client_version="1.2.900.0", client_id="c", resumed=False)

    message = read(client_known_frame(known, stamp=STAMP, now=0.0))

    assert message.message_type == "mooring_client"
    assert ClientKnown.parse(message.payload) == known


@pytest.mark.parametrize(
    ("paused", "kind"), [(True, "pause_publication"), (False, "start_publication")]
)
def test_the_server_holds_output_back(kind: str, *, paused: bool) -> None:
    message = read(publication_frame(paused=paused, stamp=STAMP, now=0.0))

    assert (message.message_type, message.payload) == (kind, b"{}")


def test_refuses_a_status_without_a_meaning() -> None:
    payload = VECTORS["agent_task_complete"].replace("Success", "Fine").encode()

    with pytest.raises(RemoteProtocolError, match="task status `Fine`"):
        TaskComplete.parse(payload)


def test_refuses_more_reports_than_a_node_has_sessions() -> None:
    channel = node(ControlLimits(max_reports=1))
    channel.task_complete(TASK, 0.0)

    with pytest.raises(LocalProtocolError, match="more than 1 reports wait"):
        channel.task_complete(TASK, 0.0)


def test_parsers_take_bytes_only_as_a_whole() -> None:
    parse: Callable[[bytes], TaskAcknowledge] = TaskAcknowledge.parse

    with pytest.raises(RemoteProtocolError, match="not JSON"):
        parse(VECTORS["agent_task_acknowledge"].encode()[:-1])
