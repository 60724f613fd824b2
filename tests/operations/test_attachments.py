"""Policies: checked when written, limited as IAM limits them, in its words."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind, User
from mooring.iam.managed import MANAGED_POLICIES
from mooring.operations.attachments import (
    ONLY_VERSION,
    attach,
    create_policy,
    delete_inline,
    delete_policy,
    detach,
    get_inline,
    get_policy,
    get_version,
    list_attached,
    list_inline,
    list_policies,
    put_inline,
)
from mooring.operations.authorize import ask, without_resource
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
        name=name,
        path=path,
        document=document or policy("ssm:StartSession"),
        description="",
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
    assert await get_inline(call, USER, "ANN", policy_name="mine") == document
    assert await list_inline(call, USER, "ann") == ("Mine",)


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
    assert await list_inline(world.call(admin, "iam:ListUserPolicies"), USER, "ann") == ()


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
    listed = await list_attached(world.call(admin, "iam:ListAttachedUserPolicies"), USER, "ann")
    await detach(world.call(admin, "iam:DetachUserPolicy"), USER, "ann", ADMINISTRATOR)

    with pytest.raises(OperationRefused) as refused:
        await detach(world.call(admin, "iam:DetachUserPolicy"), USER, "ann", ADMINISTRATOR)

    assert listed == (ADMINISTRATOR,)
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


async def test_policy_names_are_unique_whatever_path_and_case(
    world: FakeWorld, admin: User
) -> None:
    await make(world, admin, "Mine", path="/a/")

    with pytest.raises(OperationRefused) as refused:
        await make(world, admin, "mINE", path="/b/")

    assert refused.value.problem is Problem.ENTITY_EXISTS
    assert refused.value.message.startswith("A policy called mINE already exists.")


async def test_a_managed_policy_holds_6144_characters(world: FakeWorld, admin: User) -> None:
    await make(world, admin, "Full", document=sized(6144))

    with pytest.raises(OperationRefused) as refused:
        await make(world, admin, "Over", document=sized(6145))

    assert refused.value.message == "Cannot exceed quota for PolicySize: 6144"


async def test_the_one_version_is_the_document(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin, "Mine")
    call = world.call(admin, "iam:GetPolicyVersion")

    version = await get_version(call, arn, ONLY_VERSION)
    with pytest.raises(OperationRefused) as refused:
        await get_version(call, arn, "v2")

    assert version.document == policy("ssm:StartSession")
    assert refused.value.message == f"Policy {arn} version v2 does not exist."


async def test_a_policy_goes_when_it_is_attached_nowhere(world: FakeWorld, admin: User) -> None:
    arn = await make(world, admin, "Mine")
    await attach(world.call(admin, "iam:AttachUserPolicy"), USER, "ann", arn)
    call = world.call(admin, "iam:DeletePolicy")

    assert (await get_policy(world.call(admin, "iam:GetPolicy"), arn)).attachments == 1
    with pytest.raises(OperationRefused) as refused:
        await delete_policy(call, arn)
    await detach(world.call(admin, "iam:DetachUserPolicy"), USER, "ann", arn)
    await delete_policy(call, arn)

    assert refused.value.problem is Problem.DELETE_CONFLICT
    with pytest.raises(OperationRefused):
        await delete_policy(call, arn)


async def test_those_of_aws_stay(world: FakeWorld, admin: User) -> None:
    with pytest.raises(OperationRefused) as refused:
        await delete_policy(world.call(admin, "iam:DeletePolicy"), ADMINISTRATOR)

    assert refused.value.problem is Problem.UNMODIFIABLE


async def test_lists_hold_ours_and_theirs_by_scope_in_pages(world: FakeWorld, admin: User) -> None:
    mine = [await make(world, admin, name) for name in ("A", "B", "C")]
    call = world.call(admin, "iam:ListPolicies")

    async def listed(scope: str, limit: int = 100) -> list[str]:
        arns: list[str] = []
        more = True
        while more:
            page, more = await list_policies(
                call, scope=scope, path_prefix="/", after=arns[-1] if arns else "", limit=limit
            )
            arns += [view.policy.arn for view in page]
        return arns

    assert await listed("Local") == mine
    assert await listed("AWS") == sorted(MANAGED_POLICIES)
    assert await listed("All", limit=2) == sorted([*mine, *MANAGED_POLICIES])
