"""Users, roles and keys: limits and wording of the IAM API, and who may do what to whom."""

from datetime import timedelta

import pytest
from tests.fakes.world import ADMINISTRATOR, NODE_TRUST, FakeWorld, policy

from mooring.iam.identity import EntityKind, User
from mooring.operations.access_keys import create_access_key, delete_access_key
from mooring.operations.attachments import attach, put_inline
from mooring.operations.entity_tables import ROLES, USERS
from mooring.operations.identities import (
    delete_entity,
    get_entity,
    list_entities,
    rename_entity,
)
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.users import NewEntity, create_role, create_user


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


def new(name: str, *, path: str = "/", boundary: str = "") -> NewEntity:
    return NewEntity(name=name, path=path, boundary_arn=boundary, tags={})


async def make_role(world: FakeWorld, admin: User, name: str, trust: str = NODE_TRUST) -> str:
    call = world.call(admin, "iam:CreateRole")
    role = await create_role(
        call, new(name), trust_policy=trust, description="", max_session=timedelta(hours=1)
    )
    return role.arn


async def test_a_user_is_made_with_path_and_unique_id(world: FakeWorld, admin: User) -> None:
    user = await create_user(world.call(admin, "iam:CreateUser"), new("Ann", path="/ops/"))

    assert user.arn == f"arn:aws:iam::{admin.account_id}:user/ops/Ann"
    assert user.user_id.startswith("AIDA")
    assert len(user.user_id) == 21
    assert await get_entity(world.call(admin, "iam:GetUser"), USERS, "aNN") == user


async def test_names_are_unique_without_case(world: FakeWorld, admin: User) -> None:
    await create_user(world.call(admin, "iam:CreateUser"), new("Ann"))
    await make_role(world, admin, "Ops")

    with pytest.raises(OperationRefused) as user:
        await create_user(world.call(admin, "iam:CreateUser"), new("ANN"))
    with pytest.raises(OperationRefused) as role:
        await make_role(world, admin, "OPS")

    assert (user.value.problem, role.value.problem) == (Problem.ENTITY_EXISTS,) * 2
    assert user.value.message == "User with name ANN already exists."
    assert role.value.message == "Role with name OPS already exists."


