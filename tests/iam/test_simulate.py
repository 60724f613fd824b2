"""Simulations answer from what they were given, and from nothing else."""

import json

import pytest

from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal
from mooring.iam.simulate import (
    EvalDecision,
    Simulated,
    Simulation,
    caller_of,
    is_action_name,
    policy_id,
    simulate,
)

ACCOUNT, OTHER = "111122223333", "444455556666"
ANN = Principal.user(ACCOUNT, "ann", user_id="AIDAEXAMPLE", path="/team/")
BUCKET = "arn:aws:s3:::box"


def source(kind: PolicyKind = PolicyKind.IDENTITY, /, **elements: object) -> PolicySource:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"} | elements
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return PolicySource(name="p", policy=parse_policy(text, kind=kind))


def ask(policies: PolicySet, resource: str = BUCKET, **more: object) -> Simulated:
    return simulate(Simulation(policies=policies, **more), "s3:GetObject", resource)  # type: ignore[arg-type] # by name


@pytest.mark.parametrize(
    ("elements", "decision", "matched"),
    [
        ({}, EvalDecision.ALLOWED, 1),
        ({"Action": "s3:Get*"}, EvalDecision.ALLOWED, 1),
        ({"Effect": "Deny"}, EvalDecision.EXPLICIT_DENY, 1),
        ({"Resource": "arn:aws:s3:::other"}, EvalDecision.IMPLICIT_DENY, 0),
    ],
)
def test_the_decision_comes_with_the_statements_that_made_it(
    elements: dict[str, object], decision: EvalDecision, matched: int
) -> None:
    answer = ask(PolicySet(identity=(source(**elements),)))

    assert (answer.decision, len(answer.matched)) == (decision, matched)


def test_any_resource_is_covered_by_the_star_only() -> None:
    named = PolicySet(identity=(source(Resource=BUCKET),))

    assert ask(named, "*").decision is EvalDecision.IMPLICIT_DENY
    assert ask(PolicySet(identity=(source(),)), "*").decision is EvalDecision.ALLOWED


def test_a_key_that_was_not_given_is_missing_and_listed() -> None:
    condition = {"StringEquals": {"aws:UserName": "ann", "aws:PrincipalTag/Team": "blue"}}
    policies = PolicySet(identity=(source(Condition=condition),))

    nameless = ask(policies)
    named = ask(policies, caller=ANN, context={"AWS:principaltag/team": ("blue",)})

    assert nameless.missing == ("aws:UserName", "aws:PrincipalTag/Team")
    assert nameless.decision is EvalDecision.IMPLICIT_DENY
    assert named.missing == ()
    assert named.decision is EvalDecision.ALLOWED


def test_a_caller_adds_its_names_and_nothing_more() -> None:
    condition = {"Null": {"aws:PrincipalAccount": "true", "aws:PrincipalArn": "false"}}

    answer = ask(PolicySet(identity=(source(Condition=condition),)), caller=ANN)

    assert answer.decision is EvalDecision.ALLOWED


def test_boundary_and_organization_are_told_apart() -> None:
    nothing = {"Action": "ec2:Nothing"}
    policies = PolicySet(
        identity=(source(),),
        boundary=source(PolicyKind.BOUNDARY, **nothing),
        scps=((source(PolicyKind.SCP),), (source(PolicyKind.SCP),)),
    )

    answer = ask(policies)

    assert answer.decision is EvalDecision.IMPLICIT_DENY
    assert answer.by_boundary is False
    assert answer.by_organization is True
    assert ask(PolicySet()).by_boundary is None
    assert ask(PolicySet()).by_organization is None


def test_across_accounts_both_sides_are_told() -> None:
    theirs = source(PolicyKind.RESOURCE, Principal={"AWS": ANN.arn})

    alone = ask(PolicySet(resource=theirs), caller=ANN, resource_owner=OTHER)
    both = ask(PolicySet(identity=(source(),), resource=theirs), caller=ANN, resource_owner=OTHER)

    assert alone.decision is EvalDecision.IMPLICIT_DENY
    assert alone.by_kind == {
        "IAM Policy": EvalDecision.IMPLICIT_DENY,
        "Resource Policy": EvalDecision.ALLOWED,
    }
    assert both.decision is EvalDecision.ALLOWED


def test_in_one_account_a_resource_policy_allows_by_itself() -> None:
    own = source(PolicyKind.RESOURCE, Principal={"AWS": ANN.arn})

    answer = ask(PolicySet(resource=own), caller=ANN, resource_owner=ACCOUNT)

    assert answer.decision is EvalDecision.ALLOWED
    assert answer.by_kind == {}


def test_the_account_in_an_arn_comes_before_the_owner() -> None:
    queue = f"arn:aws:sqs:r:{OTHER}:queue"

    answer = ask(PolicySet(identity=(source(),)), queue, caller=ANN, resource_owner=ACCOUNT)

    assert answer.decision is EvalDecision.IMPLICIT_DENY


@pytest.mark.parametrize(
    ("name", "kind", "owner", "expected"),
    [
        ("PolicyInputList.1", "", "", "PolicyInputList.1"),
        ("arn:aws:iam::aws:policy/service-role/X", "role", "Ops", "X"),
        ("secrets", "role", "ecs", "role_ecs_secrets"),
    ],
)
def test_policies_are_named_as_published_replies_name_them(
    name: str, kind: str, owner: str, expected: str
) -> None:
    policy = PolicySource(name=name, type=kind, owner=owner, policy=source().policy)

    assert policy_id(policy) == expected


def test_callers_are_users() -> None:
    assert caller_of(ANN.arn, user_id="AIDAEXAMPLE") == ANN
    assert caller_of(f"arn:aws:iam::{ACCOUNT}:role/Ops") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3:GetObject", True),
        ("any-service:X", True),
        ("s3", False),
        ("s3:", False),
        ("a:b:c", False),
    ],
)
def test_an_action_is_a_service_and_a_name(text: str, *, expected: bool) -> None:
    assert is_action_name(text) is expected
