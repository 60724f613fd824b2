"""Bodies are read and written as the stock peers were seen to."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.payloads import (
    Acknowledge,
    AgentSessionState,
    ChannelClosed,
    ClientKnown,
    SessionFlag,
    SessionState,
    TerminalSize,
    parse_exit_code,
    parse_flag,
    serialize_exit_code,
    serialize_flag,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/payloads.json").read_text())

PARSERS: list[Callable[[bytes], object]] = [
    Acknowledge.parse,
    TerminalSize.parse,
    ChannelClosed.parse,
    AgentSessionState.parse,
    ClientKnown.parse,
    parse_flag,
    parse_exit_code,
]

texts = st.text(st.characters(codec="utf-8"))
named = st.text(st.characters(codec="utf-8"), min_size=1)
codes = st.none() | st.integers(0, 255)


def vector(name: str) -> bytes:
    text: str = VECTORS[name]
    return text.encode()


def test_acknowledge_is_the_captured_one() -> None:
    value = Acknowledge(
        message_type="input_stream_data",
        message_id="bc5df9ba-4b40-4dde-8a29-1021c5018273",
        sequence_number=0,
    )

    assert Acknowledge.parse(vector("acknowledge")) == value
    assert value.serialize() == vector("acknowledge")


def test_session_state_is_the_captured_one() -> None:
    value = AgentSessionState(session_id="alice-418a996f891345879", state=SessionState.TERMINATING)

    assert AgentSessionState.parse(vector("agent_session_state")) == value
    assert value.serialize() == vector("agent_session_state")


def test_size_is_the_captured_one() -> None:
    assert TerminalSize.parse(vector("size")) == TerminalSize(columns=120, rows=40)
    assert TerminalSize(columns=120, rows=40).serialize() == vector("size")


def test_channel_closed_reads_the_captured_one() -> None:
    body = ChannelClosed.parse(vector("channel_closed"))

    assert body == ChannelClosed(
        message_id="aa930011-11d1-4df5-b887-405fa882a427",
        created_date="2026-11-23T16:30:11.000Z",
        destination_id="mi-730a75e28eb7c7146",
        session_id="alice-8b9ea9a4fe904aa39",
    )


def test_exit_code_is_the_captured_text() -> None:
    assert parse_exit_code(vector("exit_code")) == 7
    assert serialize_exit_code(7) == vector("exit_code")


def test_flags_are_four_bytes() -> None:
    assert serialize_flag(SessionFlag.TERMINATE_SESSION) == b"\0\0\0\2"
    assert parse_flag(b"\0\0\0\3") is SessionFlag.CONNECT_TO_PORT_ERROR


@given(
    st.builds(
        Acknowledge,
        message_type=named,
        message_id=texts,
        sequence_number=st.integers(0, 2**63 - 1),
        cumulative=st.booleans(),
    )
)
def test_acknowledge_reads_back(value: Acknowledge) -> None:
    assert Acknowledge.parse(value.serialize()) == value


@given(
    st.builds(
        ChannelClosed,
        message_id=texts,
        created_date=texts,
        destination_id=texts,
        session_id=texts,
        output=texts,
        exit_code=codes,
    )
)
def test_channel_closed_reads_back(value: ChannelClosed) -> None:
    assert ChannelClosed.parse(value.serialize()) == value


@given(
    st.builds(
        AgentSessionState,
        session_id=named,
        state=st.sampled_from(SessionState),
        output=texts,
        exit_code=codes,
    )
)
def test_session_state_reads_back(value: AgentSessionState) -> None:
    assert AgentSessionState.parse(value.serialize()) == value


@given(st.builds(ClientKnown, client_version=texts, client_id=texts, resumed=st.booleans()))
def test_client_known_reads_back(value: ClientKnown) -> None:
    assert ClientKnown.parse(value.serialize()) == value


@given(st.integers(-(2**31), 2**31 - 1))
def test_exit_code_reads_back(code: int) -> None:
    assert parse_exit_code(serialize_exit_code(code)) == code


@given(
    st.binary()
    | st.dictionaries(
        st.sampled_from(
            [
                "cols",
                "rows",
                "SessionState",
                "SessionId",
                "ExitCode",
                "Resumed",
                "AcknowledgedMessageType",
                "AcknowledgedMessageSequenceNumber",
            ]
        ),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
    ).map(lambda fields: json.dumps(fields).encode())
)
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    for parse in PARSERS:
        try:
            parse(data)
        except RemoteProtocolError:
            pass


def test_an_acknowledgement_needs_only_type_and_number() -> None:
    payload = b'{"AcknowledgedMessageType":"x","AcknowledgedMessageSequenceNumber":3,"New":[]}'

    assert Acknowledge.parse(payload).sequence_number == 3


def test_a_size_no_terminal_has_is_cut() -> None:
    assert TerminalSize.parse(b'{"cols":4294967295,"rows":0}') == TerminalSize(
        columns=65535, rows=0
    )


@pytest.mark.parametrize(
    ("parse", "payload", "reason"),
    [
        (Acknowledge.parse, b'{"AcknowledgedMessageType":"x"}', "SequenceNumber"),
        (TerminalSize.parse, b'{"cols":4294967296,"rows":1}', "`cols`"),
        (TerminalSize.parse, b'{"cols":80}', "`rows`"),
        (AgentSessionState.parse, b'{"SessionId":"x","SessionState":"Gone"}', "`Gone`"),
        (parse_flag, b"\0\0\0\4", "flag 4 has no meaning"),
        (parse_flag, b"\2", "flag of 1 bytes, expected 4"),
        (parse_exit_code, b"7", "EXIT_CODE"),
        (parse_exit_code, "EXIT_CODE: \u0667".encode(), "EXIT_CODE"),
    ],
)
def test_refuses(parse: Callable[[bytes], object], payload: bytes, reason: str) -> None:
    with pytest.raises(RemoteProtocolError, match=reason):
        parse(payload)
