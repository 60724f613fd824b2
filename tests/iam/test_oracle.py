"""The engine and the oracle agree, on the decision and on its reasons."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.iam import oracle
from tests.iam.drawn import (
    ACCOUNT,
    ACTIONS,
    ARNS,
    EXAMPLES,
    FREE_ACTIONS,
    OTHER,
    PRINCIPALS,
    Levels,
    contexts,
    operators,
    policy_levels,
    policy_set,
    values,
)

from mooring.iam.evaluate import Request, decide
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    levels=policy_levels(),
    action=st.sampled_from(ACTIONS * 4 + FREE_ACTIONS),
    resources=st.lists(st.sampled_from(ARNS), min_size=1, max_size=2),
    principal=st.sampled_from(PRINCIPALS),
    context=contexts,
    owner=st.sampled_from([None, ACCOUNT, ACCOUNT, OTHER]),
)
def test_engine_and_oracle_give_the_same_decision_for_the_same_reasons(
    levels: Levels,
    action: str,
    resources: list[str],
    principal: Principal,
    context: dict[str, list[str]],
    owner: str | None,
) -> None:
    ask = {
        "action": action,
        "resources": resources,
        "owner": owner,
        "context": {key.lower(): found for key, found in context.items() if found},
        "who": {
            "account": principal.account_id,
            "type": principal.type.value,
            "arn": principal.arn,
            "role": principal.principal_arn,
        },
    }
    request = Request(
        action=action,
        resources=tuple(resources),
        principal=principal,
        context={key: tuple(found) for key, found in context.items()},
        resource_account=owner,
    )

    decision = decide(request, policy_set(levels))

    matched = [(match.source.name, match.statement) for match in decision.matched]
    kind = decision.policy_type.value if decision.policy_type else None
    expected = oracle.decide(ask, levels)
    assert (decision.allowed, decision.explicit, kind, matched) == expected


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    operator=operators,
    wanted=st.lists(values, max_size=3),
    found=st.lists(values, max_size=2),
    username=st.sampled_from([None, "ann", "*"]),
    effect=st.sampled_from(["Allow", "Deny"]),
    version=st.sampled_from(["2012-10-17", "2008-10-17"]),
)
def test_engine_and_oracle_agree_on_each_single_condition(
    operator: str,
    wanted: list[str],
    found: list[str],
    username: str | None,
    effect: str,
    version: str,
) -> None:
    context = {"ssm:k": found} | ({"aws:username": [username]} if username else {})
    document = {
        "Version": version,
        "Statement": {
            "Effect": effect,
            "Action": "*",
            "Resource": "*",
            "Condition": {operator: {"ssm:K": wanted}},
        },
    }

    policy = parse_policy(json.dumps(document), kind=PolicyKind.IDENTITY)
    engine = (
        policy.statements[0]
        .conditions[0]
        .holds({key: tuple(listed) for key, listed in context.items() if listed})
    )

    assert engine is oracle.holds(
        operator,
        "ssm:K",
        wanted,
        context,
        variables=version == "2012-10-17",
        open_=effect == "Deny",
    )


@settings(max_examples=EXAMPLES)
@given(
    pattern=st.text("ab*?:", max_size=12),
    text=st.text("ab:", max_size=14),
)
def test_engine_and_oracle_agree_on_each_glob(pattern: str, text: str) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": f"arn:a:b:::{pattern}"},
    }

    statement = parse_policy(json.dumps(document), kind=PolicyKind.IDENTITY).statements[0]
    glob = statement.resources[0].glob({})

    assert glob is not None
    symbols = oracle.symbols(pattern, {}, wild=True, variables=True)
    assert glob.matches(f"arn:a:b:::{text}") is oracle.glob(symbols or [], text)
