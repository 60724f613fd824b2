"""An organization, its root and its units: who may ask, what is refused, what is left behind."""

from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.organization import House, make_house

from mooring.operations import organizations
from mooring.operations.call import Call
from mooring.operations.organization_accounts import remove_account
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.organizations import Page, arn_of
from mooring.operations.problems import AccessDenied


@pytest.fixture
async def house(world: FakeWorld) -> House:
    return await make_house(world)


async def refusal(asked: Awaitable[object]) -> OrganizationProblem:
    with pytest.raises(OrganizationRefused) as refused:
        await asked
    return refused.value.kind


async def test_ids_are_in_the_form_that_aws_documents(house: House) -> None:
    assert house.organization.organization_id.startswith("o-")
    assert len(house.organization.organization_id) == 12
    assert house.unit.unit_id.startswith(f"ou-{house.organization.root_id.removeprefix('r-')}-")
    place = await organizations.describe_organization(house.call("DescribeOrganization"))
    assert arn_of(place, house.unit.unit_id) == (
        f"arn:aws:organizations::{house.admin.account_id}:ou/"
        f"{house.organization.organization_id}/{house.unit.unit_id}"
    )


async def test_an_account_is_in_one_organization(house: House) -> None:
    again = organizations.create_organization(house.call("CreateOrganization"))

    assert await refusal(again) is OrganizationProblem.ALREADY_IN_ORGANIZATION


async def test_a_member_is_told_its_organization_and_may_make_none(house: House) -> None:
    inside = await house.world.administrator(house.member_id)

    place = await organizations.describe_organization(
        house.world.call(inside, "organizations:DescribeOrganization")
    )
    making = organizations.create_organization(
        house.world.call(inside, "organizations:CreateOrganization")
    )

    assert place.organization_id == house.organization.organization_id
    assert await refusal(making) is OrganizationProblem.ALREADY_IN_ORGANIZATION


