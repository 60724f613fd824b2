"""Each kind of session is answered as StartSession asks for it."""

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.iam.drawn import EXAMPLES
from tests.iam.subjects import (
    ACCOUNT,
    FROM_HOME,
    NODE_ARN,
    OPTED_IN,
    REGION,
    SHELL,
    SHELL_ARN,
    SSH,
    SSH_ARN,
    document,
    node,
    role,
    start_on,
    trust,
    user,
)

from mooring.iam.context import request_context
from mooring.iam.evaluate import PolicySet, PolicySource, Request, decide
from mooring.iam.facts import fold
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal
from mooring.iam.reach_formula import Verdict, is_true, verdict
from mooring.iam.reach_request import Subject, open_keys
from mooring.iam.reach_sessions import starts

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def answers(subject: Subject, *, strict: bool = False) -> tuple[Verdict, Verdict]:
    """Return what is said of a shell and of an SSH session."""
    shell = document(SHELL_ARN) if strict else SHELL
    first, second = starts(subject, node(), [shell, SSH])
    return verdict(first.formula), verdict(second.formula)


def test_the_default_document_goes_with_the_node() -> None:
    assert answers(user("ann", start_on(NODE_ARN))) == (Verdict.YES, Verdict.NO)


def test_where_the_site_checks_always_the_default_document_must_be_granted() -> None:
    bare = user("ann", start_on(NODE_ARN))
    both = user("bob", start_on(NODE_ARN, SHELL_ARN))

    assert answers(bare, strict=True) == (Verdict.NO, Verdict.NO)
    assert answers(both, strict=True) == (Verdict.YES, Verdict.NO)


def test_a_policy_that_opted_in_needs_the_document_too() -> None:
    without = user("ann", start_on(NODE_ARN, SSH_ARN, Condition=OPTED_IN))
    with_shell = user("bob", start_on(NODE_ARN, SHELL_ARN, Condition=OPTED_IN))

    assert answers(without) == (Verdict.NO, Verdict.YES)
    assert answers(with_shell) == (Verdict.YES, Verdict.NO)


def test_one_way_may_hang_on_a_fact_and_the_other_not() -> None:
    ann = user(
        "ann",
        start_on(NODE_ARN, SSH_ARN, Condition=FROM_HOME),
        start_on(NODE_ARN, SHELL_ARN, Condition=OPTED_IN),
    )

    # With the document check she is in by the second statement alone.
    assert answers(ann) == (Verdict.YES, Verdict.ONLY_IF)


def test_a_denial_names_the_part_that_denies() -> None:
    no_document, no_node = user("ann", start_on(NODE_ARN)), user("bob", start_on(SSH_ARN))

    (first,) = starts(no_document, node(), [SSH])
    (second,) = starts(no_node, node(), [SSH])

    assert [thing.names[0] for thing, _ in first.parts] == [SSH_ARN]
    assert [thing.names[0] for thing, _ in second.parts] == [NODE_ARN]


def test_documents_that_policies_see_alike_are_answered_by_the_same_reasons() -> None:
    ann = user("ann", start_on(NODE_ARN, SSH_ARN, Condition=FROM_HOME))
    others = [document(SSH_ARN.replace("SSH", name)) for name in ("One", "Two")]

    first, second, ssh = starts(ann, node(), [*others, SSH])

    assert [start.document for start in (first, second)] == [
        "AWS-StartOneSession",
        "AWS-StartTwoSession",
    ]
    assert first.parts is second.parts
    assert (verdict(first.formula), verdict(ssh.formula)) == (Verdict.NO, Verdict.ONLY_IF)


# --- the promise: a context is fixed, and both are asked -----------------------------------

