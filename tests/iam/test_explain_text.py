"""Conditions are told in words that a person can check."""

import pytest
from tests.iam.subjects import node, role, source, start_on, trust, user

from mooring.iam.conditions import OPERATORS, Condition, Usage, compile_condition
from mooring.iam.explain_text import condition_text, leaf_text, operator_name
from mooring.iam.reach_formula import requirements
from mooring.iam.reach_request import Thing, ask


def condition(name: str, *values: str) -> Condition:
    return compile_condition(Usage.parse(name), "ssm:K", values, variables=True, undecided=False)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("StringEquals", ["a", "b"], "ssm:k is `a` or `b`"),
        ("StringNotLike", ["a*"], "ssm:k is not like `a*`, or is missing"),
        ("IpAddress", ["10.0.0.0/8"], "ssm:k is in `10.0.0.0/8`"),
        ("BoolIfExists", ["true"], "ssm:k is `true`, or is missing"),
        ("Null", ["true"], "ssm:k is missing"),
        ("Null", ["false"], "ssm:k is there"),
        ("Null", ["false", "true"], "ssm:k is there or not"),
        ("ForAnyValue:StringLike", ["a"], "some value of ssm:k is like `a`"),
        (
            "ForAllValues:StringEquals",
            ["a"],
            "each value of ssm:k is `a`, or is missing",
        ),
        ("NumericLessThanEquals", ["3600"], "ssm:k is at most `3600`"),
    ],
)
def test_each_kind_of_condition_has_its_sentence(
    name: str, values: list[str], expected: str
) -> None:
    assert condition_text(condition(name, *values)) == expected


@pytest.mark.parametrize("row", OPERATORS.values(), ids=lambda row: row.name)
def test_every_operator_has_words_and_its_own_name(row: object) -> None:
    name = row.name  # type: ignore[attr-defined] # the ids of pytest want an object

    assert condition_text(condition(name, "1")).startswith("ssm:k is ")
    assert operator_name(condition(name, "1")) == name


def test_set_operators_and_if_exists_stand_in_the_name() -> None:
    assert operator_name(condition("foranyvalue:stringlikeifexists", "a")) == (
        "ForAnyValue:StringLikeIfExists"
    )
    assert operator_name(condition("null", "true")) == "Null"


def test_what_must_not_be_is_told_as_such() -> None:
    home = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    ann = user("ann", start_on(), start_on(Effect="Deny", Condition=home))

    assert requirements(ask(ann, node()).formula, leaf_text) == (
        "not (aws:sourceip is in `10.0.0.0/8`)",
    )


def test_names_of_sessions_are_told() -> None:
    own = "arn:aws:ssm:*:*:session/${aws:userid}-*"
    ops = role("ops", {"Action": "*", "Resource": own}, trusts=trust("*"))
    thing = Thing(action="ssm:ResumeSession", names=("arn:aws:ssm:r:1:session/x",), region="r")

    assert requirements(ask(ops, thing).formula, leaf_text) == (
        f"arn:aws:ssm:r:1:session/x is like `{own}`",
    )


def test_one_session_that_is_trusted_is_told() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/ops/deploy"
    ops = role("ops", {"Action": "*", "Resource": "*"}, trusts=trust("*"))
    goal = role("goal", trusts=trust({"AWS": session}))
    thing = Thing(
        action="sts:AssumeRole",
        names=(goal.arn,),
        region="r",
        account_id="111122223333",
        trust=goal.trust,
    )

    assert requirements(ask(ops, thing).formula, leaf_text) == (f"the caller is `{session}`",)
    assert source(start_on()).policy.statements
