"""Every registered operation refuses who may not: nobody, wrong keys, a user without policies."""

from pathlib import Path

import pytest
from tests.api.door import Door, Keys
from tests.api.protocol.shapes import MODELS
from tests.fakes.world import make_world
from tests.tenants.inputs import REGISTERED, input_of
from tests.tenants.tenant import dump, make_tenant

from mooring.api.operations import OPERATIONS
from mooring.api.registry import Proof

# The one call that an activation's code opens, and the one that AWS grants to everybody.
BY_CODE = ("ssm", "RegisterManagedInstance")
# Its token is its caller.
BY_TOKEN = ("sts", "AssumeRoleWithWebIdentity")
GRANTED = ("sts", "GetCallerIdentity")

SIGNED = [row for row in REGISTERED if row not in {BY_CODE, BY_TOKEN}]

# IAM's own table of codes, by protocol: nobody, unknown key, wrong signature, denied.
CODES = {
    "json": (
        (400, "MissingAuthenticationTokenException"),
        (400, "UnrecognizedClientException"),
        (400, "InvalidSignatureException"),
        (400, "AccessDeniedException"),
    ),
    "query": (
        (403, "MissingAuthenticationToken"),
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (403, "AccessDenied"),
    ),
    "ec2": (
        (401, "AuthFailure"),
        (401, "AuthFailure"),
        (401, "AuthFailure"),
        (403, "UnauthorizedOperation"),
    ),
    "rest-json": (
        (403, "MissingAuthenticationTokenException"),
        (403, "UnrecognizedClientException"),
        (403, "InvalidSignatureException"),
        (403, "AccessDeniedException"),
    ),
}
CODES["rest-xml"] = CODES["rest-json"]


def test_every_registered_operation_has_a_model() -> None:
    lacking = [row for row in REGISTERED if row[1] not in MODELS[row[0]].operation_names]

    assert lacking == []


def test_two_operations_want_no_signature() -> None:
    without = [row for row in REGISTERED if OPERATIONS[row[0]][row[1]].proof is Proof.NONE]

    assert without == [BY_CODE, BY_TOKEN]


@pytest.mark.parametrize(("service", "operation"), SIGNED)
async def test_who_may_not_is_refused_and_changes_nothing(
    tmp_path: Path, service: str, operation: str
) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        tenant = await make_tenant(door)
        powerless = await door.keys(await world.user(tenant.account_id, "powerless"))
        unknown = Keys(access_key_id="AKIA" + "X" * 16, secret="x" * 40)
        wrong = Keys(access_key_id=tenant.keys.access_key_id, secret="x" * 40)
        given = input_of(service, operation, tenant.known)
        before = dump(tmp_path, tenant.account_id)

        answers = [
            await door.call(keys, service, operation, given)
            for keys in (None, unknown, wrong, powerless)
        ]

        found = [(answer.status, answer.code) for answer in answers]
        expected = list(CODES[MODELS[service].protocol])
        if (service, operation) == GRANTED:
            expected[-1] = (200, "")
        assert found == expected
        await world.world.audit.flush()
        after = dump(tmp_path, tenant.account_id)
        assert len(after.pop("audit_events")) == len(before.pop("audit_events")) + 1
        assert after == before
        event = (await world.events(tenant.account_id))[-1]
        assert (event.name, event.error_code) == (operation, expected[-1][1])
        assert event.principal_arn.endswith(":user/powerless")


async def test_registration_without_the_code_changes_nothing_and_leaves_an_event(
    tmp_path: Path,
) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        tenant = await make_tenant(door)
        given = input_of(*BY_CODE, tenant.known)
        before = dump(tmp_path, tenant.account_id)

        answer = await door.call(None, *BY_CODE, given)

        assert (answer.status, answer.code) == (400, "InvalidActivation")
        after = dump(tmp_path, tenant.account_id)
        assert len(after.pop("audit_events")) == len(before.pop("audit_events")) + 1
        assert after == before
        event = (await world.events(tenant.account_id))[-1]
        assert (event.name, event.error_code) == (BY_CODE[1], "InvalidActivation")
        assert event.principal_arn == "anonymous"
