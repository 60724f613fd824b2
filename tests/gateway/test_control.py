"""A control channel: one token, orders out, reports in; a report is all that is understood."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from tests.fakes.peer import FakePeer
from tests.gateway.scenes import NODE_ID, SESSION_ID, frame

from mooring.gateway.control import ControlListener
from mooring.net.websocket import CloseCode
from mooring.operations.channels import ControlOpened
from mooring.wire.agent_message import AgentMessage
from mooring.wire.control_channel import TaskComplete
from mooring.wire.open_message import OpenMessage

OPENING = (
    '{"Cookie":null,"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"t",'
    '"AgentVersion":"3.3.0.0","PlatformType":"linux"}'
)
OPENED = ControlOpened(account_id="123456789012", region="ap-northeast-1", node_id=NODE_ID)


def report(**changed: object) -> bytes:
    body = {
        "SchemaVersion": 1,
        "TaskId": SESSION_ID,
        "Topic": "agent_task_complete",
        "FinalTaskStatus": "Success",
        "IsRoutingFailure": False,
        "AwsAccountId": "",
        "InstanceId": NODE_ID,
        "Output": "",
        "RetryNumber": 1,
    }
    return frame("agent_task_complete", json.dumps(body | changed).encode())


@dataclass(slots=True)
class Door:
    """Implements ``control.ControlDoor``."""

    tokens: list[str] = field(default_factory=list)
    reports: list[TaskComplete] = field(default_factory=list)
    left: int = 0

    def redeem_control(self, _listener: ControlListener, message: OpenMessage) -> None:
        self.tokens.append(message.token)

    def task_complete(
        self, _listener: ControlListener, told: TaskComplete, _message: AgentMessage
    ) -> None:
        self.reports.append(told)

    def gone(self, _listener: ControlListener) -> None:
        self.left += 1


class Line:
    """A listener with its peer."""

    def __init__(self) -> None:
        self.door, self.peer = Door(), FakePeer()
        self.listener = ControlListener(NODE_ID, "192.0.2.1", self.door)
        self.listener.opened(self.peer)

    def says(self, data: bytes) -> None:
        self.listener.binary(memoryview(data), last_in_buffer=True)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def admitted(line: Line) -> Line:
    line.listener.text(OPENING)
    line.listener.admit(OPENED)
    return line


def test_control_frames_may_come_before_the_token(line: Line) -> None:
    line.listener.pinged()

    line.listener.text(OPENING)

    assert line.door.tokens == ["t"]
    assert line.peer.closed is None


def test_the_server_answers_a_token_with_nothing(admitted: Line) -> None:
    assert admitted.peer.sent == []
    assert admitted.listener.is_admitted


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"TokenValue":7}'])
def test_garbage_in_place_of_a_token_closes_the_line(line: Line, text: str) -> None:
    line.listener.text(text)

    assert line.peer.closed == (CloseCode.POLICY_VIOLATION, "no token")


def test_a_frame_before_the_token_closes_the_line(line: Line) -> None:
    line.says(report())

    assert line.peer.closed is not None


def test_a_report_on_the_heels_of_the_token_is_heard(line: Line) -> None:
    line.listener.text(OPENING)
    line.says(report())
    before = list(line.door.reports)

    line.listener.admit(OPENED)

    assert before == []
    assert [told.task_id for told in line.door.reports] == [SESSION_ID]


def test_an_order_leaves_at_once(admitted: Line) -> None:
    order = frame("interactive_shell", b"{}")

    admitted.listener.order(order)

    assert admitted.peer.sent == [order]
    assert admitted.peer.flushed == 1


def test_a_report_is_handed_on(admitted: Line) -> None:
    admitted.says(report(FinalTaskStatus="Failed", Output="Forwarding is forbidden."))

    (told,) = admitted.door.reports
    assert (told.task_id, told.status, told.output) == (
        SESSION_ID,
        "Failed",
        "Forwarding is forbidden.",
    )


@pytest.mark.parametrize(
    "message_type",
    ["agent_job_ack", "agent_job_reply", "agent_telemetry", "agent_update_result", "news"],
)
def test_what_is_not_for_us_is_passed_over(admitted: Line, message_type: str) -> None:
    admitted.says(frame(message_type, b'{"SchemaVersion":1}'))

    assert admitted.peer.closed is None
    assert admitted.peer.sent == []
    assert admitted.door.reports == []


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 119, report()[:-1], frame("agent_task_complete", b"[]")],
    ids=["empty", "short", "cut", "no report"],
)
def test_a_harmful_frame_closes_the_line(admitted: Line, data: bytes) -> None:
    admitted.says(data)

    assert admitted.peer.closed is not None
    assert admitted.peer.closed[0] == CloseCode.PROTOCOL_ERROR


def test_a_node_that_does_not_read_its_orders_is_dropped(admitted: Line) -> None:
    admitted.listener.writable(is_writable=False)

    assert admitted.peer.aborted


def test_the_end_is_told_once_it_came(admitted: Line) -> None:
    admitted.listener.closed(1006)

    assert admitted.door.left == 1
    assert admitted.listener.is_gone
