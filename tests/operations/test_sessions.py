"""Start, resume, terminate, list: what each asks, does and leaves behind."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.world import REGION, FakeWorld, make_world, policy

from mooring.fleet.node import Node
from mooring.iam.identity import User
from mooring.operations.call import Call
from mooring.operations.orders import node_subject, session_subject
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.session_filters import SessionFilter
from mooring.operations.sessions import (
    StartedSession,
    describe_sessions,
    resume_session,
    start_session,
    terminate_session,
)
from mooring.operations.world import DefaultDocumentCheck
from mooring.sessions.session import Session, SessionStatus

DEFAULT = "SSM-SessionManagerRunShell"
NO_PARAMETERS: Mapping[str, tuple[str, ...]] = {}


def limited(account_id: str, node_id: str) -> str:
    """Return the policy of a person who may open a shell on one instance."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["ssm:StartSession"],
                    "Resource": [f"arn:aws:ec2:{REGION}:{account_id}:instance/{node_id}"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["ssm:DescribeSessions", "ssm:GetConnectionStatus"],
                    "Resource": "*",
                },
                {
                    "Effect": "Allow",
                    "Action": ["ssm:TerminateSession", "ssm:ResumeSession"],
                    "Resource": ["arn:aws:ssm:*:*:session/${aws:userid}-*"],
                },
            ],
        }
    )


async def start(
    world: FakeWorld, user: User, node: Node, *, document: str = "", reason: str = ""
) -> StartedSession:
    return await start_session(
        world.call(user, "ssm:StartSession"),
        target=node.node_id,
        document_name=document,
        reason=reason,
        parameters=NO_PARAMETERS,
    )


async def kept(world: FakeWorld, account_id: str, session_id: str) -> Session:
    session = await world.store.read(account_id, lambda tx: tx.sessions.get(session_id))
    assert session is not None
    return session


async def all_sessions(world: FakeWorld, account_id: str) -> list[Session]:
    return [
        session
        for active in (True, False)
        for session in await world.store.read(
            account_id,
            lambda tx, active=active: tx.sessions.page(  # type: ignore[misc]
                active=active, before=None, limit=100
            ),
        )
    ]


