"""What is explained is what happens, and whoever may not ask learns nothing."""

import json

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy
from tests.operations.organization import make_house

from mooring.iam.identity import EntityKind, Role, User
from mooring.iam.policy import PolicyKind
from mooring.iam.reach_formula import Verdict
from mooring.operations.explain import Access, AccessQuestion, explain_access
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.sessions import start_session
from mooring.ports.tables import Transaction

FROM_HERE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
ELSEWHERE = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}


async def explained(
    world: FakeWorld, admin: User, of: User | Role, action: str, resource: str = "", **more: object
) -> Access:
    question = AccessQuestion(principal=of.arn, action=action, resource=resource, **more)  # type: ignore[arg-type]  # by name
    return await explain_access(world.call(admin, "mooring:ExplainAccess"), question)


async def starts(world: FakeWorld, who: User, node_id: str) -> bool:
    try:
        await start_session(
            world.call(who, "ssm:StartSession"), target=node_id, reason="", parameters={}
        )
    except AccessDenied:
        return False
    return True


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (policy("ssm:StartSession"), Verdict.YES),
        (policy("ssm:StartSession", "arn:aws:ec2:*:*:instance/*"), Verdict.YES),
        (policy("ssm:StartSession", "arn:aws:ec2:*:*:instance/i-1"), Verdict.NO),
        (policy("ssm:StartSession", Condition=FROM_HERE), Verdict.ONLY_IF),
        (policy("ssm:StartSession", Condition=ELSEWHERE), Verdict.ONLY_IF),
        (
            policy(
                "ssm:StartSession", Condition={"StringEquals": {"ssm:resourceTag/team": "blue"}}
            ),
            Verdict.YES,
        ),
        (
            policy(
                "ssm:StartSession",
                "arn:aws:ec2:*:*:instance/*",
                Condition={"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}},
            ),
            Verdict.NO,
        ),
    ],
)
async def test_the_answer_is_what_a_start_gets(
    world: FakeWorld, document: str, expected: Verdict
) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    ann = await world.user(account_id, "ann", document)
    node = await world.node(account_id, tags={"team": "blue"})

    access = await explained(world, admin, ann, "ssm:StartSession", node.node_id)
    happened = await starts(world, ann, node.node_id)

    assert access.explanation.verdict is expected
    if expected is not Verdict.ONLY_IF:
        assert happened is (expected is Verdict.YES)
    assert happened is ("192.0.2.0" in document or expected is Verdict.YES)


