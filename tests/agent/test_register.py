"""Registration: what is sent, what is kept, and what a failure leaves untouched."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.fake_server import FakeServer, fake_server, fixed_world
from tests.agent.nodes import NODE_ID, registered
from tests.net.served import certified

from mooring.agent.api import ApiRefused, Endpoint
from mooring.agent.identity import load_registration, public_key
from mooring.agent.register import AlreadyRegistered, RegisterRequest, register
from mooring.agent.state import StateDir
from mooring.net.http import HttpError
from mooring.net.tls import TlsError
from mooring.secret import Secret

CODE = "a code of twenty letters"


def request(url: str) -> RegisterRequest:
    return RegisterRequest(
        endpoint=Endpoint.parse(url),
        activation_id="0f4cd1a2-4d0a-4e7c-8bb8-aaaaaaaaaaaa",
        activation_code=Secret(CODE),
    )


def taking(server: FakeServer) -> FakeServer:
    server.answers["RegisterManagedInstance"] = lambda _: (200, {"InstanceId": NODE_ID})
    return server


async def test_sends_the_code_and_a_new_key_unsigned(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    async with fake_server() as server:
        made = await register(request(taking(server).url), state, fixed_world())

        call = server.calls[0]
        assert "authorization" not in call.headers
        assert call.fields == {
            "ActivationCode": CODE,
            "ActivationId": "0f4cd1a2-4d0a-4e7c-8bb8-aaaaaaaaaaaa",
            "PublicKey": public_key(made.private_key),
            "PublicKeyType": "Rsa",
            "Fingerprint": made.fingerprint,
        }
        assert load_registration(state) == made
        assert made.endpoint == server.url


async def test_a_second_registration_needs_force(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, taking(server).url)
        before = load_registration(state)

        with pytest.raises(AlreadyRegistered, match=NODE_ID):
            await register(request(server.url), state, fixed_world())
        made = await register(replace(request(server.url), force=True), state, fixed_world())

        assert made.private_key != before.private_key
        assert len(server.calls) == 1


async def test_a_refusal_leaves_the_old_registration_whole(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        before = load_registration(state)
        server.answers["RegisterManagedInstance"] = lambda _: (
            400,
            {"__type": "InvalidActivation"},
        )

        with pytest.raises(ApiRefused):
            await register(replace(request(server.url), force=True), state, fixed_world())

        assert load_registration(state) == before
        assert [path.name for path in state.path.glob("ca*")] == []


@pytest.mark.parametrize(
    ("given", "answered", "region"),
    [("eu-x-1", "eu-y-1", "eu-x-1"), ("", "eu-y-1", "eu-y-1"), ("", None, "us-east-1")],
)
async def test_takes_the_region_that_is_said_first(
    tmp_path: Path, given: str, answered: str | None, region: str
) -> None:
    async with fake_server() as server:
        server.answers["RegisterManagedInstance"] = lambda _: (
            200,
            {"InstanceId": NODE_ID, "Region": answered},
        )

        made = await register(
            replace(request(server.url), region=given), StateDir(tmp_path), fixed_world()
        )

        assert made.region == region


async def test_a_fingerprint_of_another_authority_sends_nothing(tmp_path: Path) -> None:
    certified(tmp_path)
    wrong = replace(
        request("https://127.0.0.1:1"),
        ca_file=tmp_path / "ca.pem",
        ca_fingerprint="sha256:" + "0" * 64,
    )

    with pytest.raises(TlsError, match="expected the certificate"):
        await register(wrong, StateDir(tmp_path / "state"), fixed_world())


async def test_a_server_that_is_not_there_costs_nothing(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")

    with pytest.raises(HttpError):
        await register(request("http://127.0.0.1:1"), state, fixed_world())

    assert list(state.path.iterdir()) == [state.sessions]
