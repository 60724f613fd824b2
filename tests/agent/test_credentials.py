"""Credentials and the rotation of the key, at each step where the power may fail."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.agent.fake_server import NOW, ROLE_TOKEN, Call, FakeServer, fake_server, fixed_world
from tests.agent.nodes import NODE_ID, api, key, registered, registration

from mooring.agent.api import ApiRefused
from mooring.agent.credentials import CredentialSource
from mooring.agent.identity import load_registration, public_key, save_registration
from mooring.agent.state import StateDir
from mooring.secret import Secret
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.sigv4 import SignedRequest, canonical_request, string_to_sign
from mooring.wire.sigv4_verify import parse_credential

REFUSED: tuple[int, Mapping[str, Any]] = (
    400,
    {"__type": "InvalidSignatureException", "message": "no"},
)


def is_signed_with(call: Call, private_key: Secret) -> bool:
    """Check a call as a server does, from what the protocol page says."""
    request = SignedRequest(method="POST", path="/", headers=call.headers, body=call.raw)
    credential = parse_credential(request)
    text = string_to_sign(credential, canonical_request(request, credential))
    public = load_der_public_key(base64.b64decode(public_key(private_key)))
    assert isinstance(public, rsa.RSAPublicKey)
    scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    try:
        public.verify(base64.b64decode(credential.signature), text.encode(), scheme, SHA256())
    except InvalidSignature:
        return False
    return True


def source(
    server: FakeServer, state: StateDir, *, now: float = NOW, rotates_key: bool = True
) -> CredentialSource:
    client = api(server.url, fixed_world(now=now))
    return CredentialSource(client, state, rotates_key=rotates_key)


async def test_asks_with_the_nodes_key_and_id(tmp_path: Path) -> None:
    async with fake_server() as server:
        await source(server, registered(tmp_path, server.url)).renew()

        call = server.named("RequestManagedInstanceRoleToken")[0]
        assert call.fields == {"Fingerprint": "finger"}
        assert f"Credential={NODE_ID}/" in call.headers["authorization"]
        assert is_signed_with(call, key(0))


async def test_one_token_serves_many_calls_and_processes(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        await source(server, state).signer("ssm")

        await source(server, state, rotates_key=False).signer("ssmmessages")

        assert len(server.calls) == 1


async def test_keeps_credentials_where_only_the_owner_can_read(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        await source(server, state).renew()

        file = state.path / "credentials.json"
        assert file.stat().st_mode & 0o777 == 0o600
        assert state.path.stat().st_mode & 0o777 == 0o700


async def test_renews_at_half_of_the_life(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        first = await source(server, state).keep_fresh()
        early = await source(server, state, now=NOW + 1799).keep_fresh()
        await source(server, state, now=NOW + 1801).keep_fresh()

        assert first == 1800
        assert early == 1
        assert len(server.calls) == 2


async def test_a_session_process_renews_what_is_stale_by_itself(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        await source(server, state).renew()
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: (
            200,
            ROLE_TOKEN | {"TokenExpirationDate": NOW + 9000},
        )

        await source(server, state, now=NOW + 3590, rotates_key=False).signer("ssmmessages")

        assert len(server.calls) == 2


async def test_rotates_the_key_when_told(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        server.answers["RequestManagedInstanceRoleToken"] = lambda call: (
            200,
            ROLE_TOKEN | {"UpdateKeyPair": is_signed_with(call, key(0))},
        )

        await source(server, state).renew()

        update = server.named("UpdateManagedInstancePublicKey")[0]
        after = load_registration(state)
        assert is_signed_with(update, key(0))
        assert update.fields["NewPublicKey"] == public_key(after.private_key)
        assert update.fields["NewPublicKeyType"] == "Rsa"
        assert after.private_key != key(0)
        assert after.next_private_key is None
        assert is_signed_with(server.calls[-1], after.private_key)


async def test_a_session_process_never_rotates(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        answer = ROLE_TOKEN | {"UpdateKeyPair": True}
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: (200, answer)

        await source(server, state, rotates_key=False).renew()

        assert server.named("UpdateManagedInstancePublicKey") == []


async def test_a_crash_after_the_server_was_told_goes_on_with_the_new_key(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        save_registration(state, replace(registration(server.url), next_private_key=key(1)))

        await source(server, state).renew()

        after = load_registration(state)
        assert (after.private_key, after.next_private_key) == (key(1), None)
        assert len(server.calls) == 1


async def test_a_crash_before_the_server_was_told_tells_it_now(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        save_registration(state, replace(registration(server.url), next_private_key=key(1)))

        def answer(call: Call) -> tuple[int, Mapping[str, Any]]:
            told = bool(server.named("UpdateManagedInstancePublicKey"))
            return (200, ROLE_TOKEN) if told or is_signed_with(call, key(0)) else REFUSED

        server.answers["RequestManagedInstanceRoleToken"] = answer

        await source(server, state).renew()

        after = load_registration(state)
        assert (after.private_key, after.next_private_key) == (key(1), None)


async def test_keeps_both_keys_when_the_server_does_not_take_the_new_one(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        answer = ROLE_TOKEN | {"UpdateKeyPair": True}
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: (200, answer)
        server.answers["UpdateManagedInstancePublicKey"] = lambda _: (500, {"__type": "Internal"})

        await source(server, state).renew()

        after = load_registration(state)
        assert after.private_key == key(0)
        assert after.next_private_key is not None


async def test_a_refusal_of_every_key_is_the_first_refusal(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: REFUSED

        with pytest.raises(ApiRefused, match="InvalidSignatureException"):
            await source(server, state).renew()


@pytest.mark.parametrize("expiry", [None, "soon", True, NOW - 1, NOW + 10**9])
async def test_refuses_a_token_with_a_senseless_end(tmp_path: Path, expiry: object) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        answer = ROLE_TOKEN | {"TokenExpirationDate": expiry}
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: (200, answer)

        with pytest.raises(RemoteProtocolError, match="TokenExpirationDate"):
            await source(server, state).renew()


async def test_a_damaged_file_is_no_file(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        state.write("credentials.json", json.dumps({"AccessKeyId": "A"}).encode())

        await source(server, state).signer("ssm")

        assert len(server.calls) == 1
