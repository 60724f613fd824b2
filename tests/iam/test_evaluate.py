"""The order of evaluation, rule by rule: who wins, what is skipped, and which kind is named."""

import json
from typing import Any

import pytest
from tests.iam.asking import (
    ACCOUNT,
    ALLOWING,
    ANONYMOUS,
    DOCUMENT,
    FEDERATED,
    NOTHING,
    OTHER,
    ROLE_ARN,
    ROOT,
    SESSION,
    SOMETHING_ELSE,
    USER,
    ask,
    identity,
    names,
    naming,
    source,
)

from mooring.iam.evaluate import Decision, PolicySet, PolicySource
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal


def test_nothing_is_allowed_by_default() -> None:
    decision = ask(PolicySet())

    assert decision == Decision(
        allowed=False, explicit=False, policy_type=PolicyKind.IDENTITY, matched=()
    )


def test_one_allow_of_many_policies_is_enough_and_is_named() -> None:
    decision = ask(PolicySet(identity=(NOTHING, ALLOWING)))

    assert (decision.allowed, decision.policy_type) == (True, PolicyKind.IDENTITY)
    assert [(match.source, match.statement) for match in decision.matched] == [(ALLOWING, 0)]


def test_a_deny_beats_every_allow() -> None:
    decision = ask(PolicySet(identity=(ALLOWING, identity("Deny")), resource=naming(USER.arn)))

    assert (decision.allowed, decision.explicit) == (False, True)
    assert (decision.policy_type, names(decision)) == (PolicyKind.IDENTITY, ["identity-Deny"])


def test_the_case_of_an_action_does_not_matter() -> None:
    policies = PolicySet(identity=(identity(Action="SSM:getDOCUMENT"),))

    assert ask(policies, action="ssm:GetDocument").allowed


def limits(effect: str, /, **elements: object) -> dict[PolicyKind, PolicySet]:
    """Return, for each kind, a set where all allows and that kind says something."""

    def of(kind: PolicyKind) -> PolicySource:
        return source(kind, effect, **elements)

    base: dict[str, Any] = {"identity": (ALLOWING,)}
    return {
        PolicyKind.SCP: PolicySet(**base, scps=((source(PolicyKind.SCP),), (of(PolicyKind.SCP),))),
        PolicyKind.BOUNDARY: PolicySet(**base, boundary=of(PolicyKind.BOUNDARY)),
        PolicyKind.SESSION: PolicySet(**base, session=(of(PolicyKind.SESSION),)),
        PolicyKind.RCP: PolicySet(
            **base, rcps=((source(PolicyKind.RCP, effect, Principal="*", **elements),),)
        ),
        PolicyKind.ENDPOINT: PolicySet(
            **base, endpoint=source(PolicyKind.ENDPOINT, effect, Principal="*", **elements)
        ),
    }


LIMITING = list(limits("Allow"))


@pytest.mark.parametrize("kind", LIMITING)
def test_every_limit_that_is_there_must_allow(kind: PolicyKind) -> None:
    assert ask(limits("Allow")[kind], SESSION).allowed

    decision = ask(limits("Allow", **SOMETHING_ELSE)[kind], SESSION)

    assert (decision.allowed, decision.explicit, decision.policy_type) == (False, False, kind)


@pytest.mark.parametrize("kind", LIMITING)
def test_every_limit_can_deny(kind: PolicyKind) -> None:
    decision = ask(limits("Deny")[kind], SESSION)

    assert (decision.allowed, decision.explicit, decision.policy_type) == (False, True, kind)


def test_an_empty_level_of_control_policies_allows_nothing() -> None:
    decision = ask(PolicySet(identity=(ALLOWING,), scps=((source(PolicyKind.SCP),), ())))

    assert decision.policy_type is PolicyKind.SCP


def test_two_session_policies_are_one_limit() -> None:
    other = source(PolicyKind.SESSION, **SOMETHING_ELSE)

    policies = PolicySet(identity=(ALLOWING,), session=(other, source(PolicyKind.SESSION)))

    assert ask(policies, SESSION).allowed


def test_the_first_deny_in_the_order_of_report_is_named_and_all_are_listed() -> None:
    everywhere = PolicySet(
        identity=(identity("Deny"),),
        boundary=source(PolicyKind.BOUNDARY, "Deny"),
        session=(source(PolicyKind.SESSION, "Deny"),),
        resource=naming("*", "Deny"),
        rcps=((naming("*", "Deny", PolicyKind.RCP),),),
        scps=((source(PolicyKind.SCP, "Deny"),),),
        endpoint=naming("*", "Deny", PolicyKind.ENDPOINT),
    )

    decision = ask(everywhere)

    assert decision.policy_type is PolicyKind.SCP
    assert names(decision) == [
        f"{kind}-Deny"
        for kind in ["scp", "rcp", "endpoint", "resource", "boundary", "session", "identity"]
    ]