async def test_what_the_asker_says_of_the_request_counts(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:StartSession", Condition=FROM_HERE))
    node = await world.node(account_id)

    answers = [
        await explained(
            world,
            admin,
            ann,
            "ssm:StartSession",
            node.node_id,
            context={"aws:SourceIp": (address,)},
        )
        for address in ("192.0.2.7", "10.0.0.1")
    ]

    assert [answer.explanation.verdict for answer in answers] == [Verdict.YES, Verdict.NO]


async def test_a_denial_reads_as_the_caller_would_read_it(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    ann = await world.user(account_id, "ann")
    node = await world.node(account_id)

    access = await explained(world, admin, ann, "ssm:StartSession", node.node_id)

    with pytest.raises(AccessDenied) as refused:
        await start_session(
            world.call(ann, "ssm:StartSession"), target=node.node_id, reason="", parameters={}
        )
    assert access.message == refused.value.message
    assert access.explanation.denied_by is PolicyKind.IDENTITY


async def test_what_is_proposed_makes_the_start_succeed(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    ann = await world.user(account_id, "ann", policy("ssm:Describe*"))
    node = await world.node(account_id)
    other = await world.node(account_id)

    (change,) = (await explained(world, admin, ann, "ssm:StartSession", node.node_id)).changes
    text = json.dumps({"Version": "2012-10-17", "Statement": [json.loads(change.statement)]})

    def put(tx: Transaction) -> None:
        tx.identities.put_inline(EntityKind.USER, "ann", "more", text)

    await world.store.write(account_id, put)

    assert await starts(world, ann, node.node_id)
    assert not await starts(world, ann, other.node_id)


async def test_a_named_document_needs_its_own_grant(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    nodes = policy("ssm:StartSession", "arn:aws:ec2:*:*:instance/*")
    ann = await world.user(account_id, "ann", nodes)
    node = await world.node(account_id)

    access = await explained(
        world, admin, ann, "ssm:StartSession", node.node_id, document="AWS-StartSSHSession"
    )

    (change,) = access.changes
    assert access.explanation.verdict is Verdict.NO
    assert access.resources == ("arn:aws:ssm:ap-northeast-1::document/AWS-StartSSHSession",)
    assert json.loads(change.statement)["Resource"] == access.resources[0]
    assert [near.because.partition(" ")[0] for near in access.near] == ["it"]


async def test_a_boundary_that_denies_is_named(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    limit = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
    ann = await world.user(account_id, "ann", managed=(ADMINISTRATOR,), boundary_arn=limit)

    looks = await explained(world, admin, ann, "ssm:DescribeSessions")
    acts = await explained(world, admin, ann, "iam:CreateUser")

    assert looks.explanation.verdict is Verdict.YES
    assert acts.explanation.denied_by is PolicyKind.BOUNDARY
    assert [change.text for change in acts.changes] == [
        f"allow it in the permissions boundary `{limit}`"
    ]


async def test_a_role_is_asked_in_any_session_or_in_one(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    own = policy("ssm:TerminateSession", "arn:aws:ssm:*:*:session/${aws:userid}-*")
    ops = await world.role(account_id, "Ops", own)
    session = f"arn:aws:ssm:ap-northeast-1:{account_id}:session/{ops.role_id}:ann-1"
    call = world.call(admin, "mooring:ExplainAccess")

    answers = [
        await explain_access(
            call,
            AccessQuestion(principal=arn, action="ssm:TerminateSession", resource=session),
        )
        for arn in (
            ops.arn,
            f"arn:aws:sts::{account_id}:assumed-role/Ops/ann",
            f"arn:aws:sts::{account_id}:assumed-role/Ops/bob",
        )
    ]

    assert [answer.explanation.verdict for answer in answers] == [
        Verdict.ONLY_IF,
        Verdict.YES,
        Verdict.NO,
    ]


async def test_who_may_not_ask_learns_nothing(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann", managed=("arn:aws:iam::aws:policy/IAMFullAccess",))
    call = world.call(user, "mooring:ExplainAccess")

    for arn in (user.arn, f"arn:aws:iam::{account_id}:user/nobody"):
        with pytest.raises(AccessDenied, match="mooring:ExplainAccess"):
            await explain_access(call, AccessQuestion(principal=arn, action="ssm:StartSession"))


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"action": "StartSession"}, Problem.INVALID_VALUE),
        ({"resource": "web-1"}, Problem.INVALID_VALUE),
        ({"principal": "arn:aws:iam::{}:user/nobody"}, Problem.SUBJECT_UNKNOWN),
        ({"principal": "arn:aws:iam::999999999999:user/ann"}, Problem.SUBJECT_UNKNOWN),
        ({"resource": "arn:aws:iam::{}:role/none"}, Problem.SUBJECT_UNKNOWN),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    world: FakeWorld, wrong: dict[str, str], problem: Problem
) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    given = {"principal": admin.arn, "action": "ssm:StartSession"} | {
        name: value.format(account_id) for name, value in wrong.items()
    }

    with pytest.raises(OperationRefused) as refused:
        await explain_access(world.call(admin, "mooring:ExplainAccess"), AccessQuestion(**given))  # type: ignore[arg-type]  # by name

    assert refused.value.problem is problem


async def test_a_control_policy_of_the_organization_is_named(world: FakeWorld) -> None:
    house = await make_house(world)
    admin = await world.administrator(house.member_id)
    await house.bind(policy("ssm:DescribeSessions", Effect="Deny"), house.unit.unit_id)

    denied = await explained(world, admin, admin, "ssm:DescribeSessions")
    allowed = await explained(world, admin, admin, "ssm:ListDocuments")

    assert denied.explanation.denied_by is PolicyKind.SCP
    assert denied.explanation.is_explicit
    assert allowed.explanation.verdict is Verdict.YES


async def test_keys_of_the_organization_count(world: FakeWorld) -> None:
    house = await make_house(world)
    admin = await world.administrator(house.member_id)
    organization_id = house.organization.organization_id
    condition = {"StringEquals": {"aws:ResourceOrgID": organization_id}}
    ann = await world.user(house.member_id, "ann", policy("ssm:*", Condition=condition))
    node = await world.node(house.member_id)

    access = await explained(world, admin, ann, "ssm:StartSession", node.node_id)

    assert access.explanation.verdict is Verdict.YES
    assert await starts(world, ann, node.node_id)
