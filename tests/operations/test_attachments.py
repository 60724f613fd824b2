"""Policies: checked when written, limited as IAM limits them, in its words."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind, Group, User
from mooring.operations.attachments import (
    attach,
    delete_inline,
    detach,
    get_inline,
    list_attached,
    list_inline,
    put_inline,
)
from mooring.operations.authorize import ask, without_resource
from mooring.operations.managed_policies import NewPolicy, create_policy
from mooring.operations.problems import AccessDenied, OperationRefused, Problem

USER = EntityKind.USER


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    admin = await world.administrator(await world.account())
    await world.user(admin.account_id, "Ann")
    return admin


async def put(world: FakeWorld, admin: User, name: str, document: str) -> None:
    call = world.call(admin, "iam:PutUserPolicy")
    await put_inline(call, USER, "ann", policy_name=name, document=document)


async def make(
    world: FakeWorld, admin: User, name: str, *, document: str = "", path: str = "/"
) -> str:
    view = await create_policy(
        world.call(admin, "iam:CreatePolicy"),
        NewPolicy(name=name, path=path, document=document or policy("ssm:StartSession"), tags={}),
    )
    return view.policy.arn


def sized(size: int) -> str:
    """Return a policy of so many characters that count."""
    short = policy("ssm:a").replace(" ", "")
    return short.replace("ssm:a", "ssm:" + "a" * (size - len(short) + 1))


async def test_an_inline_policy_is_kept_word_for_word(world: FakeWorld, admin: User) -> None:
    document = policy("ssm:StartSession") + "\n"

    await put(world, admin, "Mine", document)

    call = world.call(admin, "iam:GetUserPolicy")
    assert await get_inline(call, USER, "ANN", policy_name="mine") == ("Mine", document)
    assert await list_inline(call, USER, "ann") == (("Mine",), False)


async def test_it_counts_at_once(world: FakeWorld, admin: User) -> None:
    ann = await world.store.read(admin.account_id, lambda tx: tx.identities.user("ann"))
    assert ann is not None
    call = world.call(ann, "ssm:DescribeSessions")

    before = await ask(call, without_resource(call))
    await put(world, admin, "p", policy("ssm:DescribeSessions"))
    after = await ask(call, without_resource(call))

    assert (before.allowed, after.allowed) == (False, True)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", "Syntax errors in policy."),
        ('{"Version":"2012-10-17","Statement":[]}', "Syntax errors in policy."),
        (policy("*", Principal="*"), "Policy document should not specify a principal."),
        (policy("nonsense"), "Actions/Conditions must be prefaced by a vendor"),
    ],
)
async def test_a_malformed_policy_is_refused_and_not_kept(
    world: FakeWorld, admin: User, document: str, text: str
) -> None:
    with pytest.raises(OperationRefused) as refused:
        await put(world, admin, "p", document)

    assert refused.value.problem is Problem.MALFORMED_POLICY
    assert text in refused.value.message
    assert await list_inline(world.call(admin, "iam:ListUserPolicies"), USER, "ann") == ((), False)


async def test_inline_policies_of_a_user_hold_2048_characters_together(
    world: FakeWorld, admin: User
) -> None:
    await put(world, admin, "a", sized(1000))
    await put(world, admin, "b", sized(1048))

    with pytest.raises(OperationRefused) as refused:
        await put(world, admin, "c", sized(100))
    await put(world, admin, "A", sized(1000))

    assert refused.value.problem is Problem.LIMIT_EXCEEDED
    assert refused.value.message == "Maximum policy size of 2048 bytes exceeded for user Ann"


async def test_white_space_does_not_count(world: FakeWorld, admin: User) -> None:
    await put(world, admin, "a", sized(2048).replace(",", ",\n" + " " * 500))

    call = world.call(admin, "iam:ListUserPolicies")
    assert await list_inline(call, USER, "ann") == (("a",), False)


async def test_an_inline_policy_goes_once(world: FakeWorld, admin: User) -> None:
    await put(world, admin, "p", policy("ssm:*"))
    call = world.call(admin, "iam:DeleteUserPolicy")

    await delete_inline(call, USER, "ann", policy_name="p")
    with pytest.raises(OperationRefused) as refused:
        await delete_inline(call, USER, "ann", policy_name="p")

    assert refused.value.message == "The user policy with name p cannot be found."
    with pytest.raises(OperationRefused, match="policy with name p cannot be found"):
        await get_inline(world.call(admin, "iam:GetUserPolicy"), USER, "ann", policy_name="p")


async def test_a_missing_user_or_role_is_told(world: FakeWorld, admin: User) -> None:
    for kind in EntityKind:
        with pytest.raises(OperationRefused) as refused:
            await list_inline(world.call(admin, "iam:ListUserPolicies"), kind, "ghost")
        assert refused.value.message == f"The {kind} with name ghost cannot be found."


async def test_attaching_twice_is_once_and_detaching_twice_is_an_error(
    world: FakeWorld, admin: User
) -> None:
    for _ in range(2):
        call = world.call(admin, "iam:AttachUserPolicy")
        await attach(call, USER, "ann", ADMINISTRATOR)
    listed, _ = await list_attached(world.call(admin, "iam:ListAttachedUserPolicies"), USER, "ann")
    await detach(world.call(admin, "iam:DetachUserPolicy"), USER, "ann", ADMINISTRATOR)

    with pytest.raises(OperationRefused) as refused:
        await detach(world.call(admin, "iam:DetachUserPolicy"), USER, "ann", ADMINISTRATOR)

    assert [policy.arn for policy in listed] == [ADMINISTRATOR]
    assert refused.value.message == f"Policy {ADMINISTRATOR} was not found."


async def test_ten_managed_policies_are_the_most(world: FakeWorld, admin: User) -> None:
    arns = [await make(world, admin, f"P{number}") for number in range(11)]
    for arn in arns[:10]:
        await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arn)

    with pytest.raises(OperationRefused) as refused:
        await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arns[10])
    await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arns[0])

    assert refused.value.problem is Problem.LIMIT_EXCEEDED
    assert refused.value.message == "Cannot exceed quota for PoliciesPerUser: 10"


async def test_attached_policies_are_listed_in_pages_below_a_path(
    world: FakeWorld, admin: User
) -> None:
    for number in range(3):
        arn = await make(world, admin, f"P{number}", path="/ops/")
        await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arn)
    await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", ADMINISTRATOR)
    call = world.call(admin, "iam:ListAttachedUserPolicies")

    first, more = await list_attached(call, USER, "ann", path_prefix="/ops/", limit=2)
    rest, end = await list_attached(
        call, USER, "ann", path_prefix="/ops/", after=first[-1].policy_id, limit=2
    )

    assert {policy.name for policy in (*first, *rest)} == {"P0", "P1", "P2"}
    assert (more, end) == (True, False)


async def test_inline_names_are_listed_in_pages(world: FakeWorld, admin: User) -> None:
    for name in ("c", "A", "b"):
        await put(world, admin, name, policy("ssm:*"))
    call = world.call(admin, "iam:ListUserPolicies")

    first, more = await list_inline(call, USER, "ann", limit=2)
    rest, end = await list_inline(call, USER, "ann", after=first[-1], limit=2)

    assert (*first, *rest) == ("A", "b", "c")
    assert (more, end) == (True, False)


@pytest.mark.parametrize(("kind", "most"), [(EntityKind.GROUP, 5120), (EntityKind.ROLE, 10240)])
async def test_groups_and_roles_hold_more(
    world: FakeWorld, admin: User, kind: EntityKind, most: int
) -> None:
    await world.role(admin.account_id, "Ops")
    group = Group(
        account_id=admin.account_id, name="Ops", group_id="AGPA", created_at=world.clock.now()
    )
    await world.store.write(admin.account_id, lambda tx: tx.groups.put(group))
    call = world.call(admin, f"iam:Put{kind.capitalize()}Policy")
    await put_inline(call, kind, "ops", policy_name="a", document=sized(most - 1000))

    with pytest.raises(OperationRefused) as refused:
        await put_inline(call, kind, "ops", policy_name="b", document=sized(1001))
    await put_inline(call, kind, "ops", policy_name="b", document=sized(1000))

    assert refused.value.message == f"Maximum policy size of {most} bytes exceeded for {kind} Ops"


async def test_which_policy_is_attached_can_be_a_condition(world: FakeWorld, admin: User) -> None:
    condition = {"ArnEquals": {"iam:PolicyARN": ADMINISTRATOR}}
    rule = policy("iam:AttachUserPolicy", "*", Condition=condition)
    bea = await world.user(admin.account_id, "bea", rule)
    other = await make(world, admin, "Other")
    call = world.call(bea, "iam:AttachUserPolicy")

    with pytest.raises(AccessDenied):
        await attach(call, USER, "ann", other)
    await attach(call, USER, "ann", ADMINISTRATOR)


async def test_a_policy_that_is_not_there_is_not_attached(world: FakeWorld, admin: User) -> None:
    missing = f"arn:aws:iam::{admin.account_id}:policy/Missing"

    with pytest.raises(OperationRefused) as refused:
        await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", missing)

    assert refused.value.message == f"Policy {missing} does not exist or is not attachable."
