"""An explanation names the statements that speak, what the answer hangs on, and what lacks."""

from dataclasses import replace

from tests.iam.subjects import (
    FROM_HOME,
    NODE_ARN,
    SSH_ARN,
    node,
    source,
    start_on,
    user,
)

from mooring.iam.evaluate import PolicySet
from mooring.iam.explain import explain, near_misses
from mooring.iam.policy import PolicyKind
from mooring.iam.reach_formula import Verdict
from mooring.iam.reach_request import Subject, ask

NOTHING = {"Action": "ec2:Nothing", "Resource": "*"}


def limited(subject: Subject, **more: object) -> Subject:
    return replace(subject, policies=replace(subject.policies, **more))  # type: ignore[arg-type]  # by name


def test_an_allow_names_its_statement_and_hangs_on_nothing() -> None:
    ann = user("ann", NOTHING, start_on(NODE_ARN))

    told = explain([ask(ann, node())])

    assert told.verdict is Verdict.YES
    assert told.requirements == ()
    assert [(said.match.statement, said.kind, said.verdict) for said in told.said] == [
        (1, PolicyKind.IDENTITY, Verdict.YES)
    ]


def test_a_doubt_lists_what_must_be_so() -> None:
    deny = start_on(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})
    ann = user("ann", start_on(Condition=FROM_HOME), deny)

    told = explain([ask(ann, node())])

    assert told.verdict is Verdict.ONLY_IF
    assert set(told.requirements) == {
        "aws:sourceip is in `10.0.0.0/8`",
        "not (aws:securetransport is `false`)",
    }
    assert [said.match.statement for said in told.said] == [1, 0]
    assert told.said[0].statement.sid is None


def test_a_deny_that_applies_is_explicit_and_named() -> None:
    ann = user("ann", start_on(), start_on(Effect="Deny"))

    told = explain([ask(ann, node())])

    assert (told.verdict, told.is_explicit, told.denied_by) == (
        Verdict.NO,
        True,
        PolicyKind.IDENTITY,
    )
    assert [said.match.statement for said in told.said] == [1]


def test_every_kind_that_lacks_an_allow_is_told_in_order() -> None:
    nothing = source(NOTHING, kind=PolicyKind.BOUNDARY)
    ann = limited(
        user("ann", NOTHING),
        boundary=nothing,
        scps=((source(start_on(), kind=PolicyKind.SCP),), (source(NOTHING, kind=PolicyKind.SCP),)),
    )

    told = explain([ask(ann, node())])

    assert not told.is_explicit
    assert told.denied_by is PolicyKind.SCP
    assert told.lacking == (PolicyKind.SCP, PolicyKind.BOUNDARY, PolicyKind.IDENTITY)


def test_of_several_decisions_the_denying_one_is_told() -> None:
    ann = user("ann", start_on(NODE_ARN))
    document = replace(node(), names=(SSH_ARN,), account_id="")

    told = explain([ask(ann, node()), ask(ann, document)])

    assert told.verdict is Verdict.NO
    assert told.denied_by is PolicyKind.IDENTITY


def test_who_has_no_policy_lacks_one() -> None:
    nobody = Subject(principal=user("ann").principal, policies=PolicySet())

    assert explain([ask(nobody, node())]).lacking == (PolicyKind.IDENTITY,)


def test_a_statement_that_nearly_allows_says_what_it_lacks() -> None:
    blue = {"StringEquals": {"ssm:resourceTag/team": "blue"}}
    both = {**blue, **FROM_HOME}
    ann = user(
        "ann",
        start_on(SSH_ARN),
        start_on(Condition=both),
        NOTHING,
        {"Action": "ssm:*", "NotResource": NODE_ARN},
        start_on(Effect="Deny", Condition=blue),
    )

    tagged = near_misses(ann, node(team="red"))
    untagged = near_misses(ann, node())

    key = "ssm:resourcetag/team"
    assert [near.because for near in tagged] == [
        f"it is for resources like `{SSH_ARN}`, not for `{NODE_ARN}`",
        f"it asks that {key} is `blue`, and {key} is `red`",
        f"it is for resources not like `{NODE_ARN}`, not for `{NODE_ARN}`",
    ]
    assert untagged[1].because == f"it asks that {key} is `blue`, and {key} is missing"
    assert [near.match.statement for near in tagged] == [0, 1, 3]
