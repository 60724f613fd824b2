"""Every operator does what AWS documents; where AWS is silent, the caller does not profit.

The vectors hold one condition on the key ``ssm:K`` each: ``allow`` is its truth in an Allow
statement, ``deny`` in a Deny statement.
"""

import json
from pathlib import Path

import pytest

from mooring.iam.conditions import OPERATORS, Condition, Usage, compile_condition
from mooring.iam.errors import NO_VENDOR, PolicySyntaxError
from mooring.iam.facts import fold

VECTORS = Path(__file__).parent.parent / "vectors/iam/conditions.json"
ROWS = json.loads(VECTORS.read_text())
OF_AWS = {
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    *("StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan"),
    *("NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals"),
    *("DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "Bool"),
    *("DateGreaterThanEquals", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals"),
    *("ArnLike", "ArnNotEquals", "ArnNotLike"),
}


def condition(name: str, *values: str, undecided: bool = False) -> Condition:
    return compile_condition(
        Usage.parse(name), "ssm:K", values, variables=True, undecided=undecided
    )


def test_the_table_holds_every_operator_of_aws() -> None:
    assert {row.name for row in OPERATORS.values()} == OF_AWS


def test_the_vectors_reach_every_operator() -> None:
    asked = {row["operator"].rpartition(":")[2].removesuffix("IfExists") for row in ROWS}

    assert asked >= OF_AWS | {"Null"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['operator']}-{row['values']}")
@pytest.mark.parametrize("effect", ["allow", "deny"])
def test_condition_holds_as_documented(row: dict[str, object], effect: str) -> None:
    vector = json.loads(json.dumps(row))
    compiled = compile_condition(
        Usage.parse(vector["operator"]),
        "ssm:K",
        tuple(vector["values"]),
        variables=vector.get("version") != "2008-10-17",
        undecided=effect == "deny",
    )

    holds = compiled.holds(fold({key: tuple(values) for key, values in vector["context"].items()}))

    assert holds is vector[effect]


@pytest.mark.parametrize(
    "name",
    [
        *("StringEqual", "", "IfExists", "NullIfExists", "ForAllValues:Null", ":StringEquals"),
        *("ForSomeValues:StringEquals", "ForAllValues:", "ForAnyValue:ForAllValues:Bool"),
    ],
)
def test_refuses_an_operator_that_aws_does_not_have(name: str) -> None:
    with pytest.raises(PolicySyntaxError, match=f"unknown condition operator `{name}`"):
        Usage.parse(name)


@pytest.mark.parametrize("key", ["username", ":k", ""])
def test_refuses_a_key_without_service_prefix(key: str) -> None:
    with pytest.raises(PolicySyntaxError) as refused:
        compile_condition(Usage.parse("Bool"), key, ("true",), variables=True, undecided=False)

    assert refused.value.message == NO_VENDOR


def test_refuses_a_malformed_variable() -> None:
    with pytest.raises(PolicySyntaxError, match="no policy variable"):
        condition("StringEquals", "${aws:username")


def test_compiled_conditions_compare_by_what_was_written() -> None:
    assert condition("Bool", "true") == condition("bool", "true")
    assert condition("Bool", "true") != condition("Bool", "false")
    assert hash(condition("Bool", "true")) == hash(condition("Bool", "true"))


def test_a_condition_knows_which_keys_its_values_refer_to() -> None:
    like, number = (
        compile_condition(
            Usage.parse(name),
            "ssm:k",
            ("${aws:userid}-${ssm:x, 'y'}",),
            variables=True,
            undecided=True,
        )
        for name in ("StringLike", "NumericEquals")
    )

    assert like.refers_to == {"aws:userid", "ssm:x"}
    assert number.refers_to == frozenset()
