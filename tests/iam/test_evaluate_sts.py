"""The calls of STS, which follow rules of their own: trust policies and free calls."""

import json

from tests.iam.asking import (
    ACCOUNT,
    ALLOWING,
    OTHER,
    ROLE_ARN,
    SERVICE,
    USER,
    ask,
    identity,
)

from mooring.iam.evaluate import Decision, PolicySet, PolicySource
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal


def trusting(**principal: object) -> PolicySource:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return PolicySource(name="trust", policy=parse_policy(text, kind=PolicyKind.TRUST))


def assume_with(
    trust: PolicySource, *policies: PolicySource, principal: Principal = USER, owner: str = ACCOUNT
) -> Decision:
    return ask(
        PolicySet(trust=trust, identity=policies),
        principal,
        action="sts:AssumeRole",
        resources=(ROLE_ARN,),
        owner=owner,
    )


def test_a_trust_policy_must_name_the_caller_whatever_the_identity_policies_say() -> None:
    decision = assume_with(trusting(AWS=f"arn:aws:iam::{ACCOUNT}:user/bob"), ALLOWING)

    assert (decision.allowed, decision.policy_type) == (False, PolicyKind.TRUST)


def test_a_user_named_in_the_trust_policy_needs_no_identity_policy() -> None:
    decision = assume_with(trusting(AWS=USER.arn))

    assert (decision.allowed, decision.policy_type) == (True, PolicyKind.TRUST)


def test_trusting_the_account_leaves_it_to_the_identity_policies() -> None:
    alone = assume_with(trusting(AWS=ACCOUNT))

    assert (alone.allowed, alone.policy_type) == (False, PolicyKind.IDENTITY)
    assert assume_with(trusting(AWS=ACCOUNT), ALLOWING).allowed


def test_a_role_is_assumed_from_another_account_with_both_consents() -> None:
    alone = assume_with(trusting(AWS=USER.arn), owner=OTHER)

    assert (alone.allowed, alone.policy_type) == (False, PolicyKind.IDENTITY)
    assert assume_with(trusting(AWS=USER.arn), ALLOWING, owner=OTHER).allowed


def test_a_service_assumes_the_roles_that_trust_it() -> None:
    assert assume_with(trusting(Service="ssm.amazonaws.com"), principal=SERVICE).allowed
    other = assume_with(trusting(Service="ec2.amazonaws.com"), principal=SERVICE)
    assert other.policy_type is PolicyKind.TRUST


def test_get_caller_identity_needs_no_permission_and_no_deny_can_stop_it() -> None:
    denying = PolicySet(identity=(identity("Deny"),))

    assert ask(denying, action="sts:GetCallerIdentity") == Decision(allowed=True)


def test_get_session_token_needs_no_permission_but_can_be_denied() -> None:
    assert ask(PolicySet(), action="sts:GetSessionToken") == Decision(allowed=True)
    assert ask(PolicySet(identity=(identity("Deny"),)), action="sts:GetSessionToken").explicit
