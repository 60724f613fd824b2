"""Service control policies bind members at every level and at once, and never the management."""

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.organization import CONTROLS, House, make_house

from mooring.iam.identity import User
from mooring.iam.organization import FULL_ACCESS_ID
from mooring.operations import organization_policies as policies
from mooring.operations.authorize import Question, ask, require, without_resource
from mooring.operations.problems import AccessDenied
from mooring.operations.service_control import organization_context

DENY = policy("ssm:DescribeSessions", Effect="Deny")


@pytest.fixture
async def house(world: FakeWorld) -> House:
    return await make_house(world)


@pytest.fixture
async def inside(house: House) -> User:
    return await house.world.administrator(house.member_id)


async def may(house: House, user: User, action: str = "ssm:DescribeSessions") -> bool:
    call = house.world.call(user, action)
    return (await ask(call, without_resource(call))).allowed


async def test_full_access_takes_nothing_away(house: House, inside: User) -> None:
    assert await may(house, inside)


@pytest.mark.parametrize("level", ["root", "unit", "account"])
async def test_a_deny_at_any_level_binds_at_once_and_no_longer(
    house: House, inside: User, level: str
) -> None:
    target = {
        "root": house.organization.root_id,
        "unit": house.unit.unit_id,
        "account": house.member_id,
    }[level]

    made = await house.bind(DENY, target)
    denied = not await may(house, inside)
    other = await may(house, inside, "ssm:DescribeInstanceInformation")
    management = await may(house, house.admin)
    await policies.detach_policy(house.call("DetachPolicy"), made.policy_id, target)

    assert denied
    assert other
    assert management
    assert await may(house, inside)


async def test_every_level_must_allow(house: House, inside: User) -> None:
    await house.bind(policy("iam:*"), house.unit.unit_id)
    await policies.detach_policy(house.call("DetachPolicy"), FULL_ACCESS_ID, house.unit.unit_id)

    assert await may(house, inside, "iam:ListUsers")
    assert not await may(house, inside)


async def test_the_message_names_the_service_control_policy(house: House, inside: User) -> None:
    await house.bind(DENY, house.unit.unit_id)
    call = house.world.call(inside, "ssm:DescribeSessions")

    with pytest.raises(AccessDenied, match="with an explicit deny in a service control policy"):
        await require(call, without_resource(call))


async def test_role_sessions_of_a_member_are_bound_too(house: House) -> None:
    role = await house.world.role(house.member_id, "Ops", policy("ssm:*"))
    await house.bind(DENY, house.unit.unit_id)
    call = house.world.call(role, "ssm:DescribeSessions")

    assert not (await ask(call, without_resource(call))).allowed


async def test_switched_off_they_bind_nobody(house: House, inside: User) -> None:
    await house.bind(DENY, house.unit.unit_id)

    await policies.switch_controls(
        house.call("DisablePolicyType"),
        house.organization.root_id,
        kind=CONTROLS,
        enabled=False,
    )

    assert await may(house, inside)


async def test_conditions_see_the_organization(house: House) -> None:
    organization_id = house.organization.organization_id
    path = f"{organization_id}/{house.organization.root_id}/{house.unit.unit_id}/"
    conditions = {
        "StringEquals": {
            "aws:PrincipalOrgID": organization_id,
            "aws:ResourceOrgID": organization_id,
        },
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{path}*"},
    }
    document = policy("ssm:DescribeSessions", Condition=conditions)
    member = await house.world.user(house.member_id, "bea", document)
    stranger = await house.world.user(await house.world.account(), "bea", document)

    assert await may(house, member)
    assert not await may(house, stranger)


async def test_what_is_not_known_of_a_resource_is_not_told(house: House) -> None:
    place = await house.world.store.read(house.member_id, lambda tx: tx.memberships.get())

    own = organization_context(place, resource_account=house.member_id)
    foreign = organization_context(place, resource_account="9" * 12)

    assert "aws:ResourceOrgID" in own
    assert "aws:ResourceOrgID" not in foreign
    assert organization_context(None, resource_account="") == {}


async def test_a_caller_cannot_claim_an_organization(house: House) -> None:
    document = policy(
        "ssm:DescribeSessions", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-claimed"}}
    )
    member = await house.world.user(house.member_id, "bea", document)
    call = house.world.call(member, "ssm:DescribeSessions")
    claim = {"aws:PrincipalOrgID": ("o-claimed",)}

    decision = await ask(call, Question(action=call.action, extra=claim))

    assert not decision.allowed
