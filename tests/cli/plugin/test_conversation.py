"""A client's side of a session, against an agent's channel, without any I/O."""

import itertools
from collections.abc import Callable, Mapping
from uuid import UUID

import pytest

from mooring.cli.plugin.conversation import Conversation, Face
from mooring.cli.plugin.ending import Ending, How
from mooring.wire.channel_events import Closed, Received
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.handshake import HandshakeComplete, HandshakeRequest, RequestedAction, Terms
from mooring.wire.handshake import HandshakeResponse as Response
from mooring.wire.json_object import JsonValue
from mooring.wire.payloads import PayloadType, SessionFlag, serialize_flag
from mooring.wire.session_order import SessionType


class Pair:
    """A conversation, what it did, and the agent at the other end of its channel."""

    def __init__(self) -> None:
        numbers = itertools.count(1)

        def new_id() -> UUID:
            return UUID(int=next(numbers))

        self.shown: list[bytes] = []
        self.said: list[str] = []
        self.begun: list[tuple[SessionType, Mapping[str, JsonValue]]] = []
        self.channel = DataChannel(
            role=Role.CLIENT, new_id=new_id, wall_offset=1.0, limits=Limits()
        )
        self.agent = DataChannel(role=Role.AGENT, new_id=new_id, wall_offset=1.0, limits=Limits())
        face = Face(
            show=self.shown.append,
            say=self.said.append,
            begin=lambda kind, properties: self.begun.append((kind, properties)),
        )
        self.conversation = Conversation(self.channel, face)

    def hears(self, payload_type: int, payload: bytes) -> None:
        self.conversation.react(Received(payload_type=payload_type, payload=payload), 0.0)

    def answer(self) -> Response:
        for frame in self.channel.writes():
            self.agent.receive(frame, 0.0)
        return next(
            Response.parse(event.payload)
            for event in self.agent.events()
            if isinstance(event, Received)
        )

    def asked(self, *actions: RequestedAction, terms: Terms | None = None) -> Response:
        request = HandshakeRequest(agent_version="3.3.0.0", actions=actions, terms=terms)
        self.hears(PayloadType.HANDSHAKE_REQUEST, request.serialize())
        return self.answer()


def shell() -> RequestedAction:
    return RequestedAction.session_type(SessionType.STANDARD_STREAM)


def complete(message: str = "") -> bytes:
    return HandshakeComplete(customer_message=message).serialize()


def test_a_shell_begins_when_the_handshake_is_complete() -> None:
    pair = Pair()

    response = pair.asked(shell())
    before = list(pair.begun)
    pair.hears(PayloadType.HANDSHAKE_COMPLETE, complete())

    assert response.accepts_session_type()
    assert response.client_version == "1.2.900.0"
    assert before == []
    assert pair.begun == [(SessionType.STANDARD_STREAM, {})]


def test_two_ends_of_ours_settle_terms() -> None:
    response = Pair().asked(shell(), terms=Terms(max_payload=32768, window_bytes=1 << 20))

    assert response.terms == Terms(max_payload=32768, window_bytes=128 * 1024)


def test_a_stock_agent_gets_no_terms() -> None:
    assert Pair().asked(shell()).terms is None


def test_output_before_any_handshake_begins_a_shell() -> None:
    pair = Pair()

    pair.hears(PayloadType.OUTPUT, b"$ ")

    assert pair.begun == [(SessionType.STANDARD_STREAM, {})]
    assert pair.shown == [b"$ "]


def test_the_customer_message_is_said_without_its_controls() -> None:
    pair = Pair()
    pair.asked(shell())

    pair.hears(PayloadType.HANDSHAKE_COMPLETE, complete("hello\x1b[2J"))

    assert pair.said == ["hello\ufffd[2J\n"]


def refusal_of(make: Callable[[], tuple[RequestedAction, ...]]) -> tuple[Ending | None, Response]:
    pair = Pair()
    response = pair.asked(*make())
    return pair.conversation.ending, response


FORWARDING: dict[str, JsonValue] = {"portNumber": "22", "type": "LocalPortForwarding"}


def port() -> RequestedAction:
    return RequestedAction.session_type(SessionType.PORT, FORWARDING)


def test_a_port_begins_with_the_properties_of_its_document() -> None:
    pair = Pair()

    response = pair.asked(port())
    pair.hears(PayloadType.HANDSHAKE_COMPLETE, complete())

    assert response.accepts_session_type()
    assert pair.begun == [(SessionType.PORT, FORWARDING)]


def test_nothing_but_output_gets_among_the_bytes_of_a_port() -> None:
    pair = Pair()
    pair.asked(port())
    pair.hears(PayloadType.HANDSHAKE_COMPLETE, complete())

    for kind in (PayloadType.ERROR, PayloadType.STDERR, PayloadType.EXIT_CODE):
        pair.hears(kind, b"noise")
    pair.hears(PayloadType.OUTPUT, b"bytes")

    assert pair.shown == [b"bytes"]


def test_a_target_that_refused_is_told_in_stock_words() -> None:
    pair = Pair()
    pair.asked(port())
    pair.hears(PayloadType.HANDSHAKE_COMPLETE, complete())

    pair.hears(PayloadType.FLAG, serialize_flag(SessionFlag.CONNECT_TO_PORT_ERROR))

    assert pair.said == ["Connection to destination port failed, check SSM Agent logs.\n"]


def test_an_agent_too_old_for_the_mux_hears_no() -> None:
    pair = Pair()
    request = HandshakeRequest(agent_version="3.0.196.0", actions=(port(),), terms=None)

    pair.hears(PayloadType.HANDSHAKE_REQUEST, request.serialize())

    assert not pair.answer().accepts_session_type()
    assert pair.conversation.ending is not None
    assert "too old" in pair.conversation.ending.text


def test_encryption_ends_in_words_and_the_agent_hears_no() -> None:
    ending, response = refusal_of(lambda: (shell(), RequestedAction(action_type="KMSEncryption")))

    assert ending is not None
    assert "cannot encrypt" in ending.text
    assert [action.status for action in response.actions] == [2, 3]


def test_nonsense_is_dropped() -> None:
    pair = Pair()

    pair.hears(PayloadType.HANDSHAKE_REQUEST, b"not json")
    pair.hears(PayloadType.HANDSHAKE_COMPLETE, complete())

    assert pair.conversation.ending is None
    assert pair.shown == []
    assert pair.begun == []


@pytest.mark.parametrize("kind", [PayloadType.ERROR, PayloadType.STDERR, 99])
def test_a_shell_shows_any_kind_of_payload(kind: int) -> None:
    pair = Pair()
    pair.hears(PayloadType.OUTPUT, b"a")

    pair.hears(kind, b"b")

    assert pair.shown == [b"a", b"b"]


def test_a_flag_is_not_shown() -> None:
    pair = Pair()
    pair.hears(PayloadType.OUTPUT, b"a")

    pair.hears(PayloadType.FLAG, b"\x00\x00\x00\x03")

    assert pair.shown == [b"a"]


def test_the_exit_code_of_the_closing_message_counts_most() -> None:
    pair = Pair()
    pair.hears(PayloadType.OUTPUT, b"a")
    pair.hears(PayloadType.EXIT_CODE, b"EXIT_CODE: 7")

    pair.conversation.react(Closed(output="", exit_code=3), 0.0)

    assert pair.conversation.ending == Ending(how=How.CLOSED, exit_code=3)
