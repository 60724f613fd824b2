"""Handshakes are read and answered as the stock peers were seen to."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.handshake import (
    ActionStatus,
    HandshakeComplete,
    HandshakeRequest,
    HandshakeResponse,
    HandshakeState,
    ProcessedAction,
    RequestedAction,
    Terms,
    answer,
    is_newer,
    next_state,
    settle,
)
from mooring.wire.payloads import PayloadType
from mooring.wire.session_order import SessionType

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/payloads.json").read_text())
TERMS = Terms(max_payload=65536, window_bytes=131072)
COMMANDS = RequestedAction.session_type(SessionType.NON_INTERACTIVE_COMMANDS)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
named = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
terms = st.builds(
    Terms,
    max_payload=st.integers(1, 65536),
    window_bytes=st.integers(1, 2**24),
    cumulative_acks=st.booleans(),
)
requests = st.builds(
    HandshakeRequest,
    agent_version=texts,
    actions=st.lists(
        st.builds(RequestedAction, action_type=named, parameters=st.dictionaries(texts, texts)),
        max_size=3,
    ).map(tuple),
    terms=st.none() | terms,
)
responses = st.builds(
    HandshakeResponse,
    client_version=texts,
    actions=st.lists(
        st.builds(ProcessedAction, action_type=named, status=st.integers(0, 3), error=texts),
        max_size=3,
    ).map(tuple),
    errors=st.lists(texts, max_size=3).map(tuple),
    terms=st.none() | terms,
)


def vector(name: str) -> bytes:
    text: str = VECTORS[name]
    return text.encode()


def request(*actions: RequestedAction, own: Terms | None = None) -> HandshakeRequest:
    return HandshakeRequest(agent_version="3.3.0.0", actions=actions, terms=own)


def test_request_is_the_captured_one() -> None:
    assert HandshakeRequest.parse(vector("handshake_request")) == request(COMMANDS)
    assert request(COMMANDS).serialize() == vector("handshake_request")


def test_response_is_the_captured_one() -> None:
    response = answer(request(COMMANDS), client_version="1.2.0.0", terms=TERMS)

    assert HandshakeResponse.parse(vector("handshake_response")) == response
    assert response.serialize() == vector("handshake_response")


def test_complete_is_the_captured_one() -> None:
    complete = HandshakeComplete(seconds_to_complete=0.007895971)

    assert HandshakeComplete.parse(vector("handshake_complete")) == complete
    assert complete.serialize() == vector("handshake_complete")


@given(requests)
def test_request_reads_back(value: HandshakeRequest) -> None:
    assert HandshakeRequest.parse(value.serialize()) == value


@given(responses)
def test_response_reads_back(value: HandshakeResponse) -> None:
    assert HandshakeResponse.parse(value.serialize()) == value


@given(
    st.binary()
    | st.dictionaries(
        st.sampled_from(["RequestedClientActions", "ProcessedClientActions", "Errors", "Mooring"]),
        st.none() | st.integers() | st.lists(st.dictionaries(texts, texts)) | st.lists(texts),
    ).map(lambda fields: json.dumps(fields).encode())
)
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    parsers: list[Callable[[bytes], object]] = [
        HandshakeRequest.parse,
        HandshakeResponse.parse,
        HandshakeComplete.parse,
    ]
    for parse in parsers:
        try:
            parse(data)
        except RemoteProtocolError:
            pass


@given(requests)
def test_every_request_gets_an_answer_for_each_action(value: HandshakeRequest) -> None:
    response = answer(value, client_version="1.2.900.0", terms=TERMS)

    asked = [action.action_type for action in value.actions]
    assert [action.action_type for action in response.actions] == asked


def test_a_pair_of_ours_settles_the_smaller_of_each() -> None:
    offered = Terms(max_payload=32768, window_bytes=1048576)

    sent = HandshakeRequest.parse(request(COMMANDS, own=offered).serialize())
    response = HandshakeResponse.parse(
        answer(sent, client_version="1.2.900.0", terms=TERMS).serialize()
    )

    settled = Terms(max_payload=32768, window_bytes=131072)
    assert response.accepts_session_type()
    assert response.terms == settled == settle(offered, TERMS)


def test_a_stock_agent_is_offered_no_terms() -> None:
    response = answer(request(COMMANDS), client_version="1.2.900.0", terms=TERMS)

    assert b"Mooring" not in response.serialize()


def test_an_unknown_action_is_answered_as_the_stock_plugin_does() -> None:
    response = answer(
        request(RequestedAction(action_type="X")), client_version="1.2.0.0", terms=TERMS
    )

    assert response.actions == (
        ProcessedAction(action_type="X", status=0, result=3, error="Unsupported action X"),
    )
    assert response.errors == ("Unsupported action X",)


def test_encryption_is_not_pretended() -> None:
    response = answer(
        request(COMMANDS, RequestedAction(action_type="KMSEncryption")),
        client_version="1.2.0.0",
        terms=TERMS,
    )

    assert [action.status for action in response.actions] == [
        ActionStatus.SUCCESS,
        ActionStatus.UNSUPPORTED,
    ]


def test_an_unknown_session_type_fails() -> None:
    action = RequestedAction(action_type="SessionType", parameters={"SessionType": "Desktop"})

    response = answer(request(action), client_version="1.2.0.0", terms=TERMS)

    assert not response.accepts_session_type()
    assert response.actions[0].status == ActionStatus.FAILED


def test_a_request_names_its_session_type() -> None:
    assert request(COMMANDS).session_type() is SessionType.NON_INTERACTIVE_COMMANDS


@pytest.mark.parametrize(
    ("actions", "reason"),
    [
        ((), "names no session type"),
        ((RequestedAction(action_type="SessionType"),), "no `SessionType`"),
        (
            (RequestedAction(action_type="SessionType", parameters={"SessionType": "X"}),),
            "session type `X` has no meaning",
        ),
    ],
)
def test_refuses_a_request_without_session_type(
    actions: tuple[RequestedAction, ...], reason: str
) -> None:
    with pytest.raises(RemoteProtocolError, match=reason):
        request(*actions).session_type()


@pytest.mark.parametrize(
    ("before", "payload_type", "after"),
    [
        ("WAITING_FOR_REQUEST", PayloadType.HANDSHAKE_REQUEST, "WAITING_FOR_COMPLETE"),
        ("WAITING_FOR_REQUEST", PayloadType.OUTPUT, "DONE"),
        ("WAITING_FOR_COMPLETE", PayloadType.HANDSHAKE_COMPLETE, "DONE"),
        ("WAITING_FOR_RESPONSE", PayloadType.HANDSHAKE_RESPONSE, "DONE"),
        ("DONE", PayloadType.OUTPUT, "DONE"),
        ("DONE", 99, "DONE"),
    ],
)
def test_states_follow_the_table(before: str, payload_type: int, after: str) -> None:
    assert next_state(HandshakeState[before], payload_type) is HandshakeState[after]


@pytest.mark.parametrize(
    ("before", "payload_type"),
    [
        ("WAITING_FOR_REQUEST", PayloadType.HANDSHAKE_COMPLETE),
        ("WAITING_FOR_RESPONSE", PayloadType.OUTPUT),
        ("WAITING_FOR_COMPLETE", PayloadType.HANDSHAKE_REQUEST),
        ("DONE", PayloadType.HANDSHAKE_REQUEST),
    ],
)
def test_refuses_what_has_no_place(before: str, payload_type: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"payload type {payload_type}"):
        next_state(HandshakeState[before], payload_type)


@pytest.mark.parametrize(
    ("version", "newer"),
    [
        ("1.2.331.1", True),
        ("1.10.0.0", True),
        ("1.2.331.0", False),
        ("1.2.331", False),
        ("9.9.9.9.9", False),
        ("9.9.9.x", False),
        ("", False),
        ("9.9.9.९", False),
    ],
)
def test_only_four_dotted_integers_can_be_newer(version: str, *, newer: bool) -> None:
    assert is_newer(version, "1.2.331.0") is newer


def test_refuses_to_compare_with_a_bound_of_another_shape() -> None:
    with pytest.raises(LocalProtocolError, match="not four dotted integers"):
        is_newer("1.2.3.4", "1.2")
