"""StartSession with a document: what is asked, kept and ordered, and what is refused when."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.fakes.world import REGION, FakeWorld, policy
from tests.operations.document_bodies import PORT, log_file, make

from mooring.fleet.node import Node
from mooring.iam.identity import User
from mooring.operations.documents_share import modify_shares
from mooring.operations.documents_start import asked_again, resolve_start
from mooring.operations.documents_write import DocumentText, set_default_version, update_document
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.sessions import start_session
from mooring.sessions.document_record import SessionPlan
from mooring.sessions.session import Session
from mooring.wire.agent_message import AgentMessage, DigestRule
from mooring.wire.session_order import SessionOrder, SessionType

DEFAULT = "SSM-SessionManagerRunShell"
REMOTE = "AWS-StartPortForwardingSessionToRemoteHost"
NOTHING: Mapping[str, tuple[str, ...]] = {}


async def start(
    world: FakeWorld,
    user: User,
    node: Node,
    document: str = "",
    parameters: Mapping[str, tuple[str, ...]] = NOTHING,
) -> str:
    started = await start_session(
        world.call(user, "ssm:StartSession"),
        target=node.node_id,
        document_name=document,
        parameters=parameters,
    )
    return started.session_id


def payload_of(world: FakeWorld, node: Node) -> bytes:
    frame = world.orders[node.node_id][-1]
    message = AgentMessage.parse(frame, max_payload=1 << 20, digest_rule=DigestRule.ENFORCED)
    return bytes(message.payload)


def order(world: FakeWorld, node: Node) -> SessionOrder:
    return SessionOrder.parse(payload_of(world, node))


def content(world: FakeWorld, node: Node) -> dict[str, object]:
    payload = json.loads(payload_of(world, node))
    read: dict[str, object] = json.loads(payload["Content"])
    return read


async def kept(world: FakeWorld, user: User, session_id: str) -> tuple[Session, SessionPlan]:
    session = await world.store.read(user.account_id, lambda tx: tx.sessions.get(session_id))
    plan = await world.store.read(user.account_id, lambda tx: tx.session_plans.get(session_id))
    assert session is not None
    assert plan is not None
    return session, plan


def preferences(**inputs: object) -> str:
    body = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs}
    return json.dumps(body)


def allowing(condition: Mapping[str, Mapping[str, str]]) -> str:
    return policy("ssm:StartSession", "*", Condition=condition)


async def test_a_forward_is_ordered_with_everything_filled_in(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)

    session_id = await start(
        world, user, node, REMOTE, {"host": ("db.example",), "portNumber": ("5432",)}
    )

    assert content(world, node) == {
        "DocumentName": REMOTE,
        "DocumentContent": {
            "schemaVersion": "1.0",
            "description": "Forward a local port to a port of a host that a node can reach",
            "sessionType": "Port",
            "inputs": {
                "s3BucketName": "",
                "s3KeyPrefix": "",
                "s3EncryptionEnabled": False,
                "cloudWatchLogGroupName": "",
                "cloudWatchStreamingEnabled": False,
                "cloudWatchEncryptionEnabled": False,
                "kmsKeyId": "",
                "runAsEnabled": False,
                "runAsDefaultUser": "",
                "shellProfile": {"windows": "", "linux": ""},
            },
            "properties": {
                "portNumber": "5432",
                "type": "LocalPortForwarding",
                "localPortNumber": "0",
                "host": "db.example",
            },
        },
        "SessionId": session_id,
        "Parameters": {},
        "RunAsUser": "",
        "SessionOwner": user.arn,
    }


async def test_what_a_session_was_to_do_is_kept(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, user)

    session_id = await start(world, user, node, "Mine")

    session, plan = await kept(world, user, session_id)
    assert session.document_name == "Mine"
    assert plan == SessionPlan(
        account_id=user.account_id,
        session_id=session_id,
        document_arn=f"arn:aws:ssm:{REGION}:{user.account_id}:document/Mine",
        document_version=1,
        session_type="Port",
        parameters={"portNumber": "5432"},
        properties={"portNumber": "5432", "host": "db.example"},
    )


@pytest.mark.parametrize(
    ("document", "session_type"),
    [
        ("AWS-StartInteractiveCommand", SessionType.INTERACTIVE_COMMANDS),
        ("AWS-StartNonInteractiveCommand", SessionType.NON_INTERACTIVE_COMMANDS),
    ],
)
async def test_commands_are_ordered_as_texts(
    world: FakeWorld, document: str, session_type: SessionType
) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)

    await start(world, user, node, document, {"command": ("echo $$ {{ command }}",)})

    ordered = order(world, node)
    assert ordered.session_type is session_type
    linux = ordered.properties["linux"]
    assert isinstance(linux, Mapping)
    assert linux["commands"] == "echo $$ {{ command }}"
    assert linux["runAsElevated"] is False


@pytest.mark.parametrize(
    ("document", "parameters", "problem"),
    [
        ("Nothing", NOTHING, Problem.INVALID_DOCUMENT),
        ("AWS-Nothing", NOTHING, Problem.INVALID_DOCUMENT),
        ("Mine", {"portNumber": ("22",)}, Problem.INVALID_PARAMETERS),
        ("Mine", {"other": ("22",)}, Problem.INVALID_PARAMETERS),
        (REMOTE, {"host": ("169.254.169.254",)}, Problem.INVALID_PARAMETERS),
        (DEFAULT, {"portNumber": ("22",)}, Problem.INVALID_PARAMETERS),
        ("AWS-StartInteractiveCommand", NOTHING, Problem.INVALID_PARAMETERS),
    ],
)
async def test_what_cannot_be_started_leaves_nothing(
    world: FakeWorld,
    document: str,
    parameters: Mapping[str, tuple[str, ...]],
    problem: Problem,
) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, user)

    with pytest.raises(OperationRefused) as refused:
        await start(world, user, node, document, parameters)

    assert refused.value.problem is problem
    assert world.orders[node.node_id] == []
    page = await world.store.read(
        user.account_id, lambda tx: tx.sessions.page(active=True, before=None, limit=9)
    )
    assert page == []


async def test_who_may_not_start_learns_nothing_of_documents(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    await make(world, await world.administrator(account_id))
    ann = await world.user(account_id, "ann", policy("ssm:StartSession", "arn:aws:ec2:*:*:*"))

    for document in ("Mine", "Nothing"):
        with pytest.raises(AccessDenied) as denied:
            await start(world, ann, node, document, {"portNumber": ("x",)})
        assert f"document/{document} because" in denied.value.message


@pytest.mark.parametrize(
    ("condition", "parameters", "allowed"),
    [
        ({"StringEquals": {"mooring:PortNumber": "5432"}}, {"portNumber": ("5432",)}, True),
        ({"StringEquals": {"mooring:PortNumber": "5432"}}, {"portNumber": ("22",)}, False),
        ({"NumericLessThan": {"mooring:PortNumber": "1024"}}, {"portNumber": ("22",)}, True),
        ({"StringEquals": {"mooring:Host": "db.example"}}, {"host": ("DB.Example.",)}, True),
        ({"StringLike": {"mooring:Host": "*.example"}}, {"host": ("evil.test",)}, False),
        ({"StringEquals": {"mooring:Host": "localhost"}}, NOTHING, True),
        ({"Null": {"mooring:RunAsUser": "true"}}, NOTHING, True),
    ],
)
async def test_policies_judge_ports_and_hosts(
    world: FakeWorld,
    condition: Mapping[str, Mapping[str, str]],
    parameters: Mapping[str, tuple[str, ...]],
    *,
    allowed: bool,
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    ann = await world.user(account_id, "ann", allowing(condition))

    if allowed:
        assert await start(world, ann, node, REMOTE, parameters)
    else:
        with pytest.raises(AccessDenied):
            await start(world, ann, node, REMOTE, parameters)


async def test_the_tag_of_a_document_counts_for_the_document(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, tags={"team": "web"})
    await make(world, await world.administrator(account_id))
    condition = {"StringEquals": {"ssm:resourceTag/team": "web"}}
    ann = await world.user(account_id, "ann", allowing(condition))

    with pytest.raises(AccessDenied, match="document/Mine"):
        await start(world, ann, node, "Mine")


async def test_an_accounts_preferences_hold_for_its_shells_in_their_latest_version(
    world: FakeWorld,
) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, user, DEFAULT, preferences(idleSessionTimeout="5"))
    await update_document(
        world.call(user, "ssm:UpdateDocument"),
        DEFAULT,
        DocumentText(
            content=preferences(
                idleSessionTimeout="20",
                maxSessionDuration="60",
                shellProfile={"linux": "cd /srv"},
            )
        ),
    )

    session_id = await start(world, user, node)

    session, plan = await kept(world, user, session_id)
    assert (session.document_name, plan.document_version) == (DEFAULT, 2)
    assert plan.idle_timeout == timedelta(minutes=20)
    assert plan.max_duration == timedelta(hours=1)
    assert order(world, node).inputs.shell_profile_linux == "cd /srv"


async def test_any_other_document_runs_in_its_default_version(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, user)
    await update_document(
        world.call(user, "ssm:UpdateDocument"), "Mine", DocumentText(content=log_file("/a"))
    )

    await start(world, user, node, "Mine")
    first = order(world, node).session_type
    await set_default_version(world.call(user, "ssm:UpdateDocumentDefaultVersion"), "Mine", "2")
    await start(world, user, node, "Mine")

    assert (first, order(world, node).session_type) == (
        SessionType.PORT,
        SessionType.INTERACTIVE_COMMANDS,
    )


@pytest.mark.parametrize(("tags", "expected"), [({}, "ops"), ({"SSMSessionRunAs": "ann"}, "ann")])
async def test_the_run_as_user_is_in_the_order_the_row_and_the_question(
    world: FakeWorld, tags: Mapping[str, str], expected: str
) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    admin = await world.administrator(account_id)
    inputs = preferences(runAsEnabled=True, runAsDefaultUser="ops")
    await make(world, admin, DEFAULT, inputs)
    only = allowing({"StringEquals": {"mooring:RunAsUser": expected}})
    ann = await world.user(account_id, "ann", only, tags=tags)

    session_id = await start(world, ann, node)

    session, _ = await kept(world, ann, session_id)
    assert session.run_as == expected
    assert order(world, node).run_as_user == expected


async def test_a_session_that_must_name_a_user_and_does_not_is_refused(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, user, DEFAULT, preferences(runAsEnabled=True))

    with pytest.raises(OperationRefused, match="SSMSessionRunAs"):
        await start(world, user, node)

    assert world.orders[node.node_id] == []


async def test_a_shared_document_is_started_by_its_arn(world: FakeWorld) -> None:
    owner = await world.administrator(await world.account())
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, owner, content=PORT)
    arn = f"arn:aws:ssm:{REGION}:{owner.account_id}:document/Mine"
    call = world.call(owner, "ssm:ModifyDocumentPermission")
    await modify_shares(call, "Mine", add=[user.account_id], remove=[])

    session_id = await start(world, user, node, arn)

    session, plan = await kept(world, user, session_id)
    assert (session.document_name, plan.document_arn) == (arn, arn)
    assert content(world, node)["DocumentName"] == "Mine"


async def test_a_running_session_is_asked_about_as_it_runs(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())
    node = await world.node(user.account_id)
    await make(world, user)
    session_id = await start(world, user, node, "Mine", {"portNumber": ("5433",)})
    session, plan = await kept(world, user, session_id)
    await update_document(
        world.call(user, "ssm:UpdateDocument"), "Mine", DocumentText(content=log_file("/a"))
    )

    asked = await asked_again(world.call(user, "ssm:StartSession"), session)

    assert asked.resource == plan.document_arn
    assert asked.extra == {"mooring:PortNumber": ("5433",), "mooring:Host": ("db.example",)}


async def test_a_refusal_waits_until_it_is_asked_for(world: FakeWorld) -> None:
    user = await world.administrator(await world.account())

    found = await resolve_start(world.call(user, "ssm:StartSession"), "Nothing", NOTHING)

    assert found.asked.resource.endswith(":document/Nothing")
    with pytest.raises(OperationRefused, match="Document with name Nothing does not exist"):
        found.check()
