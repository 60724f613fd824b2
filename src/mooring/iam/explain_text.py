"""Conditions in words, for those who read why.

A leaf becomes one sentence: the key, what is asked of it, the values. What must not hold is told
as such; a Deny that hangs on a fact reads as the opposite of its conditions.
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.iam.conditions import Condition, Quantifier
from mooring.iam.reach import ConditionLeaf, PrincipalLeaf, ResourceLeaf
from mooring.iam.reach_formula import Leaf

__all__ = ["condition_text", "leaf_text", "operator_name"]

_WORDS: Mapping[str, str] = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is (in any case)",
    "StringNotEqualsIgnoreCase": "is not (in any case)",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "NumericEquals": "is",
    "NumericNotEquals": "is not",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateNotEquals": "is not",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
    "Bool": "is",
    "BinaryEquals": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "ArnEquals": "is like",
    "ArnLike": "is like",
    "ArnNotEquals": "is not like",
    "ArnNotLike": "is not like",
}


def operator_name(condition: Condition) -> str:
    """Return the operator as a policy spells it."""
    usage = condition.usage
    if usage.row is None:
        return "Null"
    prefix = f"{usage.quantifier.value}:" if usage.quantifier is not Quantifier.ONE else ""
    return f"{prefix}{usage.row.name}{'IfExists' if usage.if_exists else ''}"


def condition_text(condition: Condition) -> str:
    """Say what a condition asks."""
    usage, key = condition.usage, condition.key
    if usage.row is None:
        wanted = {value.lower() == "true" for value in condition.values}
        if len(wanted) > 1:
            return f"{key} is there or not"
        return f"{key} is {'missing' if True in wanted else 'there'}"
    subject = {
        Quantifier.ONE: key,
        Quantifier.ALL: f"each value of {key}",
        Quantifier.ANY: f"some value of {key}",
    }[usage.quantifier]
    values = " or ".join(f"`{value}`" for value in condition.values) or "nothing"
    missing = ", or is missing" if _holds_when_missing(condition) else ""
    return f"{subject} {_WORDS[usage.row.name]} {values}{missing}"


def _holds_when_missing(condition: Condition) -> bool:
    return condition.holds({})


def leaf_text(leaf: Leaf, is_wanted: bool) -> str:  # noqa: FBT001 - the signature of a callback
    """Say what a leaf waits for."""
    text = _text(leaf)
    return text if is_wanted else f"not ({text})"


def _text(leaf: Leaf) -> str:
    if isinstance(leaf, ConditionLeaf):
        return condition_text(leaf.condition)
    if isinstance(leaf, ResourceLeaf):
        patterns = " or ".join(f"`{pattern.text}`" for pattern in leaf.patterns)
        return f"{leaf.names[0]} is {'not ' if leaf.negated else ''}like {patterns}"
    if isinstance(leaf, PrincipalLeaf):
        patterns = " or ".join(f"`{pattern.value}`" for pattern in leaf.patterns)
        return f"the caller is {'not ' if leaf.negated else ''}{patterns}"
    raise AssertionError(f"no words for {leaf!r}")
