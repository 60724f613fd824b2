"""Service control policies: written rightly, attached within limits, switched on and off."""

from collections.abc import Awaitable

import pytest
from tests.fakes.world import FakeWorld, policy
from tests.operations.organization import CONTROLS, House, make_house

from mooring.iam.organization import FULL_ACCESS, FULL_ACCESS_ID
from mooring.operations import organization_policies as policies
from mooring.operations.organization_policies import NewPolicy
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.organizations import Page

ANYTHING = policy("*")


@pytest.fixture
async def house(world: FakeWorld) -> House:
    return await make_house(world)


async def refusal(asked: Awaitable[object]) -> tuple[OrganizationProblem, str]:
    with pytest.raises(OrganizationRefused) as refused:
        await asked
    return refused.value.kind, refused.value.reason


async def make(house: House, document: str = ANYTHING, name: str = "One") -> str:
    made = await policies.create_policy(
        house.call("CreatePolicy"), NewPolicy(name=name, document=document), kind=CONTROLS
    )
    return made.policy_id


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{", (OrganizationProblem.MALFORMED_POLICY, "")),
        (policy("NoVendor"), (OrganizationProblem.MALFORMED_POLICY, "")),
        (
            policy("ssm:*", Sid="a" * 5120),
            (OrganizationProblem.CONSTRAINT, "POLICY_CONTENT_LIMIT_EXCEEDED"),
        ),
    ],
)
async def test_a_document_is_checked_when_it_is_written(
    house: House, document: str, expected: tuple[OrganizationProblem, str]
) -> None:
    policy_id = await make(house)

    made = policies.create_policy(
        house.call("CreatePolicy"), NewPolicy(name="Two", document=document), kind=CONTROLS
    )
    changed = policies.update_policy(
        house.call("UpdatePolicy"), policy_id, NewPolicy(document=document)
    )

    assert await refusal(made) == expected
    assert await refusal(changed) == expected


async def test_names_are_taken_once(house: House) -> None:
    await make(house)
    two = await make(house, name="Two")

    same = policies.create_policy(
        house.call("CreatePolicy"), NewPolicy(name="One", document=ANYTHING), kind=CONTROLS
    )
    renamed = policies.update_policy(house.call("UpdatePolicy"), two, NewPolicy(name="One"))

    assert await refusal(same) == (OrganizationProblem.DUPLICATE_POLICY, "")
    assert await refusal(renamed) == (OrganizationProblem.DUPLICATE_POLICY, "")


async def test_an_update_changes_what_it_names(house: House) -> None:
    policy_id = await make(house)

    changed = await policies.update_policy(
        house.call("UpdatePolicy"), policy_id, NewPolicy(description="for a reason")
    )

    assert (changed.name, changed.description) == ("One", "for a reason")
    found = await policies.describe_policy(house.call("DescribePolicy"), policy_id)
    assert found == changed
    assert found.document == ANYTHING


async def test_full_access_is_everybodys_and_nobody_changes_it(house: House) -> None:
    immutable = (OrganizationProblem.INVALID_INPUT, "IMMUTABLE_POLICY")
    changed = policies.update_policy(
        house.call("UpdatePolicy"), FULL_ACCESS_ID, NewPolicy(name="x")
    )
    deleted = policies.delete_policy(house.call("DeletePolicy"), FULL_ACCESS_ID)

    found = await policies.describe_policy(house.call("DescribePolicy"), FULL_ACCESS_ID)

    assert found == FULL_ACCESS
    assert await refusal(changed) == immutable
    assert await refusal(deleted) == immutable


async def test_only_a_policy_that_is_attached_to_nothing_goes(house: House) -> None:
    policy_id = await make(house)
    await policies.attach_policy(house.call("AttachPolicy"), policy_id, house.unit.unit_id)
    deleted = policies.delete_policy(house.call("DeletePolicy"), policy_id)
    assert await refusal(deleted) == (OrganizationProblem.POLICY_IN_USE, "")

    await policies.detach_policy(house.call("DetachPolicy"), policy_id, house.unit.unit_id)
    await policies.delete_policy(house.call("DeletePolicy"), policy_id)

    gone = policies.describe_policy(house.call("DescribePolicy"), policy_id)
    assert await refusal(gone) == (OrganizationProblem.POLICY_UNKNOWN, "")