def test_the_first_missing_allow_in_the_order_of_report_is_named() -> None:
    policies: dict[str, Any] = {
        "scps": ((),),
        "endpoint": naming("*", kind=PolicyKind.ENDPOINT),
        "boundary": source(PolicyKind.BOUNDARY, **SOMETHING_ELSE),
        "session": (source(PolicyKind.SESSION, **SOMETHING_ELSE),),
    }

    assert ask(PolicySet(**policies), owner=OTHER).policy_type is PolicyKind.SCP
    del policies["scps"]
    assert ask(PolicySet(**policies), owner=OTHER).policy_type is PolicyKind.RESOURCE
    assert ask(PolicySet(**policies)).policy_type is PolicyKind.BOUNDARY
    del policies["boundary"]
    assert ask(PolicySet(**policies)).policy_type is PolicyKind.SESSION


TIGHT: dict[str, Any] = {
    "boundary": source(PolicyKind.BOUNDARY, **SOMETHING_ELSE),
    "session": (source(PolicyKind.SESSION, **SOMETHING_ELSE),),
}


@pytest.mark.parametrize(
    ("principal", "who"),
    [
        (USER, USER.arn),
        (USER, "*"),
        (SESSION, SESSION.arn),
        (SESSION, "*"),
        (FEDERATED, FEDERATED.arn),
        (ANONYMOUS, "*"),
    ],
)
def test_naming_the_caller_itself_grants_past_every_missing_allow(
    principal: Principal, who: str
) -> None:
    decision = ask(PolicySet(resource=naming(who), **TIGHT), principal)

    assert (decision.allowed, decision.policy_type) == (True, PolicyKind.RESOURCE)
    assert names(decision) == ["resource-Allow"]


def test_naming_the_role_grants_but_its_limits_hold() -> None:
    role = naming(ROLE_ARN)

    assert ask(PolicySet(resource=role), SESSION).policy_type is PolicyKind.RESOURCE
    assert ask(PolicySet(resource=role), SESSION).allowed
    bounded = PolicySet(resource=role, boundary=TIGHT["boundary"])
    assert ask(bounded, SESSION).policy_type is PolicyKind.BOUNDARY
    limited = PolicySet(resource=role, session=TIGHT["session"])
    assert ask(limited, SESSION).policy_type is PolicyKind.SESSION


def test_naming_the_account_only_delegates() -> None:
    decision = ask(PolicySet(resource=naming(ACCOUNT)))

    assert (decision.allowed, decision.policy_type) == (False, PolicyKind.IDENTITY)
    both = ask(PolicySet(resource=naming(ACCOUNT), identity=(ALLOWING,)))
    assert (both.allowed, both.policy_type) == (True, PolicyKind.IDENTITY)
    assert names(both) == ["resource-Allow", "identity-Allow"]


def test_a_resource_policy_that_names_others_does_nothing() -> None:
    other = naming(f"arn:aws:iam::{ACCOUNT}:user/bob")

    assert not ask(PolicySet(resource=other)).allowed
    assert ask(PolicySet(resource=other, identity=(ALLOWING,))).allowed


def test_not_principal_denies_whom_it_does_not_list() -> None:
    sparing = source(PolicyKind.RESOURCE, "Deny", NotPrincipal={"AWS": USER.arn})
    policies = PolicySet(resource=sparing, identity=(ALLOWING,))

    assert ask(policies, USER).allowed
    assert ask(policies, SESSION).explicit


def test_not_principal_denies_whoever_has_a_boundary() -> None:
    sparing = source(PolicyKind.RESOURCE, "Deny", NotPrincipal={"AWS": USER.arn})
    boundary = source(PolicyKind.BOUNDARY)

    decision = ask(PolicySet(resource=sparing, identity=(ALLOWING,), boundary=boundary))

    assert (decision.explicit, decision.policy_type) == (True, PolicyKind.RESOURCE)


def test_the_root_may_do_everything_in_its_account_unless_it_is_denied() -> None:
    assert ask(PolicySet(), ROOT) == Decision(allowed=True)
    assert ask(PolicySet(scps=((source(PolicyKind.SCP, "Deny"),),)), ROOT).explicit
    assert ask(PolicySet(scps=((),)), ROOT).policy_type is PolicyKind.SCP
    assert ask(PolicySet(resource=naming(ACCOUNT, "Deny")), ROOT).explicit


def test_the_root_needs_the_owner_across_accounts() -> None:
    assert ask(PolicySet(), ROOT, owner=OTHER).policy_type is PolicyKind.RESOURCE
    assert ask(PolicySet(resource=naming(ACCOUNT)), ROOT, owner=OTHER).allowed


@pytest.mark.parametrize("who", [USER.arn, ACCOUNT, "*"])
def test_across_accounts_both_sides_must_allow(who: str) -> None:
    owner_only = ask(PolicySet(resource=naming(who)), owner=OTHER)
    caller_only = ask(PolicySet(identity=(ALLOWING,)), owner=OTHER)
    both = ask(PolicySet(resource=naming(who), identity=(ALLOWING,)), owner=OTHER)

    assert (owner_only.allowed, owner_only.policy_type) == (False, PolicyKind.IDENTITY)
    assert (caller_only.allowed, caller_only.policy_type) == (False, PolicyKind.RESOURCE)
    assert (both.allowed, both.policy_type) == (True, PolicyKind.IDENTITY)


