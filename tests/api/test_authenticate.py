"""A machine registers, proves itself with its own key, and works with its role's credentials."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from tests.api.door import Answer, Door, Keys, sign_at, unsigned
from tests.fakes.world import NODE_ROLE, REGION, make_world
from tests.operations.test_registration import KEYS, PUBLIC, signed

from mooring.api.authenticate import origin_of

FINGERPRINT = "11111111-2222-4333-8444-555555555555"


class NodeAuth(SigV4Auth):
    """As amazon-ssm-agent signs: the same text, an RSA signature, the node's id as the key id."""

    key: RSAPrivateKey

    def signature(self, string_to_sign: str, request: AWSRequest) -> str:
        del request
        return signed(self.key, string_to_sign)


@dataclass(frozen=True)
class Machine:
    """A registered machine before the door."""

    door: Door
    account_id: str
    node_id: str

    async def ask(
        self, operation: str, given: Mapping[str, Any], *, key: RSAPrivateKey = KEYS[0]
    ) -> Answer:
        request = unsigned("ssm", operation, given)
        theirs = AWSRequest(
            method="POST",
            url=f"https://{request.headers['host']}/",
            headers=dict(request.headers),
            data=request.body,
        )
        signer = NodeAuth(Credentials(self.node_id, "none"), "ssm", REGION)
        signer.key = key
        sign_at(signer, theirs, self.door.world.clock.now())
        headers = {name.lower(): value for name, value in theirs.headers.items()}
        # The agent sends this one unsigned.
        headers["x-amz-content-sha256"] = "unsigned"
        return await self.door.send(replace(request, headers=headers), "ssm", operation)

    async def role_keys(self) -> Keys:
        answer = await self.ask("RequestManagedInstanceRoleToken", {"Fingerprint": FINGERPRINT})
        assert answer.status == 200, answer.message
        output = answer.output
        return Keys(
            access_key_id=output["AccessKeyId"],
            secret=output["SecretAccessKey"],
            token=output["SessionToken"],
        )


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        keys = await door.keys(await world.administrator(account_id))
        made = await door.call(keys, "ssm", "CreateActivation", {"IamRole": NODE_ROLE})
        given = {
            "ActivationId": made.output["ActivationId"],
            "ActivationCode": made.output["ActivationCode"],
            "PublicKey": PUBLIC[0],
            "PublicKeyType": "Rsa",
            "Fingerprint": FINGERPRINT,
        }
        registered = await door.call(None, "ssm", "RegisterManagedInstance", given)
        assert registered.status == 200, registered.message
        yield Machine(door, account_id, registered.output["InstanceId"])


async def test_its_own_key_gets_it_credentials_that_are_its_role_session(machine: Machine) -> None:
    keys = await machine.role_keys()

    who = await machine.door.call(keys, "sts", "GetCallerIdentity", {})

    role = f"arn:aws:sts::{machine.account_id}:assumed-role/{NODE_ROLE}/{machine.node_id}"
    assert who.output["Arn"] == role


async def test_its_credentials_open_its_own_channel_and_no_other(machine: Machine) -> None:
    keys = await machine.role_keys()
    given = {"MessageSchemaVersion": "1.0", "RequestId": "0" * 36}

    own, other = [
        await machine.door.call(
            keys, "ssmmessages", "CreateControlChannel", {**given, "ChannelId": channel}
        )
        for channel in (machine.node_id, "mi-00000000000000000")
    ]

    assert own.status == 201
    assert b"<TokenValue>" in own.response.body
    assert (other.status, other.code) == (403, "AccessDeniedException")


async def test_another_key_is_refused_as_an_unknown_one(machine: Machine) -> None:
    answer = await machine.ask("RequestManagedInstanceRoleToken", {}, key=KEYS[1])

    assert (answer.status, answer.code) == (400, "UnrecognizedClientException")


async def test_its_own_key_signs_for_nothing_else(machine: Machine) -> None:
    answer = await machine.ask("DescribeInstanceInformation", {})

    assert (answer.status, answer.code) == (400, "UnrecognizedClientException")


async def test_an_old_signature_of_its_key_is_told_the_time(machine: Machine) -> None:
    world = machine.door.world
    now = world.clock.now()
    world.pass_time(minutes=-6)
    request = unsigned("ssm", "RequestManagedInstanceRoleToken", {})
    theirs = AWSRequest(
        method="POST",
        url=f"https://{request.headers['host']}/",
        headers=dict(request.headers),
        data=request.body,
    )
    signer = NodeAuth(Credentials(machine.node_id, "none"), "ssm", REGION)
    signer.key = KEYS[0]
    sign_at(signer, theirs, world.clock.now())
    world.clock.advance(now - world.clock.now())
    headers = {name.lower(): value for name, value in theirs.headers.items()}

    answer = await machine.door.send(
        replace(request, headers=headers), "ssm", "RequestManagedInstanceRoleToken"
    )

    assert answer.code == "InvalidSignatureException"
    assert answer.message.startswith("Signature expired: ")


async def test_the_code_and_the_credentials_are_in_no_event(machine: Machine) -> None:
    keys = await machine.role_keys()

    events = repr(await machine.door.world.events(machine.account_id))

    assert keys.secret not in events
    assert str(keys.token) not in events
    assert "ActivationCode" not in events


def test_the_origin_is_the_sockets_and_the_agent_is_bounded() -> None:
    request = replace(
        unsigned("sts", "GetCallerIdentity", {}),
        headers={"host": "h", "user-agent": "x" * 9999, "x-forwarded-for": "198.51.100.9"},
        peer="192.0.2.1",
        secure=False,
    )

    origin = origin_of(request)

    assert (origin.address, origin.secure, origin.host) == ("192.0.2.1", False, "h")
    assert len(origin.user_agent) == 512
