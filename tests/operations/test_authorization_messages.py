"""A denial's encoded message says what was asked, to its own account only."""

import json
from typing import Any

import pytest
from tests.fakes.world import FakeWorld, policy

from mooring.iam.identity import User
from mooring.operations.authorization_messages import decoded
from mooring.operations.authorize import Question, require
from mooring.operations.problems import AccessDenied, OperationRefused, Problem

NODE = "arn:aws:ec2:ap-northeast-1:{}:instance/i-0abc"
WORDS = ". Encoded authorization failure message: "


async def denied(world: FakeWorld, user: User) -> tuple[str, str]:
    """Return the plain part and the encoded part of a denial."""
    call = world.call(user, "ec2:GetPasswordData")
    with pytest.raises(AccessDenied) as refused:
        await require(call, Question(action=call.action, resources=(NODE.format(user.account_id),)))
    plain, _, code = refused.value.message.partition(WORDS)
    return plain, code


async def test_a_denied_write_of_ec2_tells_all_to_who_may_decode_it(world: FakeWorld) -> None:
    ann = await world.user(await world.account(), "ann", policy("ec2:*", Effect="Deny", Sid="No"))

    plain, code = await denied(world, ann)

    told: dict[str, Any] = json.loads(decoded(world.world, ann.account_id, code))
    arn = NODE.format(ann.account_id)
    assert plain.endswith(f"on resource: {arn} with an explicit deny in an identity-based policy")
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    context = told["context"]
    assert context["principal"] == {"id": ann.user_id, "name": "ann", "arn": ann.arn}
    assert (context["action"], context["resource"]) == ("ec2:GetPasswordData", arn)
    keys = {row["key"]: row["values"]["items"] for row in context["conditions"]["items"]}
    assert keys["aws:SourceIp"] == [{"value": "192.0.2.7"}]
    statement = told["matchedStatements"]["items"][0]
    assert (statement["statementId"], statement["effect"]) == ("No", "DENY")
    assert told["failures"] == {"items": []}


async def test_no_other_account_and_no_other_text_is_decoded(world: FakeWorld) -> None:
    ann = await world.user(await world.account(), "ann")
    other = await world.account()
    _, code = await denied(world, ann)
    changed = code[:-8] + ("B" if code[-8] == "A" else "A") + code[-7:]

    for account_id, text in (
        (other, code),
        (ann.account_id, changed),
        (ann.account_id, ""),
        (ann.account_id, "é"),
    ):
        with pytest.raises(OperationRefused) as refused:
            decoded(world.world, account_id, text)
        assert refused.value.problem is Problem.INVALID_AUTHORIZATION_MESSAGE


async def test_it_fits_into_the_call_that_decodes_it(world: FakeWorld) -> None:
    ann = await world.user(
        await world.account(), "ann", tags={f"key-{n}": f"value-{n}" * 20 for n in range(50)}
    )

    _, code = await denied(world, ann)

    assert len(code) <= 10_240
