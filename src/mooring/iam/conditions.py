"""Condition operators: the one table of them, set operators, IfExists and Null.

A condition is one operator, one key and its values. What AWS documents is computed; where AWS
leaves the answer open (several values without a set operator, a value that is not of the
operator's kind) the condition counts against the caller: true in a Deny, false in an Allow.

Source: IAM User Guide, "Condition operators", "Multivalued context keys".
"""

from __future__ import annotations

import operator as relation
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mooring.iam import operands
from mooring.iam.errors import PolicySyntaxError
from mooring.iam.facts import Facts
from mooring.iam.operands import Builder, Matcher, Outcome
from mooring.iam.pattern import Syntax

__all__ = ["OPERATORS", "Condition", "Operator", "Quantifier", "compile_condition"]

_NULL = "null"
_IF_EXISTS = "ifexists"
_VENDOR_MESSAGE = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


class Quantifier(StrEnum):
    """How many values of the request must satisfy the operator."""

    ONE = ""
    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One row of the table.

    Attributes:
        name: as AWS documents it.
        build: compiles the policy values for the positive comparison.
        negated: whether the condition holds where that comparison does not.
        variables: whether policy values may hold policy variables.
        strict: whether a value of another kind satisfies neither the operator nor its
            negation, as AWS was seen to do for ARNs.
    """

    name: str
    build: Builder
    negated: bool = False
    variables: bool = False
    strict: bool = False


def _ordered(family: str, compare: operands.Comparison) -> list[Operator]:
    relations = {
        "Equals": relation.eq,
        "LessThan": relation.lt,
        "LessThanEquals": relation.le,
        "GreaterThan": relation.gt,
        "GreaterThanEquals": relation.ge,
    }
    rows = [Operator(name=family + name, build=compare(how)) for name, how in relations.items()]
    return [*rows, Operator(name=f"{family}NotEquals", build=compare(relation.eq), negated=True)]


def _text(name: str, build: Builder) -> list[Operator]:
    return [
        Operator(name=f"String{name}", build=build, variables=True),
        Operator(name=f"StringNot{name}", build=build, variables=True, negated=True),
    ]


def _arn(name: str) -> list[Operator]:
    build = operands.arn_like
    return [
        Operator(name=f"Arn{name}", build=build, variables=True, strict=True),
        Operator(name=f"ArnNot{name}", build=build, variables=True, strict=True, negated=True),
    ]


_TABLE = [
    *_text("Equals", operands.text_equals),
    *_text("EqualsIgnoreCase", operands.text_equals_ignoring_case),
    *_text("Like", operands.text_like),
    *_ordered("Numeric", operands.compare_numbers),
    *_ordered("Date", operands.compare_dates),
    Operator(name="Bool", build=operands.bool_equals),
    Operator(name="BinaryEquals", build=operands.binary_equals),
    Operator(name="IpAddress", build=operands.in_network),
    Operator(name="NotIpAddress", build=operands.in_network, negated=True),
    *_arn("Equals"),
    *_arn("Like"),
]

OPERATORS: Mapping[str, Operator] = {row.name.lower(): row for row in _TABLE}
"""Every operator but Null, by its lower-case name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One compiled condition; the compiled part takes no part in equality.

    Attributes:
        operator: as written, with set operator and IfExists.
        key: as written.
        undecided: what an answer that AWS leaves open counts as.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    undecided: bool
    folded_key: str = field(compare=False, repr=False)
    quantifier: Quantifier = field(compare=False, repr=False)
    if_exists: bool = field(compare=False, repr=False)
    row: Operator | None = field(compare=False, repr=False)
    matcher: Matcher = field(compare=False, repr=False)

    def holds(self, facts: Facts) -> bool:
        """Tell whether the request satisfies the condition."""
        values = facts.get(self.folded_key)
        if self.row is None:
            return any((text.lower() == "true") == (values is None) for text in self.values)
        if values is None:
            return self._holds_without_value(self.row)
        if self.quantifier is Quantifier.ALL:
            return all(self._satisfies(value, facts, self.row) for value in values)
        if self.quantifier is Quantifier.ANY:
            return any(self._satisfies(value, facts, self.row) for value in values)
        if len(values) > 1:
            return self.undecided
        return self._satisfies(values[0], facts, self.row)

    def _holds_without_value(self, row: Operator) -> bool:
        if self.quantifier is Quantifier.ANY:
            return self.undecided if self.if_exists else False
        return self.if_exists or self.quantifier is Quantifier.ALL or row.negated

    def _satisfies(self, value: str, facts: Facts, row: Operator) -> bool:
        outcome = self.matcher(value, facts)
        if outcome is Outcome.HIT:
            return not row.negated
        if outcome is Outcome.MISS:
            return row.negated
        if row.strict or (outcome is Outcome.ALIEN and not row.negated):
            return False
        return self.undecided


def _null_matcher(_value: str, _facts: Facts) -> Outcome:
    raise AssertionError("Null asks for presence and compares no value")


def compile_condition(
    name: str, key: str, values: tuple[str, ...], *, variables: bool, undecided: bool
) -> Condition:
    """Compile one condition.

    Args:
        name: the operator, with its set operator and IfExists, in any case.
        key: the context key.
        values: the policy's values, as texts.
        variables: whether the policy's version knows policy variables.
        undecided: what an answer that AWS leaves open counts as.

    Raises:
        PolicySyntaxError: unknown operator, bad key, or malformed variable.
    """
    if key.find(":") < 1:
        raise PolicySyntaxError(
            f"condition key `{key}` has no service prefix", message=_VENDOR_MESSAGE
        )
    quantifier, base, if_exists = _take_apart(name)
    row = OPERATORS.get(base)
    if row is None and (base != _NULL or if_exists or quantifier):
        raise PolicySyntaxError(f"unknown condition operator `{name}`")
    syntax = Syntax.VARIABLES if row and row.variables and variables else Syntax.NONE
    return Condition(
        operator=name,
        key=key,
        values=values,
        undecided=undecided,
        folded_key=key.lower(),
        quantifier=quantifier,
        if_exists=if_exists,
        row=row,
        matcher=row.build(values, syntax) if row else _null_matcher,
    )


def _take_apart(name: str) -> tuple[Quantifier, str, bool]:
    """Split ``ForAnyValue:StringLikeIfExists`` into its three words."""
    prefix, colon, rest = name.lower().rpartition(":")
    found = [word for word in Quantifier if word.lower() == prefix]
    if bool(colon) != bool(prefix) or not found:
        raise PolicySyntaxError(f"unknown set operator in `{name}`")
    return found[0], rest.removesuffix(_IF_EXISTS), rest.endswith(_IF_EXISTS)
