"""Sessions end when their access does: at a change at once, by themselves within a minute."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.world import ADMINISTRATOR, ORIGIN, REGION, FakeWorld, policy
from tests.operations.organization import make_house

from mooring.fleet.node import Node
from mooring.iam.identity import EntityKind, Group, Role, User
from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.caller import Caller
from mooring.operations.credentials import NewSession, caller_of, issue, resolve
from mooring.operations.revocation import EVERY, SECOND_LOOK, RevocationWatch, recheck
from mooring.operations.sessions import start_session
from mooring.ports.tables import Transaction
from mooring.sessions.session import Session, SessionStatus

Change = Callable[[Transaction], object]


async def start(world: FakeWorld, user: User, node: Node, *, document: str = "") -> str:
    call = world.call(user, "ssm:StartSession")
    begun = await start_session(call, target=node.node_id, document_name=document, parameters={})
    return begun.session_id


async def kept(world: FakeWorld, account_id: str, session_id: str) -> Session:
    session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
    assert session is not None
    return session


async def details(world: FakeWorld, account_id: str, session_id: str) -> str:
    return (await kept(world, account_id, session_id)).details


def denial(user: User, node: Node, reason: str) -> str:
    resource = f"arn:aws:ec2:{REGION}:{node.account_id}:instance/{node.node_id}"
    return (
        f"access revoked: User: {user.arn} is not authorized to perform: ssm:StartSession on "
        f"resource: {resource} {reason}"
    )


NO_ALLOW = "because no identity-based policy allows the ssm:StartSession action"
DENY = "with an explicit deny in an identity-based policy"
NO_BOUNDARY = "because no permissions boundary allows the ssm:StartSession action"


async def test_a_session_that_is_still_allowed_goes_on(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"))
    session_id = await start(world, ann, node)

    ended = await recheck(world.world, account_id)

    assert ended == 0
    assert (await kept(world, account_id, session_id)).ended_at is None


CHANGES: dict[str, tuple[Change, str]] = {
    "policy deleted": (
        lambda tx: tx.identities.delete_inline(EntityKind.USER, "ann", "inline-0"),
        NO_ALLOW,
    ),
    "policy narrowed": (
        lambda tx: tx.identities.put_inline(
            EntityKind.USER, "ann", "inline-0", policy("ssm:StartSession", "arn:aws:ec2:*:*:x/*")
        ),
        NO_ALLOW,
    ),
    "deny added": (
        lambda tx: tx.identities.put_inline(
            EntityKind.USER, "ann", "no", policy("ssm:*", "*", Effect="Deny")
        ),
        DENY,
    ),
    "boundary set": (
        lambda tx: tx.identities.put_user(
            replace(_user(tx), boundary_arn="arn:aws:iam::aws:policy/IAMFullAccess")
        ),
        NO_BOUNDARY,
    ),
}


def _user(tx: Transaction) -> User:
    user = tx.identities.user("ann")
    assert user is not None
    return user


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_ends_the_session_with_the_denial(world: FakeWorld, name: str) -> None:
    change, reason = CHANGES[name]
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"))
    session_id = await start(world, ann, node)
    watch = RevocationWatch(world.world)
    await watch.turn()
    await world.store.write(account_id, change)

    assert await watch.turn() == 1

    session = await kept(world, account_id, session_id)
    assert session.status is SessionStatus.TERMINATED
    assert session.details == denial(ann, node, reason)
    event = (await world.events(account_id))[-1]
    assert (event.name, event.response) == ("SessionEnded", session.details)
    assert b"channel_closed" in world.orders[node.node_id][-1]
    gone = await world.store.read(account_id, lambda tx: tx.session_grants.get(session_id))
    assert gone is None


async def test_tags_of_the_node_and_of_the_person_count(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, tags={"team": "blue"})
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    rule = policy("ssm:StartSession", "*", Condition=same)
    for which in ("node", "person"):
        ann = await world.user(account_id, "ann", rule, tags={"team": "blue"})
        await world.store.write(account_id, lambda tx: tx.nodes.put(node))
        session_id = await start(world, ann, node)
        watch = RevocationWatch(world.world)
        assert await watch.turn() == 0
        await world.store.write(
            account_id,
            lambda tx, ann=ann, which=which: (  # type: ignore[misc]
                tx.nodes.put(replace(node, tags={"team": "red"}))
                if which == "node"
                else tx.identities.put_user(replace(ann, tags={"team": "red"}))
            ),
        )

        assert await watch.turn() == 1
        assert await details(world, account_id, session_id) == denial(ann, node, NO_ALLOW)


async def test_a_session_of_a_named_document_is_asked_about_the_document(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    document = f"arn:aws:ssm:{REGION}:{account_id}:document/SSM-SessionManagerRunShell"
    instance = policy("ssm:StartSession", f"arn:aws:ec2:*:{account_id}:instance/*")
    ann = await world.user(account_id, "ann", instance, policy("ssm:StartSession", document))
    named = await start(world, ann, node, document="SSM-SessionManagerRunShell")
    default = await start(world, ann, node)
    await world.store.write(
        account_id, lambda tx: tx.identities.delete_inline(EntityKind.USER, "ann", "inline-1")
    )

    assert await recheck(world.world, account_id) == 1

    assert document in await details(world, account_id, named)
    assert (await kept(world, account_id, default)).ended_at is None


async def test_a_deleted_user_has_no_sessions(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.administrator(account_id, "ann")
    session_id = await start(world, ann, node)
    watch = RevocationWatch(world.world)
    await watch.turn()
    await world.store.write(account_id, lambda tx: tx.identities.delete_user("ann"))

    assert await watch.turn() == 1

    assert await details(world, account_id, session_id) == f"access revoked: {ann.arn} was deleted"


async def test_the_time_is_now_and_the_address_is_that_of_the_start(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    until = world.clock.now() + timedelta(minutes=5)
    rule = policy(
        "ssm:StartSession",
        "*",
        Condition={
            "DateLessThan": {"aws:CurrentTime": f"{until:%Y-%m-%dT%H:%M:%SZ}"},
            "IpAddress": {"aws:SourceIp": "192.0.2.7/32"},
            "Bool": {"aws:SecureTransport": "true"},
        },
    )
    ann = await world.user(account_id, "ann", rule)
    session_id = await start(world, ann, node)
    watch = RevocationWatch(world.world)
    ends = []

    for _ in range(6):
        ends.append(await watch.turn())
        world.pass_time(seconds=EVERY.total_seconds())

    assert ends == [0, 0, 0, 0, 0, 1]
    assert await details(world, account_id, session_id) == denial(ann, node, NO_ALLOW)


async def test_without_a_change_nothing_is_asked_before_the_minute_is_over(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await world.account()
    asked: list[str] = []
    note = _noting(asked)
    monkeypatch.setattr("mooring.operations.revocation.recheck", note)
    watch = RevocationWatch(world.world)
    await watch.turn()
    world.pass_time(seconds=SECOND_LOOK.total_seconds())
    await watch.turn()
    asked.clear()

    await watch.turn()
    world.pass_time(seconds=30)
    await watch.turn()
    assert asked == []
    world.pass_time(seconds=30)
    await watch.turn()
    assert asked == [account_id]


def _noting(asked: list[str]) -> Callable[[object, str], Awaitable[int]]:
    async def note(_: object, account_id: str) -> int:
        asked.append(account_id)
        return 0

    return note


async def test_a_start_that_was_under_way_at_the_change_is_caught_soon(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"))
    watch = RevocationWatch(world.world)
    await watch.turn()
    session_id = await start(world, ann, node)
    late = await kept(world, account_id, session_id)
    hidden = replace(late, status=SessionStatus.TERMINATING)
    await world.store.write(account_id, lambda tx: tx.sessions.put(hidden))
    await world.store.write(
        account_id, lambda tx: tx.identities.delete_inline(EntityKind.USER, "ann", "inline-0")
    )
    assert await watch.turn() == 0
    await world.store.write(account_id, lambda tx: tx.sessions.put(late))

    world.pass_time(seconds=SECOND_LOOK.total_seconds())

    assert await watch.turn() == 1


async def test_other_accounts_are_left_alone(world: FakeWorld) -> None:
    here, there = await world.account(), await world.account()
    session_ids = []
    for account_id in (here, there):
        node = await world.node(account_id)
        ann = await world.user(account_id, "ann", managed=(ADMINISTRATOR,))
        session_ids.append(await start(world, ann, node))
    watch = RevocationWatch(world.world)
    await watch.turn()
    await world.store.write(
        here, lambda tx: tx.identities.detach(EntityKind.USER, "ann", ADMINISTRATOR)
    )

    assert await watch.turn() == 1

    assert (await kept(world, here, session_ids[0])).ended_at is not None
    assert (await kept(world, there, session_ids[1])).ended_at is None


async def test_a_session_that_cannot_be_asked_about_does_not_keep_the_others(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"))
    broken, good = await start(world, ann, node), await start(world, ann, node)

    def spoil(tx: Transaction) -> None:
        grant = tx.session_grants.get(broken)
        assert grant is not None
        tx.session_grants.put(replace(grant, facts="{}"))
        tx.identities.delete_inline(EntityKind.USER, "ann", "inline-0")

    await world.store.write(account_id, spoil)

    assert await recheck(world.world, account_id) == 1

    assert (await kept(world, account_id, broken)).ended_at is None
    assert (await kept(world, account_id, good)).ended_at is not None


async def role_caller(
    world: FakeWorld, role: Role, *, session_policy: str = "", mfa_at: datetime | None = None
) -> Caller:
    """Return a caller with credentials of AssumeRole."""
    facts = SessionFacts(kind=SessionKind.ROLE, policy=session_policy, mfa_at=mfa_at)
    lifetime = timedelta(hours=1)
    made = issue(world.world, NewSession(of=role, facts=facts, lifetime=lifetime, bearer="ann"))
    token = made.session_token.reveal()
    key = await resolve(world.world, made.access_key_id, token)
    return caller_of(key, made.access_key_id, token, region=REGION, origin=ORIGIN)


async def start_as(world: FakeWorld, caller: Caller, node: Node) -> str:
    call = world.call_of(caller, "ssm:StartSession")
    return (await start_session(call, target=node.node_id, parameters={})).session_id


async def test_a_role_session_keeps_its_session_policy_and_outlives_its_credentials(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    node = await world.node(account_id, tags={"team": "blue"})
    role = await world.role(account_id, "Admins", managed=(ADMINISTRATOR,))
    only_blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    limited = policy("ssm:StartSession", "*", Condition=only_blue)
    caller = await role_caller(world, role, session_policy=limited)
    session_id = await start_as(world, caller, node)
    watch = RevocationWatch(world.world)
    world.pass_time(hours=2)
    assert await watch.turn() == 0
    await world.store.write(account_id, lambda tx: tx.nodes.put(replace(node, tags={})))

    assert await watch.turn() == 1

    told = await details(world, account_id, session_id)
    assert told.endswith("because no session policy allows the ssm:StartSession action")


async def test_a_second_factor_is_as_old_as_it_was_at_the_start(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    fresh = {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}
    role = await world.role(account_id, "Admins", policy("ssm:StartSession", "*", Condition=fresh))
    shown = world.clock.now() - timedelta(minutes=30)
    caller = await role_caller(world, role, mfa_at=shown)
    session_id = await start_as(world, caller, node)
    world.pass_time(hours=3)

    assert await recheck(world.world, account_id) == 0

    assert (await kept(world, account_id, session_id)).ended_at is None


async def test_revoking_a_roles_sessions_ends_theirs_and_not_later_ones(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    role = await world.role(account_id, "Admins", managed=(ADMINISTRATOR,))
    old = await start_as(world, await role_caller(world, role), node)
    world.pass_time(seconds=1)
    revoked = replace(role, revoked_before=world.clock.now())
    await world.store.write(account_id, lambda tx: tx.identities.put_role(revoked))
    new = await start_as(world, await role_caller(world, revoked), node)

    assert await RevocationWatch(world.world).turn() == 1

    told = await details(world, account_id, old)
    assert told == f"access revoked: the sessions of {role.arn} were revoked"
    assert (await kept(world, account_id, new)).ended_at is None


async def test_a_user_who_leaves_a_group_loses_what_it_gave(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann")
    group = Group(
        account_id=account_id,
        name="Admins",
        group_id="AGPACKCEVSQ6C2EXAMPLE",
        created_at=world.clock.now(),
    )

    def join(tx: Transaction) -> None:
        tx.groups.put(group)
        tx.identities.attach(EntityKind.GROUP, "Admins", ADMINISTRATOR)
        tx.groups.add_member("Admins", "ann")

    await world.store.write(account_id, join)
    session_id = await start(world, ann, node)
    watch = RevocationWatch(world.world)
    assert await watch.turn() == 0
    await world.store.write(account_id, lambda tx: tx.groups.remove_member("Admins", "ann"))

    assert await watch.turn() == 1

    assert await details(world, account_id, session_id) == denial(ann, node, NO_ALLOW)


async def test_a_service_control_policy_ends_sessions_of_its_members(world: FakeWorld) -> None:
    house = await make_house(world)
    node = await world.node(house.member_id)
    ann = await world.administrator(house.member_id, "ann")
    session_id = await start(world, ann, node)
    watch = RevocationWatch(world.world)
    assert await watch.turn() == 0
    await house.bind(policy("ssm:StartSession", Effect="Deny"), house.unit.unit_id)

    assert await watch.turn() == 1

    told = await details(world, house.member_id, session_id)
    assert told == denial(ann, node, "with an explicit deny in a service control policy")