TAGGABLE = trust({"AWS": ACCOUNT}, Action=["sts:AssumeRole", "sts:TagSession"])
CONDITIONS: list[dict[str, dict[str, object]]] = [
    {},
    FROM_HOME,  # type: ignore[list-item] # a wider value type
    OPTED_IN,  # type: ignore[list-item] # as above
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"StringEquals": {"ssm:resourceTag/team": "${aws:PrincipalTag/team}"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-01-02T10:00:00Z"}},
    {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
    {"StringLike": {"aws:userid": "*:ann"}},
    {"Bool": {"ssm:SessionDocumentAccessCheck": "false"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
    {"Null": {"mooring:PortNumber": "false"}},
]
OTHER = document(SSH_ARN.replace("SSH", "Other"))
RESOURCES = [
    "*",
    SSH_ARN.replace("SSH", "?????"),
    NODE_ARN,
    SHELL_ARN,
    SSH_ARN,
    "arn:aws:ssm:*",
    f"arn:aws:ec2:*:{ACCOUNT}:*",
]
statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
        "Action": st.sampled_from(["ssm:StartSession", "ssm:*", "*"]),
        "Resource": st.sampled_from(RESOURCES),
        "Condition": st.sampled_from(CONDITIONS),
    }
)
documents = st.lists(statements, min_size=1, max_size=3)
late_facts = st.fixed_dictionaries(
    {},
    optional={
        "aws:sourceip": st.sampled_from([("10.1.1.1",), ("192.0.2.9",), ("198.51.100.1",)]),
        "aws:multifactorauthpresent": st.sampled_from([("true",), ("false",)]),
        "aws:multifactorauthage": st.sampled_from([("5",), ("7200",)]),
        "aws:currenttime": st.sampled_from([("2026-01-02T09:00:00Z",), ("2026-01-02T11:00:00Z",)]),
        "aws:tagkeys": st.sampled_from([("a",), ("b", "c")]),
        "mooring:portnumber": st.just(("22",)),
    },
)
session_names = st.sampled_from(["ann", "bob"])
session_tags = st.sampled_from([{}, {"team": "red"}, {"team": "blue"}])


def parsed(statements: list[dict[str, object]], kind: PolicyKind) -> PolicySource:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return PolicySource(name=kind.value, policy=parse_policy(text, kind=kind))


def engine_starts(
    principal: Principal,
    policies: PolicySet,
    tags: dict[str, str],
    late: dict[str, tuple[str, ...]],
    name: str,
) -> bool:
    """Ask the engine as StartSession does, with every fact in place."""

    def allows(arn: str, check: str) -> bool:
        own = request_context(
            principal=principal,
            now=NOW,
            source_ip="",
            secure=True,
            user_agent="",
            region=REGION,
            resource_account=arn.split(":")[4],
            resource_tags=tags if arn == NODE_ARN else {},
            extra={"ssm:SessionDocumentAccessCheck": (check,)},
        )
        times = {"aws:SecureTransport", "aws:CurrentTime", "aws:EpochTime"}
        context = {key: value for key, value in own.items() if key not in times} | late
        request = Request(
            action="ssm:StartSession",
            resources=(arn,),
            principal=principal,
            context=context,
            resource_account=ACCOUNT,
        )
        return decide(request, policies).allowed

    if name == SHELL.name and allows(NODE_ARN, "false"):
        return True
    arn = {row.name: row.thing.names[0] for row in (SHELL, SSH, OTHER)}[name]
    return allows(NODE_ARN, "true") and allows(arn, "true")


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    identity=documents,
    boundary=st.none() | documents,
    tags=st.sampled_from([{}, {"team": "blue"}, {"team": "red"}]),
    own_tags=st.sampled_from([{}, {"team": "blue"}]),
    kind=st.sampled_from(["user", "role", "taggable"]),
    lates=st.lists(st.tuples(late_facts, session_names, session_tags), min_size=1, max_size=3),
)
def test_whatever_the_request_turns_out_to_be_engine_and_answer_agree(
    identity: list[dict[str, object]],
    boundary: list[dict[str, object]] | None,
    tags: dict[str, str],
    own_tags: dict[str, str],
    kind: str,
    lates: list[tuple[dict[str, tuple[str, ...]], str, dict[str, str]]],
) -> None:
    policies = PolicySet(
        identity=(parsed(identity, PolicyKind.IDENTITY),),
        boundary=None if boundary is None else parsed(boundary, PolicyKind.BOUNDARY),
    )
    base = user("ann", tags=own_tags)
    if kind != "user":
        trusts = TAGGABLE if kind == "taggable" else trust({"AWS": ACCOUNT})
        base = role("ops", trusts=trusts, tags=own_tags)
    subject = Subject(principal=base.principal, policies=policies, trust=base.trust)

    found = starts(subject, node(**tags), [SHELL, SSH, OTHER])

    for late, session_name, given_tags in lates:
        principal = subject.principal
        if kind != "user":
            kept = own_tags | (given_tags if kind == "taggable" else {})
            role_id = principal.user_id.partition(":")[0]
            principal = Principal.role_session(
                subject.arn, session_name, role_id=role_id, tags=kept
            )
        knowledge = open_keys(subject)
        facts = {**fold(principal.context()), **late}
        waited = {key: value for key, value in facts.items() if knowledge.is_open(key)}
        for start in found:
            allowed = engine_starts(principal, policies, tags, late, start.document)
            assert is_true(start.formula, waited) is allowed
            assert verdict(start.formula) is not (Verdict.NO if allowed else Verdict.YES)
