"""What is promised before the facts are in holds whatever they turn out to be."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.iam.drawn import (
    ACCOUNT,
    ACTIONS,
    ARNS,
    EXAMPLES,
    FREE_ACTIONS,
    KEYS,
    OTHER,
    PRINCIPALS,
    ROLE,
    SESSION,
    Levels,
    contexts,
    policy_levels,
    policy_set,
)

from mooring.iam.evaluate import PolicySet, PolicySource, Request, decide
from mooring.iam.facts import fold
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal
from mooring.iam.reach import ANY_SESSION, ConditionLeaf, Knowledge, Partial, decide_partly
from mooring.iam.reach_formula import Verdict, is_true, leaves, verdict

ANY = Principal.role_session(ROLE, ANY_SESSION, role_id=SESSION.user_id.partition(":")[0])


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    levels=policy_levels(),
    action=st.sampled_from(ACTIONS * 4 + FREE_ACTIONS),
    resources=st.lists(st.sampled_from(ARNS), min_size=1, max_size=2),
    principal=st.sampled_from([*PRINCIPALS, ANY, ANY]),
    contexts=st.lists(contexts, min_size=3, max_size=3),
    opened=st.sets(st.sampled_from(KEYS)),
    owner=st.sampled_from([None, ACCOUNT, ACCOUNT, OTHER]),
)
def test_the_formula_is_true_exactly_where_the_engine_allows(
    levels: Levels,
    action: str,
    resources: list[str],
    principal: Principal,
    contexts: list[dict[str, list[str]]],
    opened: set[str],
    owner: str | None,
) -> None:
    policies = policy_set(levels)
    knowledge = Knowledge(keys=frozenset({"aws:userid", *map(str.lower, opened)}))
    drawn = [fold({key: tuple(found) for key, found in context.items()}) for context in contexts]
    base: dict[str, tuple[str, ...]] = {**drawn[0], "aws:userid": (SESSION.user_id,)}
    request = Request(
        action=action,
        resources=tuple(resources),
        principal=principal,
        context=base,
        resource_account=owner,
    )

    partial = decide_partly(request, knowledge, policies)

    for more in drawn:
        late: dict[str, tuple[str, ...]] = {"aws:userid": (SESSION.user_id,)}
        late |= {key: found for key, found in more.items() if knowledge.is_open(key)}
        known = {key: found for key, found in base.items() if not knowledge.is_open(key)}
        whole = Request(
            action=action,
            resources=tuple(resources),
            principal=SESSION if principal is ANY else principal,
            context=known | late,
            resource_account=owner,
        )
        allowed = decide(whole, policies).allowed
        assert is_true(partial.formula, late) is allowed
        assert verdict(partial.formula) is not (Verdict.NO if allowed else Verdict.YES)


def partly(*statements: dict[str, object], opened: str, principal: Principal = SESSION) -> Partial:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    source = PolicySource(name="p", policy=parse_policy(text, kind=PolicyKind.IDENTITY))
    request = Request(
        action="ssm:StartSession",
        resources=(ARNS[0],),
        principal=principal,
        context=principal.context(),
        resource_account=ACCOUNT,
    )
    knowledge = Knowledge(keys=frozenset({opened}))
    return decide_partly(request, knowledge, PolicySet(identity=(source,)))


ALLOW: dict[str, object] = {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}
FROM_HOME = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}


def test_what_is_allowed_without_condition_needs_no_fact() -> None:
    assert verdict(partly(ALLOW, opened="aws:sourceip").formula) is Verdict.YES


def test_a_condition_on_an_open_key_is_waited_for() -> None:
    partial = partly(ALLOW | {"Condition": FROM_HOME}, opened="aws:sourceip")

    (leaf,) = leaves(partial.formula)
    assert verdict(partial.formula) is Verdict.ONLY_IF
    assert isinstance(leaf, ConditionLeaf)
    assert leaf.condition.key == "aws:sourceip"
    assert is_true(partial.formula, {"aws:sourceip": ("10.1.1.1",)})
    assert not is_true(partial.formula, {"aws:sourceip": ("11.1.1.1",)})


def test_a_condition_on_a_key_that_is_known_to_be_missing_is_decided() -> None:
    partial = partly(ALLOW | {"Condition": FROM_HOME}, opened="aws:useragent")

    assert verdict(partial.formula) is Verdict.NO


def test_a_deny_on_an_open_key_leaves_an_allow_in_doubt() -> None:
    partial = partly(
        ALLOW, ALLOW | {"Effect": "Deny", "Condition": FROM_HOME}, opened="aws:sourceip"
    )

    assert verdict(partial.formula) is Verdict.ONLY_IF
    assert not is_true(partial.formula, {"aws:sourceip": ("10.1.1.1",)})
    assert is_true(partial.formula, {})


def test_own_sessions_of_a_role_hang_on_the_name_of_the_session() -> None:
    own = ALLOW | {"Resource": "arn:aws:ssm:*:*:session/${aws:userid}-*"}

    partial = partly(own, opened="aws:userid", principal=ANY)

    assert verdict(partial.formula) is Verdict.ONLY_IF
    assert not is_true(partial.formula, {"aws:userid": ("AROAOTHER:bob",)})


def test_a_closed_key_is_not_open_in_spite_of_its_prefix() -> None:
    knowledge = Knowledge(prefixes=("aws:requesttag/",), closed=frozenset({"aws:requesttag/a"}))

    assert knowledge.is_open("aws:requesttag/b")
    assert not knowledge.is_open("aws:requesttag/a")