async def test_attachments_have_limits_both_ways(house: House) -> None:
    unit_id = house.unit.unit_id
    made = [await make(house, name=f"{number}") for number in range(4)]
    for policy_id in made:
        await policies.attach_policy(house.call("AttachPolicy"), policy_id, unit_id)

    twice = policies.attach_policy(house.call("AttachPolicy"), made[0], unit_id)
    assert await refusal(twice) == (OrganizationProblem.DUPLICATE_ATTACHMENT, "")
    sixth_id = await make(house, name="six")
    sixth = policies.attach_policy(house.call("AttachPolicy"), sixth_id, unit_id)
    assert await refusal(sixth) == (
        OrganizationProblem.CONSTRAINT,
        "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )
    unattached = policies.detach_policy(house.call("DetachPolicy"), sixth_id, unit_id)
    assert await refusal(unattached) == (OrganizationProblem.NOT_ATTACHED, "")
    last = policies.detach_policy(
        house.call("DetachPolicy"), FULL_ACCESS_ID, house.organization.root_id
    )
    assert await refusal(last) == (
        OrganizationProblem.CONSTRAINT,
        "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )
    nowhere = policies.attach_policy(house.call("AttachPolicy"), made[0], "9" * 12)
    assert await refusal(nowhere) == (OrganizationProblem.TARGET_UNKNOWN, "")


async def test_both_lists_tell_what_is_attached(house: House) -> None:
    made = await house.bind(policy("ssm:*"), house.member_id)

    of_target = await policies.list_policies_of(
        house.call("ListPoliciesForTarget"), house.member_id, kind=CONTROLS
    )
    targets, _ = await policies.list_targets(
        house.call("ListTargetsForPolicy"), FULL_ACCESS_ID, Page()
    )
    everything, _ = await policies.list_policies(house.call("ListPolicies"), Page(), kind=CONTROLS)

    assert of_target == (FULL_ACCESS, made) or of_target == (made, FULL_ACCESS)
    assert {target.target_id for target in targets} == {
        house.organization.root_id,
        house.unit.unit_id,
        house.member_id,
        house.admin.account_id,
    }
    assert {target.name for target in targets} == {"Root", "Sandbox", "member", "management"}
    assert everything == (FULL_ACCESS, made)


async def test_switching_off_detaches_and_on_allows_everything(house: House) -> None:
    root_id = house.organization.root_id
    policy_id = (await house.bind(policy("ssm:*"), house.unit.unit_id)).policy_id

    already = policies.switch_controls(
        house.call("EnablePolicyType"), root_id, kind=CONTROLS, enabled=True
    )
    assert await refusal(already) == (OrganizationProblem.TYPE_ENABLED, "")
    await policies.switch_controls(
        house.call("DisablePolicyType"), root_id, kind=CONTROLS, enabled=False
    )
    attached = policies.attach_policy(house.call("AttachPolicy"), policy_id, house.unit.unit_id)
    assert await refusal(attached) == (OrganizationProblem.TYPE_NOT_ENABLED, "")
    await policies.switch_controls(
        house.call("EnablePolicyType"), root_id, kind=CONTROLS, enabled=True
    )

    levels = await house.world.store.read(house.member_id, lambda tx: tx.memberships.levels())
    assert [[name for name, _ in level] for level in levels] == [[FULL_ACCESS_ID]] * 3


async def test_there_is_one_kind_and_one_root(house: House) -> None:
    root_id = house.organization.root_id
    call = house.call("EnablePolicyType")

    other_kind = policies.switch_controls(call, root_id, kind="TAG_POLICY", enabled=True)
    other_root = policies.switch_controls(call, "r-none", kind=CONTROLS, enabled=False)
    made = policies.create_policy(
        house.call("CreatePolicy"), NewPolicy(name="x", document="{}"), kind="TAG_POLICY"
    )

    assert await refusal(other_kind) == (OrganizationProblem.TYPE_NOT_AVAILABLE, "")
    assert await refusal(other_root) == (OrganizationProblem.ROOT_UNKNOWN, "")
    assert await refusal(made) == (OrganizationProblem.TYPE_NOT_AVAILABLE, "")
    listed = await policies.list_policies(house.call("ListPolicies"), Page(), kind="TAG_POLICY")
    assert listed == ((), False)
