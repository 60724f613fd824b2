"""A name stands for a resource with all that is known of it."""

from dataclasses import replace

from tests.fakes.world import REGION, FakeWorld, policy

from mooring.iam.reach_request import Thing
from mooring.operations.call import Call
from mooring.operations.explain_thing import find_node, is_node, node_thing, thing_of
from mooring.operations.sessions import start_session
from mooring.wire.ids import NodeKind


async def thing(call: Call, action: str, resource: str) -> Thing:
    return await call.read(lambda tx: thing_of(call, tx, action, resource))


async def test_a_node_is_known_by_id_and_by_arn(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.call(await world.administrator(account_id), "mooring:ExplainAccess")
    for kind in NodeKind:
        node = await world.node(account_id, kind=kind, tags={"team": "blue"})
        whole = node_thing(node)

        assert await thing(call, "ssm:StartSession", node.node_id) == whole
        assert await thing(call, "ssm:StartSession", whole.names[0]) == whole
        assert is_node(whole.names[0])
        assert whole.tags == {"team": "blue"}


async def test_a_node_that_is_not_there_has_a_name_and_no_tags(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.call(await world.administrator(account_id), "mooring:ExplainAccess")

    found = await thing(call, "ssm:StartSession", "mi-0123456789abcdef0")
    nothing = await call.read(lambda tx: find_node(tx, "no id at all"))

    assert found.names == (
        f"arn:aws:ssm:{REGION}:{account_id}:managed-instance/mi-0123456789abcdef0",
    )
    assert found.tags == {}
    assert nothing is None


async def test_an_action_without_resource_is_asked_as_its_call_asks(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.call(await world.administrator(account_id), "mooring:ExplainAccess")

    for resource in ("", "*"):
        found = await thing(call, "ssm:DescribeSessions", resource)

        assert found.names == (f"arn:aws:ssm:{REGION}:{account_id}:*", "*")


async def test_a_session_has_both_its_names_and_its_tags(world: FakeWorld) -> None:
    account_id = await world.account()
    ann = await world.user(account_id, "ann", policy("ssm:*"))
    node = await world.node(account_id)
    call = world.call(ann, "ssm:StartSession")
    session = await start_session(call, target=node.node_id, reason="", parameters={})
    arn = f"arn:aws:ssm:{REGION}:{account_id}:session/{session.session_id}"

    found = await thing(call, "ssm:TerminateSession", arn)

    suffix = session.session_id.rpartition("-")[2]
    assert found.names == (arn, arn.replace(session.session_id, f"{ann.user_id}-{suffix}"))
    assert found.extra["ssm:resourceTag/aws:ssmmessages:target-id"] == (node.node_id,)


async def test_a_role_brings_its_trust_where_it_is_taken(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.call(await world.administrator(account_id), "mooring:ExplainAccess")
    role = await world.role(account_id, "Ops")
    tagged = replace(role, tags={"team": "blue"})
    await world.store.write(account_id, lambda tx: tx.identities.put_role(tagged))

    taken = await thing(call, "sts:AssumeRole", role.arn)
    read = await thing(call, "iam:GetRole", role.arn)

    assert taken.trust is not None
    assert read.trust is None
    assert taken.action == "sts:AssumeRole"
    assert read.extra == taken.extra == {"iam:ResourceTag/team": ("blue",)}


async def test_any_other_name_stands_for_itself(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.call(await world.administrator(account_id), "mooring:ExplainAccess")
    theirs = f"arn:aws:ec2:{REGION}:999999999999:instance/i-0123456789abcdef0"

    for arn in ("arn:aws:s3:::box/key", theirs, f"arn:aws:ssm:{REGION}::document/AWS-X"):
        found = await thing(call, "any:Thing", arn)

        assert (found.names, found.account_id) == ((arn,), arn.split(":")[4])
