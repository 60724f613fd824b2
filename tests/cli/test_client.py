"""Signed calls as any AWS client makes them, and errors in AWS's words."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from tests.net.served import QuietServer, bound

from mooring.cli.account import AccountError, open_account
from mooring.cli.client import MOORING, SSM, ApiError, Client, Unreachable
from mooring.wire.sigv4 import SignedRequest, SigningIdentity, sign_headers

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CONFIG = """
[default]
region = moon-1
[profile work]
region = moon-2
endpoint_url = http://127.0.0.1:1
ca_bundle = /etc/ca.pem
[profile services]
region = moon-3
services = mine
[services mine]
ssm =
  endpoint_url = http://127.0.0.1:3
[profile adrift]
"""
CREDENTIALS = "".join(
    f"[{name}]\naws_access_key_id = AKIA{name.upper()}\naws_secret_access_key = secret\n"
    for name in ("default", "work", "services", "adrift")
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_CA_BUNDLE",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, text in (("config", CONFIG), ("credentials", CREDENTIALS)):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


class Service:
    """Answers every call the same, and remembers."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b'{"Answer": 1}'
        self.headers: list[tuple[bytes, bytes]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []

    async def app(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append((headers, body))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


@asynccontextmanager
async def calling() -> AsyncIterator[tuple[Client, Service]]:
    service = Service()
    config = uvicorn.Config(service.app, interface="asgi3", lifespan="off", log_config=None)
    server = QuietServer(config)
    with bound() as listener:
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            async with Client(open_account(endpoint_url=url), now=lambda: NOW) as client:
                yield client, service
            server.should_exit = True


async def test_a_call_is_signed_for_its_service() -> None:
    async with calling() as (client, service):
        answer = await client.call(MOORING, "GetRecording", {"SessionId": "ann-1"})

    headers, body = service.requests[0]
    covered = {name: headers[name] for name in ("host", "content-type", "x-amz-target")}
    expected = sign_headers(
        SignedRequest(method="POST", path="/", headers=covered, body=body),
        SigningIdentity(
            access_key_id="AKIADEFAULT", secret_access_key="secret",  # noqa: S106
            region="moon-1", service="mooring",
        ),
        NOW,
    )  # fmt: skip
    assert answer == {"Answer": 1}
    assert headers["x-amz-target"] == "Mooring_20261124.GetRecording"
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["authorization"] == expected["authorization"]
    assert json.loads(body) == {"SessionId": "ann-1"}


@pytest.mark.parametrize(
    "kind", ["AccessDeniedException", "com.amazonaws.ssm#AccessDeniedException"]
)
@pytest.mark.parametrize("key", ["message", "Message"])
async def test_a_refusal_keeps_code_and_words(kind: str, key: str) -> None:
    async with calling() as (client, service):
        service.status = 400
        service.body = json.dumps({"__type": kind, key: "not you"}).encode()
        with pytest.raises(ApiError) as caught:
            await client.call(SSM, "StartSession", {})

    assert caught.value.code == "AccessDeniedException"
    assert str(caught.value) == (
        "An error occurred (AccessDeniedException) when calling the StartSession operation: not you"
    )


async def test_a_refusal_without_a_body_has_its_status() -> None:
    async with calling() as (client, service):
        service.status, service.body = 502, b"<html>"
        with pytest.raises(ApiError, match="status 502"):
            await client.call(SSM, "StartSession", {})


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"x"'])
async def test_an_answer_that_is_none_is_told(body: bytes) -> None:
    async with calling() as (client, service):
        service.body = body
        with pytest.raises(Unreachable, match="expected"):
            await client.call(SSM, "StartSession", {})


async def test_a_server_that_is_away_is_told() -> None:
    async with Client(open_account(endpoint_url="http://127.0.0.1:1"), now=lambda: NOW) as client:
        with pytest.raises(Unreachable, match="cannot reach"):
            await client.call(SSM, "StartSession", {})


def test_an_endpoint_that_is_none_is_told() -> None:
    with pytest.raises(Unreachable, match="expected an http"):
        Client(open_account(endpoint_url="ftp://x"), now=lambda: NOW)


@pytest.mark.parametrize(
    ("profile", "endpoint_url", "region", "ca_file"),
    [
        ("", "https://ssm.moon-1.amazonaws.com", "moon-1", ""),
        ("work", "http://127.0.0.1:1", "moon-2", "/etc/ca.pem"),
        ("services", "http://127.0.0.1:3", "moon-3", ""),
    ],
)
def test_the_profile_says_where(
    profile: str, endpoint_url: str, region: str, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    account = open_account(profile=profile)

    assert (account.endpoint_url, account.region, account.ca_file) == (
        endpoint_url, region, ca_file
    )  # fmt: skip


def test_the_environment_names_the_profile_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")

    assert open_account().key().access_key_id == "AKIAWORK"


def test_what_is_said_counts_more_than_the_profile() -> None:
    account = open_account(profile="work", region="sun-1", endpoint_url="http://127.0.0.1:9")

    assert (account.region, account.endpoint_url) == ("sun-1", "http://127.0.0.1:9")


def test_a_secret_does_not_print() -> None:
    assert "secret" not in repr(open_account().key()).replace("secret_access_key", "")


@pytest.mark.parametrize(("profile", "text"), [("nobody", "nobody"), ("adrift", "no region")])
def test_what_is_missing_is_named(profile: str, text: str) -> None:
    with pytest.raises(AccountError, match=text):
        open_account(profile=profile)


def test_missing_credentials_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(AccountError, match="unable to locate credentials"):
        open_account()