async def test_a_session_is_kept_ordered_and_given_a_token(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", limited(account_id, node.node_id))

    started = await start(world, ann, node, reason="the disk is full")

    session = await kept(world, account_id, started.session_id)
    assert started.session_id.startswith("ann-")
    assert started.token
    assert started.stream_url == (
        f"wss://localhost:8443/v1/data-channel/{started.session_id}?role=publish_subscribe"
    )
    assert session.status is SessionStatus.CONNECTING
    assert (session.owner, session.owner_user_id) == (ann.arn, ann.user_id)
    assert (session.node_id, session.reason) == (node.node_id, "the disk is full")
    (order,) = world.orders[node.node_id]
    assert f'"TaskId":"{started.session_id}"'.encode() in order


async def test_the_row_is_there_before_the_node_gets_its_order(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    rows: list[Session] = []

    async def look(_: bytes) -> bytes:
        rows.extend(await all_sessions(world, account_id))
        return b""

    world.bus.subscribe(node_subject(account_id, node.node_id), look)

    started = await start(world, admin, node)

    assert [row.session_id for row in rows] == [started.session_id]


async def test_another_node_is_denied_by_name_and_leaves_nothing(world: FakeWorld) -> None:
    account_id = await world.account()
    mine, other = await world.node(account_id), await world.node(account_id)
    ann = await world.user(account_id, "ann", limited(account_id, mine.node_id))

    with pytest.raises(AccessDenied) as denied:
        await start(world, ann, other)

    arn = f"arn:aws:ec2:{REGION}:{account_id}:instance/{other.node_id}"
    assert denied.value.message == (
        f"User: arn:aws:iam::{account_id}:user/ann is not authorized to perform: "
        f"ssm:StartSession on resource: {arn} because no identity-based policy allows the "
        "ssm:StartSession action"
    )
    assert await all_sessions(world, account_id) == []
    assert world.orders[other.node_id] == []


async def test_always_mode_wants_the_default_document_too(tmp_path: Path) -> None:
    async with make_world(tmp_path, check=DefaultDocumentCheck.ALWAYS) as world:
        account_id = await world.account()
        node = await world.node(account_id)
        ann = await world.user(account_id, "ann", limited(account_id, node.node_id))

        with pytest.raises(AccessDenied) as denied:
            await start(world, ann, node)

    assert f"arn:aws:ssm:{REGION}:{account_id}:document/{DEFAULT}" in denied.value.message


async def test_a_named_document_must_be_granted(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", limited(account_id, node.node_id))
    document = f"arn:aws:ssm:{REGION}:{account_id}:document/{DEFAULT}"
    bea = await world.user(
        account_id,
        "bea",
        limited(account_id, node.node_id),
        policy("ssm:StartSession", document),
    )

    with pytest.raises(AccessDenied, match=f"document/{DEFAULT}"):
        await start(world, ann, node, document=DEFAULT)
    assert (await start(world, bea, node, document=DEFAULT)).token


@pytest.mark.parametrize("has_document", [True, False])
async def test_a_policy_that_opts_in_is_held_to_its_documents(
    world: FakeWorld, *, has_document: bool
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    resources = [f"arn:aws:ec2:{REGION}:{account_id}:instance/*"]
    if has_document:
        resources.append(f"arn:aws:ssm:{REGION}:{account_id}:document/{DEFAULT}")
    condition = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
    ann = await world.user(
        account_id, "ann", policy("ssm:StartSession", resources, Condition=condition)
    )

    if has_document:
        assert (await start(world, ann, node)).token
    else:
        with pytest.raises(AccessDenied, match="document/"):
            await start(world, ann, node)


@pytest.mark.parametrize("name", ["AWS-StartNothing", "Mine"])
async def test_other_documents_do_not_exist_for_those_who_may_use_them(
    world: FakeWorld, name: str
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)

    with pytest.raises(OperationRefused) as refused:
        await start(world, admin, node, document=name)

    assert refused.value.problem is Problem.INVALID_DOCUMENT
    assert await all_sessions(world, account_id) == []


async def test_parameters_of_the_shell_document_are_refused(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)

    with pytest.raises(OperationRefused, match="portNumber") as refused:
        await start_session(
            world.call(admin, "ssm:StartSession"),
            target=node.node_id,
            parameters={"portNumber": ("22",)},
        )

    assert refused.value.problem is Problem.INVALID_PARAMETERS


@pytest.mark.parametrize("target", ["i-00000000000000000", "mi-00000000000000000", "nonsense", "*"])
async def test_a_target_that_is_not_there_is_not_connected(world: FakeWorld, target: str) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)

    with pytest.raises(OperationRefused) as refused:
        await start_session(
            world.call(admin, "ssm:StartSession"), target=target, parameters=NO_PARAMETERS
        )

    assert refused.value.problem is Problem.TARGET_NOT_CONNECTED
    assert refused.value.message == f"{target} is not connected."
    assert await all_sessions(world, account_id) == []


async def test_a_node_without_a_line_leaves_no_row(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, online=False)
    admin = await world.administrator(account_id)

    with pytest.raises(OperationRefused, match="is not connected"):
        await start(world, admin, node)

    assert await all_sessions(world, account_id) == []


async def test_an_order_that_nobody_takes_leaves_a_failed_session(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, online=False)
    admin = await world.administrator(account_id)
    await world.store.write(account_id, lambda tx: tx.nodes.put(online(node, world)))

    with pytest.raises(OperationRefused) as refused:
        await start(world, admin, node)

    (session,) = await all_sessions(world, account_id)
    assert refused.value.problem is Problem.TARGET_NOT_CONNECTED
    assert session.status is SessionStatus.FAILED
    assert session.details == f"the node could not start it: {node.node_id} is not connected."
    assert session.ended_at == world.clock.now()


async def test_an_order_that_nobody_takes_is_no_success_in_the_audit(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, online=False)
    admin = await world.administrator(account_id)
    await world.store.write(account_id, lambda tx: tx.nodes.put(online(node, world)))
    call = world.call(admin, "ssm:StartSession")

    with pytest.raises(OperationRefused) as refused:
        await start_session(call, target=node.node_id, parameters={})
    await call.record(error_code="TargetNotConnected", error_message=refused.value.message)

    (session,) = await all_sessions(world, account_id)
    events = await world.events(account_id)
    told = {event.name: (event.error_code, event.response) for event in events}
    assert told == {
        "SessionEnded": ("SessionFailed", session.details),
        "StartSession": ("TargetNotConnected", ""),
    }
    assert len(events) == 2
    assert any(session.session_id in resource for resource in events[-1].resources)


async def test_the_event_is_kept_before_anybody_gets_a_token(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)

    started = await start(world, admin, node)

    (event,) = await world.events(account_id)
    assert (event.name, event.error_code) == ("StartSession", "")
    assert any(started.session_id in resource for resource in event.resources)


def online(node: Node, world: FakeWorld) -> Node:
    """Return the node as its row says while its gateway has just died."""
    return replace(node, connected_at=world.clock.now())


async def test_the_owner_may_resume_and_the_old_token_stops(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", limited(account_id, node.node_id))
    started = await start(world, ann, node)

    resumed = await resume_session(world.call(ann, "ssm:ResumeSession"), started.session_id)

    assert resumed.token
    assert resumed.token != started.token
    assert resumed.stream_url == started.stream_url


@pytest.mark.parametrize("operation", ["ResumeSession", "TerminateSession"])
async def test_another_user_with_the_same_policy_is_refused(
    world: FakeWorld, operation: str
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", limited(account_id, node.node_id))
    bea = await world.user(account_id, "bea", limited(account_id, node.node_id))
    started = await start(world, ann, node)
    call = world.call(bea, f"ssm:{operation}")

    with pytest.raises(AccessDenied) as denied:
        await END_OR_RESUME[operation](call, started.session_id)

    resource = f"arn:aws:ssm:{REGION}:{account_id}:session/{started.session_id}"
    assert f"ssm:{operation} on resource: {resource} because" in denied.value.message
    session = await kept(world, account_id, started.session_id)
    assert session.status is SessionStatus.CONNECTING


END_OR_RESUME = {"ResumeSession": resume_session, "TerminateSession": terminate_session}


@pytest.mark.parametrize(
    "pattern", ["session/ann-*", "session/${aws:username}-*", "session/${aws:userid}-*"]
)
async def test_a_session_answers_to_its_id_and_its_owners_userid(
    world: FakeWorld, pattern: str
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(
        account_id,
        "ann",
        policy("ssm:StartSession"),
        policy("ssm:TerminateSession", f"arn:aws:ssm:*:*:{pattern}"),
    )
    started = await start(world, ann, node)

    ended = await terminate_session(world.call(ann, "ssm:TerminateSession"), started.session_id)

    assert ended == started.session_id


async def test_a_role_session_owns_what_it_started(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    role = await world.role(account_id, "Operators", limited(account_id, node.node_id))
    call = world.call(role, "ssm:StartSession", session_name="ann@example.com")

    started = await start_session(call, target=node.node_id, parameters=NO_PARAMETERS)

    assert started.session_id.startswith("ann@example.com-")
    others = world.call(role, "ssm:TerminateSession", session_name="bea")
    with pytest.raises(AccessDenied):
        await terminate_session(others, started.session_id)
    own = world.call(role, "ssm:TerminateSession", session_name="ann@example.com")
    assert await terminate_session(own, started.session_id) == started.session_id


async def test_the_session_tag_of_the_owner_can_be_a_condition(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    condition = {"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": ["${aws:userid}"]}}
    rule = policy("ssm:TerminateSession", "*", Condition=condition)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession"), rule)
    bea = await world.user(account_id, "bea", rule)
    started = await start(world, ann, node)

    with pytest.raises(AccessDenied):
        await terminate_session(world.call(bea, "ssm:TerminateSession"), started.session_id)
    await terminate_session(world.call(ann, "ssm:TerminateSession"), started.session_id)


async def test_terminating_tells_relay_and_node_and_is_idempotent(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    started = await start(world, admin, node)
    ends: list[bytes] = []

    async def relay(order: bytes) -> bytes:
        ends.append(order)
        return b""

    world.bus.subscribe(session_subject(account_id, started.session_id), relay)
    call = world.call(admin, "ssm:TerminateSession")
    await terminate_session(call, started.session_id)

    session = await kept(world, account_id, started.session_id)
    assert session.status is SessionStatus.TERMINATING
    assert json.loads(ends[0])["end"] == "terminated by request"
    assert admin.arn in json.loads(ends[0])["output"]
    assert len(world.orders[node.node_id]) == 2


async def test_terminating_without_a_relay_writes_the_end_itself(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    started = await start(world, admin, node)

    for _ in range(2):
        await terminate_session(world.call(admin, "ssm:TerminateSession"), started.session_id)

    session = await kept(world, account_id, started.session_id)
    assert session.status is SessionStatus.TERMINATED
    assert session.details.startswith("terminated by request: Session terminated by arn:")
    names = [event.name for event in await world.events(account_id)]
    assert names == ["StartSession", "TerminateSession", "SessionEnded"]


async def test_terminating_an_unknown_session_succeeds_for_those_who_may(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    ann = await world.user(account_id, "ann")
    unknown = "ann-00000000000000000"

    ended = await terminate_session(world.call(admin, "ssm:TerminateSession"), unknown)

    assert ended == unknown
    with pytest.raises(AccessDenied):
        await terminate_session(world.call(ann, "ssm:TerminateSession"), unknown)


async def test_resuming_tells_unknown_from_over(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    started = await start(world, admin, node)
    await terminate_session(world.call(admin, "ssm:TerminateSession"), started.session_id)

    over = await resume_session(world.call(admin, "ssm:ResumeSession"), started.session_id)

    assert over.token == ""
    with pytest.raises(OperationRefused) as refused:
        await resume_session(world.call(admin, "ssm:ResumeSession"), "admin-00000000000000000")
    assert refused.value.problem is Problem.SESSION_UNKNOWN


async def listed(
    call: Call, *filters: SessionFilter, active: bool = True, limit: int = 50, token: str = ""
) -> tuple[list[str], str]:
    page = await describe_sessions(
        call, active=active, filters=filters, next_token=token, limit=limit
    )
    return [session.session_id for session in page.sessions], page.next_token


async def test_history_holds_what_is_over_with_its_owner(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", limited(account_id, node.node_id))
    first = await start(world, ann, node)
    world.pass_time(seconds=5)
    second = await start(world, ann, node)
    await terminate_session(world.call(ann, "ssm:TerminateSession"), first.session_id)
    call = world.call(ann, "ssm:DescribeSessions")

    assert await listed(call) == ([second.session_id], "")
    assert await listed(call, active=False) == ([first.session_id], "")


async def test_every_filter_tells_two_sessions_apart(world: FakeWorld) -> None:
    account_id = await world.account()
    nodes = await world.node(account_id), await world.node(account_id)
    ann, bea = (
        await world.administrator(account_id, "ann"),
        await world.administrator(account_id, "bea"),
    )
    first = await start(world, ann, nodes[0])
    world.pass_time(hours=1)
    second = await start(world, bea, nodes[1])
    between = (world.clock.now() - timedelta(minutes=30)).isoformat()
    call = world.call(ann, "ssm:DescribeSessions")

    for key, value, expected in (
        ("InvokedBefore", between, first),
        ("InvokedAfter", between, second),
        ("InvokedAfter", between.removesuffix("+00:00") + "Z", second),
        ("Target", nodes[0].node_id, first),
        ("Owner", bea.arn, second),
        ("SessionId", first.session_id, first),
    ):
        found, _ = await listed(call, SessionFilter(key=key, value=value))
        assert found == [expected.session_id], key
    both = [second.session_id, first.session_id]
    assert await listed(call, SessionFilter(key="Status", value="Connecting")) == (both, "")
    assert await listed(call, SessionFilter(key="Status", value="Connected")) == ([], "")
    assert await listed(call, SessionFilter(key="AccessType", value="Standard")) == (both, "")
    two = (
        SessionFilter(key="Owner", value=bea.arn),
        SessionFilter(key="Target", value=nodes[0].node_id),
    )
    assert await listed(call, *two) == ([], "")


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("Colour", "red", Problem.INVALID_FILTER_KEY),
        ("InvokedAfter", "yesterday", Problem.INVALID_FILTER),
    ],
)
async def test_a_wrong_filter_is_refused_even_when_there_is_no_session(
    world: FakeWorld, key: str, value: str, problem: Problem
) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    call = world.call(admin, "ssm:DescribeSessions")

    with pytest.raises(OperationRefused) as refused:
        await listed(call, SessionFilter(key=key, value=value))

    assert refused.value.problem is problem


async def test_pages_hold_every_session_once_newest_first(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    wanted = [(await start(world, admin, node)).session_id for _ in range(7)]
    call = world.call(admin, "ssm:DescribeSessions")

    found: list[str] = []
    token = ""
    for _ in range(3):
        page, token = await listed(call, limit=3, token=token)
        found += page

    assert token == ""
    assert sorted(found) == sorted(wanted)
    assert found == sorted(wanted, reverse=True)  # all began at once: then by id


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "ü", "=", "\ud800"])
async def test_a_foreign_page_token_is_refused(world: FakeWorld, token: str) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)

    with pytest.raises(OperationRefused) as refused:
        await listed(world.call(admin, "ssm:DescribeSessions"), token=token)

    assert refused.value.problem is Problem.INVALID_NEXT_TOKEN


async def test_the_event_of_a_start_names_node_and_session_and_no_token(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)

    started = await start(world, admin, node)

    (event,) = await world.events(account_id)
    assert event.resources == (
        f"arn:aws:ec2:{REGION}:{account_id}:instance/{node.node_id}",
        f"arn:aws:ssm:{REGION}:{account_id}:session/{started.session_id}",
    )
    assert started.token not in repr(event)


async def test_the_session_is_in_its_event(world: FakeWorld) -> None:
    node = await world.node(await world.account())
    call = world.call(await world.administrator(node.account_id), "ssm:StartSession")

    started = await start_session(call, target=node.node_id, parameters={})

    (event,) = await world.events(node.account_id)
    assert event.response == f'{{"sessionId": "{started.session_id}"}}'
    assert started.token not in repr(event)
