"""First frames are those of the stock peers; only the token decides."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.open_message import (
    OpenMessage,
    client_open_message,
    control_open_message,
    data_open_message,
)

ONCE = "sesame"

names = st.text(st.characters(codec="utf-8"), max_size=40)
tokens = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)


def test_a_client_opens_as_the_plugin_does() -> None:
    text = client_open_message(
        token=ONCE, request_id="r", client_id="c", client_version="1.2.900.0"
    )

    assert text == (
        '{"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"sesame","ClientId":"c",'
        '"ClientVersion":"1.2.900.0"}'
    )


def test_an_agent_opens_its_data_channel_as_the_stock_one_does() -> None:
    text = data_open_message(token=ONCE, request_id="r", client_instance_id="i-1")

    assert text == (
        '{"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"sesame",'
        '"ClientInstanceId":"i-1","ClientId":""}'
    )


def test_an_agent_opens_its_control_channel_as_the_stock_one_does() -> None:
    text = control_open_message(
        token=ONCE, request_id="r", agent_version="3.3.0.0", platform_type="linux"
    )

    assert text == (
        '{"Cookie":null,"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"sesame",'
        '"AgentVersion":"3.3.0.0","PlatformType":"linux"}'
    )


@given(tokens, names, names, names)
def test_reads_back_what_a_client_wrote(
    token: str, request: str, client: str, version: str
) -> None:
    text = client_open_message(
        token=token, request_id=request, client_id=client, client_version=version
    )

    assert OpenMessage.parse(text) == OpenMessage(
        token=token, request_id=request, client_id=client, client_version=version
    )


@given(st.binary() | st.text())
def test_any_frame_is_parsed_or_refused(data: bytes | str) -> None:
    try:
        OpenMessage.parse(data)
    except RemoteProtocolError:
        pass


def test_takes_the_odd_values_of_third_party_clients() -> None:
    text = (
        '{"MessageSchemaVersion":1,"TokenValue":"sesame","ClientId":["pyssm-client"],'
        '"ClientVersion":"pyssm-client/0.1.0"}'
    )

    assert OpenMessage.parse(text) == OpenMessage(token=ONCE, client_version="pyssm-client/0.1.0")


def test_a_name_without_end_is_left_out() -> None:
    text = json.dumps({"TokenValue": "t", "ClientVersion": "1" * 257})

    assert OpenMessage.parse(text).client_version == ""


def test_does_not_print_the_token() -> None:
    assert ONCE not in repr(OpenMessage(token=ONCE))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "no `TokenValue`"),
        ('{"TokenValue":""}', "no `TokenValue`"),
        ('{"TokenValue":1}', "not a text"),
        ("hello", "not JSON"),
        ('{"TokenValue":"' + "t" * 16384 + '"}', "limit is 16384"),
    ],
)
def test_refuses_a_frame_without_a_usable_token(text: str, reason: str) -> None:
    with pytest.raises(RemoteProtocolError, match=reason):
        OpenMessage.parse(text)