async def test_a_boundary_must_be_a_policy_that_exists(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:CreateUser")
    missing = f"arn:aws:iam::{admin.account_id}:policy/Missing"

    with pytest.raises(OperationRefused) as refused:
        await create_user(call, new("ann", boundary=missing))
    user = await create_user(call, new("bea", boundary=ADMINISTRATOR))

    assert refused.value.problem is Problem.NO_SUCH_ENTITY
    assert user.boundary_arn == ADMINISTRATOR


async def test_the_boundary_of_a_new_user_can_be_demanded(world: FakeWorld, admin: User) -> None:
    condition = {"StringEquals": {"iam:PermissionsBoundary": ADMINISTRATOR}}
    rule = policy("iam:CreateUser", "*", Condition=condition)
    ann = await world.user(admin.account_id, "ann", rule)
    call = world.call(ann, "iam:CreateUser")

    with pytest.raises(AccessDenied):
        await create_user(call, new("bea"))
    await create_user(call, new("bea", boundary=ADMINISTRATOR))


async def test_who_is_missing_is_said_in_iams_words(world: FakeWorld, admin: User) -> None:
    with pytest.raises(OperationRefused) as user:
        await get_entity(world.call(admin, "iam:GetUser"), USERS, "ann")
    with pytest.raises(OperationRefused) as role:
        await get_entity(world.call(admin, "iam:GetRole"), ROLES, "Ops")

    assert user.value.message == "The user with name ann cannot be found."
    assert role.value.message == "The role with name Ops cannot be found."
    assert (user.value.problem, role.value.problem) == (Problem.NO_SUCH_ENTITY,) * 2


async def test_a_denied_person_does_not_learn_who_exists(world: FakeWorld, admin: User) -> None:
    nobody = await world.user(admin.account_id, "nobody")
    call = world.call(nobody, "iam:GetUser")

    with pytest.raises(AccessDenied) as there:
        await get_entity(call, USERS, "admin")
    with pytest.raises(AccessDenied) as missing:
        await get_entity(call, USERS, "ghost")

    assert there.value.message.replace("admin", "ghost") == missing.value.message


async def test_a_user_goes_only_when_bare(world: FakeWorld, admin: User) -> None:
    call = world.call(admin, "iam:DeleteUser")
    await create_user(world.call(admin, "iam:CreateUser"), new("ann"))
    await attach(world.call(admin, "iam:AttachUserPolicy"), EntityKind.USER, "ann", ADMINISTRATOR)
    key, _ = await create_access_key(world.call(admin, "iam:CreateAccessKey"), "ann")

    with pytest.raises(OperationRefused, match="must delete access keys first") as keys:
        await delete_entity(call, USERS, "ann")
    await delete_access_key(world.call(admin, "iam:DeleteAccessKey"), "ann", key.access_key_id)
    with pytest.raises(OperationRefused, match="must detach all policies first") as policies:
        await delete_entity(call, USERS, "ann")

    assert (keys.value.problem, policies.value.problem) == (Problem.DELETE_CONFLICT,) * 2


async def test_a_role_goes_only_when_bare(world: FakeWorld, admin: User) -> None:
    await make_role(world, admin, "Ops")
    await put_inline(
        world.call(admin, "iam:PutRolePolicy"),
        EntityKind.ROLE,
        "Ops",
        policy_name="p",
        document=policy("ssm:*"),
    )

    with pytest.raises(OperationRefused, match="must delete policies first"):
        await delete_entity(world.call(admin, "iam:DeleteRole"), ROLES, "Ops")
    await world.store.write(
        admin.account_id, lambda tx: tx.identities.delete_inline(EntityKind.ROLE, "Ops", "p")
    )
    await delete_entity(world.call(admin, "iam:DeleteRole"), ROLES, "Ops")
    with pytest.raises(OperationRefused, match="cannot be found"):
        await delete_entity(world.call(admin, "iam:DeleteRole"), ROLES, "Ops")


@pytest.mark.parametrize("trust", ["{", "{}", policy("sts:AssumeRole")])
async def test_a_trust_policy_is_checked_when_it_is_written(
    world: FakeWorld, admin: User, trust: str
) -> None:
    with pytest.raises(OperationRefused) as refused:
        await make_role(world, admin, "Ops", trust)

    assert refused.value.problem is Problem.MALFORMED_POLICY


async def test_lists_are_by_name_in_pages_below_a_path(world: FakeWorld, admin: User) -> None:
    for name in ("cleo", "Ann", "bea"):
        await create_user(world.call(admin, "iam:CreateUser"), new(name, path="/ops/"))
    call = world.call(admin, "iam:ListUsers")

    first, more = await list_entities(call, USERS, path_prefix="/ops/", after="", limit=2)
    second, end = await list_entities(
        call, USERS, path_prefix="/ops/", after=first[-1].name, limit=2
    )
    everyone, _ = await list_entities(call, USERS, path_prefix="/", after="", limit=100)

    assert [user.name for user in (*first, *second)] == ["Ann", "bea", "cleo"]
    assert (more, end) == (True, False)
    assert "admin" in {user.name for user in everyone}
    roles, _ = await list_entities(
        world.call(admin, "iam:ListRoles"), ROLES, path_prefix="/", after="", limit=9
    )
    assert [role.name for role in roles] == ["NodeRole"]


async def test_a_renaming_needs_both_the_old_arn_and_the_new(world: FakeWorld, admin: User) -> None:
    home = f"arn:aws:iam::{admin.account_id}:user"
    await create_user(world.call(admin, "iam:CreateUser"), new("ann", path="/ops/"))
    await create_user(world.call(admin, "iam:CreateUser"), new("cleo", path="/dev/"))
    bea = await world.user(admin.account_id, "bea", policy("iam:UpdateUser", f"{home}/ops/*"))
    call = world.call(bea, "iam:UpdateUser")

    with pytest.raises(AccessDenied):
        await rename_entity(call, USERS, "ann", new_name="", new_path="/admins/")
    with pytest.raises(AccessDenied):
        await rename_entity(call, USERS, "cleo", new_name="", new_path="/ops/")
    renamed = await rename_entity(call, USERS, "ann", new_name="Zoe", new_path="/ops/x/")

    assert renamed.arn == f"{home}/ops/x/Zoe"
    with pytest.raises(OperationRefused, match="with name ann cannot be found"):
        await get_entity(world.call(admin, "iam:GetUser"), USERS, "ann")


async def test_a_name_changes_its_case_only(world: FakeWorld, admin: User) -> None:
    user = await create_user(world.call(admin, "iam:CreateUser"), new("ann"))
    await attach(world.call(admin, "iam:AttachUserPolicy"), EntityKind.USER, "ann", ADMINISTRATOR)

    renamed = await rename_entity(
        world.call(admin, "iam:UpdateUser"), USERS, "ann", new_name="Ann", new_path=""
    )

    assert (renamed.name, renamed.user_id) == ("Ann", user.user_id)
    attached = await world.store.read(
        admin.account_id, lambda tx: tx.identities.attached(EntityKind.USER, "ann")
    )
    assert attached.managed == (ADMINISTRATOR,)
