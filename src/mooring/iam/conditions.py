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
from mooring.iam.errors import NO_VENDOR, PolicySyntaxError
from mooring.iam.facts import Facts
from mooring.iam.operands import Builder, Matcher, Outcome
from mooring.iam.pattern import Syntax, Template

__all__ = ["OPERATORS", "Condition", "Operator", "Quantifier", "Usage", "compile_condition"]

_NULL = "null"
_IF_EXISTS = "ifexists"


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


_QUANTIFIERS = {word.lower(): word for word in Quantifier}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """An operator as a policy writes it, with its set operator and IfExists.

    Attributes:
        row: None for Null, which asks for presence only.
    """

    row: Operator | None
    quantifier: Quantifier = Quantifier.ONE
    if_exists: bool = False

    @classmethod
    def parse(cls, name: str) -> Usage:
        """Read ``Bool`` or ``ForAnyValue:StringLikeIfExists``, in any case.

        Raises:
            PolicySyntaxError: there is no such operator.
        """
        folded = name.lower()
        if folded == _NULL:
            return cls(row=None)
        prefix, _, rest = folded.rpartition(":")
        base = rest.removesuffix(_IF_EXISTS)
        if prefix not in _QUANTIFIERS or base not in OPERATORS or folded.startswith(":"):
            raise PolicySyntaxError(f"unknown condition operator `{name}`")
        return cls(row=OPERATORS[base], quantifier=_QUANTIFIERS[prefix], if_exists=rest != base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One compiled condition; what was compiled takes no part in equality.

    Attributes:
        key: in lower case.
        undecided: what an answer that AWS leaves open counts as.
        refers_to: the keys whose values stand in the policy's values as variables.
    """

    usage: Usage
    key: str
    values: tuple[str, ...]
    undecided: bool
    matcher: Matcher = field(compare=False, repr=False)
    refers_to: frozenset[str] = frozenset()

    def holds(self, facts: Facts) -> bool:
        """Tell whether the request satisfies the condition."""
        values = facts.get(self.key)
        row, quantifier = self.usage.row, self.usage.quantifier
        if row is None:
            return any((text.lower() == "true") == (values is None) for text in self.values)
        if values is None:
            return self._holds_without_value(row)
        if quantifier is Quantifier.ALL:
            return all(self._satisfies(value, facts, row) for value in values)
        if quantifier is Quantifier.ANY:
            return any(self._satisfies(value, facts, row) for value in values)
        if len(values) > 1:
            return self.undecided
        return self._satisfies(values[0], facts, row)

    def _holds_without_value(self, row: Operator) -> bool:
        if self.usage.quantifier is Quantifier.ANY:
            return self.undecided if self.usage.if_exists else False
        return self.usage.if_exists or self.usage.quantifier is Quantifier.ALL or row.negated

    def _satisfies(self, value: str, facts: Facts, row: Operator) -> bool:
        outcome = self.matcher(value, facts)
        if outcome is Outcome.HIT:
            return not row.negated
        if outcome is Outcome.MISS:
            return row.negated
        if row.strict or (outcome is Outcome.ALIEN and not row.negated):
            return False
        return self.undecided


def compile_condition(
    usage: Usage, key: str, values: tuple[str, ...], *, variables: bool, undecided: bool
) -> Condition:
    """Compile one condition.

    Args:
        usage: the operator.
        key: the context key, in any case.
        values: the policy's values, as texts.
        variables: whether the policy's version knows policy variables.
        undecided: what an answer that AWS leaves open counts as.

    Raises:
        PolicySyntaxError: the key has no service prefix, or a variable is malformed.
    """
    if key.find(":") < 1:
        raise PolicySyntaxError(f"condition key `{key}` has no service prefix", message=NO_VENDOR)
    row = usage.row
    syntax = Syntax.VARIABLES if row and row.variables and variables else Syntax.NONE
    build = row.build if row else operands.text_equals
    return Condition(
        usage=usage,
        key=key.lower(),
        values=values,
        undecided=undecided,
        matcher=build(values, syntax),
        refers_to=_variables(values, syntax),
    )


def _variables(values: tuple[str, ...], syntax: Syntax) -> frozenset[str]:
    if syntax is Syntax.NONE:
        return frozenset()
    return frozenset(key for value in values for key in Template.parse(value, syntax).variables())