Ask = Callable[[Call], Awaitable[object]]
QUESTIONS: dict[str, Ask] = {
    "ListRoots": organizations.list_roots,
    "CreateOrganizationalUnit": lambda call: organizations.create_unit(
        call, parent_id="r-0000", name="x"
    ),
    "DescribeOrganizationalUnit": lambda call: organizations.describe_unit(call, "ou-0"),
    "UpdateOrganizationalUnit": lambda call: organizations.update_unit(call, "ou-0", name="x"),
    "DeleteOrganizationalUnit": lambda call: organizations.delete_unit(call, "ou-0"),
    "ListOrganizationalUnitsForParent": lambda call: organizations.list_units(
        call, "r-0000", Page()
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_only_the_management_account_may_ask(house: House, name: str) -> None:
    inside = await house.world.administrator(house.member_id)
    alone = await house.world.administrator(await house.world.account())

    of_member = QUESTIONS[name](house.world.call(inside, f"organizations:{name}"))
    of_stranger = QUESTIONS[name](house.world.call(alone, f"organizations:{name}"))

    assert await refusal(of_member) is OrganizationProblem.NOT_MANAGEMENT
    assert await refusal(of_stranger) is OrganizationProblem.NOT_IN_USE


@pytest.mark.parametrize("name", [*QUESTIONS, "CreateOrganization", "DescribeOrganization"])
async def test_policies_are_asked_first(house: House, name: str) -> None:
    more: dict[str, Ask] = {
        "CreateOrganization": organizations.create_organization,
        "DescribeOrganization": organizations.describe_organization,
    }
    user = await house.world.user(house.admin.account_id, "bea", policy("ssm:*"))

    with pytest.raises(AccessDenied, match=f"organizations:{name}"):
        await {**QUESTIONS, **more}[name](house.world.call(user, f"organizations:{name}"))


async def test_a_policy_may_name_one_unit(house: House) -> None:
    arn = f"arn:aws:organizations::*:ou/*/{house.unit.unit_id}"
    user = await house.world.user(house.admin.account_id, "bea", policy("organizations:*", arn))
    call = house.world.call(user, "organizations:DescribeOrganizationalUnit")

    assert await organizations.describe_unit(call, house.unit.unit_id) == house.unit
    with pytest.raises(AccessDenied):
        await organizations.describe_unit(call, "ou-ab12-11111111")


async def test_units_have_names_of_their_own_below_a_parent(house: House) -> None:
    root_id = house.organization.root_id
    call = house.call("CreateOrganizationalUnit")

    same = organizations.create_unit(call, parent_id=root_id, name="Sandbox")
    assert await refusal(same) is OrganizationProblem.DUPLICATE_UNIT

    below = await organizations.create_unit(
        house.call("CreateOrganizationalUnit"), parent_id=house.unit.unit_id, name="Sandbox"
    )
    assert below.parent_id == house.unit.unit_id
    nowhere = organizations.create_unit(call, parent_id="ou-none-00000000", name="x")
    assert await refusal(nowhere) is OrganizationProblem.PARENT_UNKNOWN


async def test_units_are_five_deep_at_most(house: House) -> None:
    parent_id = house.unit.unit_id
    for depth in range(2, 6):
        made = await organizations.create_unit(
            house.call("CreateOrganizationalUnit"), parent_id=parent_id, name=f"{depth}"
        )
        parent_id = made.unit_id

    sixth = organizations.create_unit(
        house.call("CreateOrganizationalUnit"), parent_id=parent_id, name="6"
    )

    assert await refusal(sixth) is OrganizationProblem.CONSTRAINT


async def test_a_unit_gets_another_name(house: House) -> None:
    other = await organizations.create_unit(
        house.call("CreateOrganizationalUnit"),
        parent_id=house.organization.root_id,
        name="Other",
    )
    call = house.call("UpdateOrganizationalUnit")

    changed = await organizations.update_unit(call, other.unit_id, name="Another")
    taken = organizations.update_unit(
        house.call("UpdateOrganizationalUnit"), other.unit_id, name="Sandbox"
    )

    assert changed.name == "Another"
    assert await refusal(taken) is OrganizationProblem.DUPLICATE_UNIT


async def test_only_an_empty_unit_goes(house: House) -> None:
    empty = await organizations.create_unit(
        house.call("CreateOrganizationalUnit"),
        parent_id=house.organization.root_id,
        name="Empty",
    )

    await organizations.delete_unit(house.call("DeleteOrganizationalUnit"), empty.unit_id)
    full = organizations.delete_unit(house.call("DeleteOrganizationalUnit"), house.unit.unit_id)

    assert await refusal(full) is OrganizationProblem.UNIT_NOT_EMPTY
    left, _ = await organizations.list_units(
        house.call("ListOrganizationalUnitsForParent"), house.organization.root_id, Page()
    )
    assert left == (house.unit,)


async def test_lists_go_on_where_a_page_ended(house: House) -> None:
    for number in range(3):
        await organizations.create_unit(
            house.call("CreateOrganizationalUnit"),
            parent_id=house.unit.unit_id,
            name=f"{number}",
        )
    call = house.call("ListOrganizationalUnitsForParent")

    first, has_more = await organizations.list_units(call, house.unit.unit_id, Page(limit=2))
    rest, ends = await organizations.list_units(
        call, house.unit.unit_id, Page(after=first[-1].unit_id, limit=2)
    )

    assert (len(first), has_more, len(rest), ends) == (2, True, 1, False)


async def test_an_organization_goes_when_the_management_account_is_alone(house: House) -> None:
    full = organizations.delete_organization(house.call("DeleteOrganization"))
    assert await refusal(full) is OrganizationProblem.NOT_EMPTY
    stays = remove_account(house.call("RemoveAccountFromOrganization"), house.admin.account_id)
    assert await refusal(stays) is OrganizationProblem.MANAGEMENT_STAYS

    await remove_account(house.call("RemoveAccountFromOrganization"), house.member_id)
    again = remove_account(house.call("RemoveAccountFromOrganization"), house.member_id)
    assert await refusal(again) is OrganizationProblem.ACCOUNT_UNKNOWN
    await organizations.delete_organization(house.call("DeleteOrganization"))

    for account_id in (house.admin.account_id, house.member_id):
        place = await house.world.store.read(account_id, lambda tx: tx.memberships.get())
        assert place is None
    gone = organizations.list_roots(house.call("ListRoots"))
    assert await refusal(gone) is OrganizationProblem.NOT_IN_USE
    await organizations.create_organization(house.call("CreateOrganization"))
