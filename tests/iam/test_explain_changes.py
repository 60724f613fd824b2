"""What is proposed turns a denial, and grants no more than was asked for."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.iam.drawn import EXAMPLES
from tests.iam.subjects import ACCOUNT, NODE_ARN, SSH_ARN, node, source, start_on, trust, user

from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.explain import explain
from mooring.iam.explain_changes import Change, ChangeKind, changes
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.reach_formula import Verdict, verdict
from mooring.iam.reach_request import Subject, Thing, ask

NOTHING = {"Action": "ec2:Nothing", "Resource": "*"}


def proposed(subject: Subject, thing: Thing) -> tuple[Change, ...]:
    return changes(subject, [(thing, explain([ask(subject, thing)]))])


def test_a_missing_allow_is_a_statement_to_add() -> None:
    (change,) = proposed(user("ann", NOTHING), node())

    assert change.kind is ChangeKind.ADD
    assert change.policy_kind is PolicyKind.IDENTITY
    assert json.loads(change.statement) == {
        "Effect": "Allow",
        "Action": "ssm:StartSession",
        "Resource": NODE_ARN,
    }
    assert change.text == f"allow it in a policy of arn:aws:iam::{ACCOUNT}:user/ann"


def test_an_action_without_resource_is_allowed_on_all() -> None:
    thing = Thing(
        action="ssm:DescribeSessions", names=(f"arn:aws:ssm:r:{ACCOUNT}:*", "*"), region="r"
    )

    (change,) = proposed(user("ann"), thing)

    assert json.loads(change.statement)["Resource"] == "*"


def test_a_deny_spares_the_principal_beside_whom_it_spared() -> None:
    spared = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::1:user/bob"}}
    ann = user("ann", start_on(), start_on(Effect="Deny", Condition=spared))

    (change,) = proposed(ann, node())

    assert (change.kind, change.number) == (ChangeKind.REPLACE, 1)
    condition = json.loads(change.statement)["Condition"]
    assert condition["ArnNotEquals"]["aws:PrincipalArn"] == ["arn:aws:iam::1:user/bob", ann.arn]


def test_a_boundary_is_named_and_a_trust_policy_gets_a_principal() -> None:
    boundary = source(NOTHING, kind=PolicyKind.BOUNDARY, name="arn:aws:iam::1:policy/Limit")
    ann = user("ann", start_on())
    bounded = replace(ann, policies=replace(ann.policies, boundary=boundary))
    role = Thing(
        action="sts:AssumeRole",
        names=(f"arn:aws:iam::{ACCOUNT}:role/ops",),
        region="r",
        account_id=ACCOUNT,
        trust=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}),
    )

    (limit,) = proposed(bounded, node())
    trusting, *_ = proposed(ann, role)

    assert limit.text == "allow it in the permissions boundary `arn:aws:iam::1:policy/Limit`"
    assert json.loads(trusting.statement) == {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": ann.arn},
    }


def test_the_same_change_for_two_questions_is_proposed_once() -> None:
    ann = user("ann", start_on(Effect="Deny"), start_on())
    document = replace(node(), names=(SSH_ARN,), account_id="")

    listed = changes(ann, [(thing, explain([ask(ann, thing)])) for thing in (node(), document)])

    assert len(listed) == 1


statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from(["ssm:*", "ssm:StartSession", "ec2:*"]),
        "Resource": st.sampled_from(["*", NODE_ARN, SSH_ARN]),
        "Condition": st.sampled_from(
            [
                {},
                {"StringEquals": {"aws:ResourceTag/team": "blue"}},
                {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::1:user/bob"}},
            ]
        ),
    }
)
drawn = st.lists(statements, min_size=1, max_size=3)


def applied(source: PolicySource, kind: PolicyKind, listed: list[Change]) -> PolicySource:
    texts = [json.loads(statement.text) for statement in source.policy.statements]
    for change in listed:
        if change.policy_kind is not kind:
            continue
        if change.number is None:
            texts.append(json.loads(change.statement))
        elif change.policy == source:
            texts[change.number] = json.loads(change.statement)
    text = json.dumps({"Version": "2012-10-17", "Statement": texts})
    return replace(source, policy=parse_policy(text, kind=kind))


@settings(max_examples=EXAMPLES, deadline=None)
@given(identity=drawn, boundary=st.none() | drawn, levels=st.lists(drawn, max_size=2))
def test_all_changes_together_turn_the_answer(
    identity: list[dict[str, object]],
    boundary: list[dict[str, object]] | None,
    levels: list[list[dict[str, object]]],
) -> None:
    own = source(*identity, name="own")
    limit = None if boundary is None else source(*boundary, kind=PolicyKind.BOUNDARY, name="limit")
    scps = tuple(
        (source(*level, kind=PolicyKind.SCP, name=f"level-{number}"),)
        for number, level in enumerate(levels)
    )
    subject = replace(user("ann"), policies=PolicySet(identity=(own,), boundary=limit, scps=scps))

    listed = list(proposed(subject, node()))
    after = PolicySet(
        identity=(applied(own, PolicyKind.IDENTITY, listed),),
        boundary=None if limit is None else applied(limit, PolicyKind.BOUNDARY, listed),
        scps=tuple(tuple(applied(one, PolicyKind.SCP, listed) for one in level) for level in scps),
    )

    assert verdict(ask(replace(subject, policies=after), node()).formula) is Verdict.YES
    assert bool(listed) is (verdict(ask(subject, node()).formula) is Verdict.NO)
