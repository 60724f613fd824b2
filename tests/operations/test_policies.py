"""Who is spoken about by which policy: users by their groups too, from the moment they join."""

from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.identity import EntityKind, Group, User
from mooring.operations.authorize import ask, without_resource
from mooring.operations.policies import policies_of
from mooring.ports.tables import Transaction


async def in_a_group(world: FakeWorld, *, document: str) -> User:
    account_id = await world.account()
    ann = await world.user(account_id, "Ann")
    ops = Group(account_id=account_id, name="Ops", group_id="AGPA", created_at=world.clock.now())

    def work(tx: Transaction) -> None:
        tx.groups.put(ops)
        tx.groups.add_member("ops", "ann")
        tx.identities.put_inline(EntityKind.GROUP, "OPS", "rule", document)

    await world.store.write(account_id, work)
    return ann


async def test_a_group_speaks_for_its_members_while_they_are_in_it(world: FakeWorld) -> None:
    ann = await in_a_group(world, document=policy("ssm:DescribeSessions"))
    call = world.call(ann, "ssm:DescribeSessions")

    inside = await ask(call, without_resource(call))
    await world.store.write(ann.account_id, lambda tx: tx.groups.remove_member("Ops", "Ann"))
    outside = await ask(call, without_resource(call))

    assert (inside.allowed, outside.allowed) == (True, False)


async def test_a_groups_policy_is_named_as_the_groups(world: FakeWorld) -> None:
    ann = await in_a_group(world, document=policy("ssm:DescribeSessions"))
    await world.store.write(
        ann.account_id, lambda tx: tx.identities.attach(EntityKind.USER, "Ann", ADMINISTRATOR)
    )

    found = await world.store.read(ann.account_id, lambda tx: policies_of(tx, world.principal(ann)))

    assert [(source.type, source.name) for source in found.identity] == [
        ("user", ADMINISTRATOR),
        ("group", "rule"),
    ]


async def test_a_deny_in_a_group_outweighs_the_users_own_allow(world: FakeWorld) -> None:
    ann = await in_a_group(world, document=policy("ssm:*", Effect="Deny"))
    await world.store.write(
        ann.account_id, lambda tx: tx.identities.attach(EntityKind.USER, "Ann", ADMINISTRATOR)
    )
    call = world.call(ann, "ssm:DescribeSessions")

    decision = await ask(call, without_resource(call))

    assert (decision.allowed, decision.explicit) == (False, True)