def test_across_accounts_the_limits_of_the_caller_hold() -> None:
    base: dict[str, Any] = {"resource": naming(SESSION.arn), "identity": (ALLOWING,)}

    for limit, kind in [("boundary", PolicyKind.BOUNDARY), ("session", PolicyKind.SESSION)]:
        decision = ask(PolicySet(**base, **{limit: TIGHT[limit]}), SESSION, owner=OTHER)
        assert decision.policy_type is kind


def test_across_accounts_either_side_can_deny() -> None:
    denied_there = PolicySet(identity=(ALLOWING,), resource=naming(ACCOUNT, "Deny"))

    assert ask(denied_there, owner=OTHER).explicit


def test_a_resource_of_nobody_counts_as_the_callers_own() -> None:
    assert ask(PolicySet(identity=(ALLOWING,)), owner=None).allowed


def test_the_anonymous_caller_needs_a_policy_for_everyone() -> None:
    assert ask(PolicySet(), ANONYMOUS).policy_type is PolicyKind.RESOURCE
    assert ask(PolicySet(identity=(ALLOWING,)), ANONYMOUS, owner=None).allowed is False
    assert ask(PolicySet(resource=naming(ACCOUNT)), ANONYMOUS).allowed is False


def test_a_federated_user_needs_a_session_policy() -> None:
    without = ask(PolicySet(identity=(ALLOWING,)), FEDERATED)
    session = (source(PolicyKind.SESSION),)

    assert (without.allowed, without.policy_type) == (False, PolicyKind.SESSION)
    assert ask(PolicySet(identity=(ALLOWING,), session=session), FEDERATED).allowed


def outside(effect: str, *patterns: str) -> PolicySource:
    statement = {"Effect": effect, "Action": "*", "NotResource": patterns}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return PolicySource(name=effect, policy=parse_policy(text, kind=PolicyKind.IDENTITY))


def test_not_resource_applies_where_no_pattern_covers_any_name() -> None:
    policies = PolicySet(identity=(outside("Allow", "arn:aws:ssm:*"),))

    assert ask(policies, resources=("*",)).allowed
    assert not ask(policies).allowed
    assert not ask(policies, resources=("*", DOCUMENT)).allowed
    assert not ask(PolicySet(identity=(outside("Allow", "*"),)), resources=("*",)).allowed


def test_not_resource_with_an_unknown_variable_counts_against_the_caller() -> None:
    unknown = "arn:aws:s3:::${aws:PrincipalTag/none}"

    assert not ask(PolicySet(identity=(outside("Allow", unknown),))).allowed
    assert ask(PolicySet(identity=(ALLOWING, outside("Deny", unknown)))).explicit
    spared = outside("Deny", unknown, "arn:aws:ssm:*")
    assert ask(PolicySet(identity=(ALLOWING, spared))).allowed


def test_every_condition_of_a_statement_must_hold() -> None:
    both = {"StringEquals": {"aws:username": "ann"}, "Bool": {"aws:SecureTransport": "true"}}
    one = {"StringEquals": {"aws:username": ["bob", "ann"]}}

    assert not ask(PolicySet(identity=(identity(Condition=both),))).allowed
    assert ask(PolicySet(identity=(identity(Condition=one),))).allowed
    assert ask(PolicySet(identity=(identity(Condition={}),))).allowed


def test_each_policy_keeps_its_own_version() -> None:
    text = json.dumps(
        {
            "Statement": {
                "Effect": "Allow",
                "Action": "*",
                "Resource": "arn:aws:ssm:r:1:document/${aws:username}",
            }
        }
    )
    old = PolicySource(name="old", policy=parse_policy(text, kind=PolicyKind.IDENTITY))

    assert not ask(PolicySet(identity=(old,)), resources=("arn:aws:ssm:r:1:document/ann",)).allowed
    literal = ("arn:aws:ssm:r:1:document/${aws:username}",)
    assert ask(PolicySet(identity=(old,)), resources=literal).allowed


def test_a_set_names_each_of_its_policies_once() -> None:
    kinds = [PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.SCP, PolicyKind.RCP]
    singles = [PolicyKind.BOUNDARY, PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.ENDPOINT]
    sources = [PolicySource(name=kind.value, policy=ALLOWING.policy) for kind in kinds + singles]
    own, session, scp, rcp, boundary, resource, trust, endpoint = sources

    policies = PolicySet(
        identity=(own,),
        session=(session,),
        scps=((scp,),),
        rcps=((rcp,),),
        boundary=boundary,
        resource=resource,
        trust=trust,
        endpoint=endpoint,
    )

    assert list(policies.sources()) == sources
    assert list(PolicySet().sources()) == []
