"""Endpoints and refusals as values; calls are tested with the credentials and the link."""

import pytest
from tests.agent.fake_server import fake_server, fixed_world
from tests.agent.nodes import NODE_ID, api

from mooring.agent.api import ApiRefused, ChannelKind, Endpoint, retry_after_s, unsigned
from mooring.wire.errors import RemoteProtocolError


def test_ssm_of_a_domain_has_its_messages_beside_it() -> None:
    endpoint = Endpoint.parse("https://ssm.eu-west-9.mooring.test:8443/")

    assert endpoint.url == "https://ssm.eu-west-9.mooring.test:8443"
    assert endpoint.websocket_url(ChannelKind.CONTROL, "mi-1") == (
        "wss://ssmmessages.eu-west-9.mooring.test:8443/v1/control-channel/mi-1"
        "?role=subscribe&stream=input"
    )


def test_another_host_serves_both() -> None:
    endpoint = Endpoint.parse("http://127.0.0.1:8022")

    assert endpoint.websocket_url(ChannelKind.DATA, "a/b") == (
        "ws://127.0.0.1:8022/v1/data-channel/a%2Fb?role=publish_subscribe"
    )


@pytest.mark.parametrize(
    "url", ["", "mooring.test", "ftp://x", "https://", "https://x/y", "https://u@x", "https://x?y"]
)
def test_refuses_what_is_no_endpoint(url: str) -> None:
    with pytest.raises(ValueError, match="expected an"):
        Endpoint.parse(url)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1500", 1.5), ("0", 0.0), ("", None), ("soon", None), ("-1", None), ("9" * 12, 86400.0)],
)
def test_reads_how_long_to_wait(text: str, seconds: float | None) -> None:
    assert retry_after_s({"x-mooring-retry-after-ms": text}) == seconds


async def test_a_refusal_carries_code_and_message() -> None:
    async with fake_server() as server:
        server.answers["RegisterManagedInstance"] = lambda _: (
            400,
            {"__type": "com.amazonaws.ssm#InvalidActivation", "message": "used up"},
        )

        with pytest.raises(ApiRefused) as caught:
            await api(server.url, fixed_world()).call("RegisterManagedInstance", {}, unsigned)

    assert (caught.value.code, caught.value.message) == ("InvalidActivation", "used up")


async def test_a_refusal_in_another_form_is_shown_as_it_is() -> None:
    async with fake_server() as server:
        server.channel_answers.append((502, b"<html>bad gateway</html>", {}))

        with pytest.raises(ApiRefused, match="http status 502: <html>bad gateway"):
            await api(server.url, fixed_world()).channel_token(
                ChannelKind.CONTROL, NODE_ID, unsigned
            )


async def test_an_answer_of_200_to_a_channel_call_is_no_token() -> None:
    async with fake_server() as server:
        server.channel_answers.append((200, b"<TokenValue>x</TokenValue>", {}))

        with pytest.raises(ApiRefused):
            await api(server.url, fixed_world()).channel_token(
                ChannelKind.CONTROL, NODE_ID, unsigned
            )


async def test_an_answer_without_a_token_is_refused() -> None:
    async with fake_server() as server:
        server.channel_answers.append((201, b"<R/>", {}))

        with pytest.raises(RemoteProtocolError, match="TokenValue"):
            await api(server.url, fixed_world()).channel_token(
                ChannelKind.CONTROL, NODE_ID, unsigned
            )
