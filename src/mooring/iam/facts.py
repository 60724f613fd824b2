"""The request context as the engine reads it: key names without case, no empty keys.

Context keys compare without case, tag keys included, and a key without values counts as
missing (IAM User Guide, "Condition keys").
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Facts", "fold", "single"]

Facts = Mapping[str, tuple[str, ...]]
"""Lower-case key name to its values; never an empty tuple."""


def fold(context: Mapping[str, tuple[str, ...]]) -> Facts:
    """Return the context with lower-case keys.

    Two keys that differ by case only, such as the tags ``Owner`` and ``owner`` of one
    resource, become one key with the values of both: neither may hide the other.
    """
    facts: dict[str, tuple[str, ...]] = {}
    for key, values in context.items():
        if values:
            folded = key.lower()
            facts[folded] = facts[folded] + values if folded in facts else values
    return facts


def single(facts: Facts, key: str) -> str | None:
    """Return the value of a single-valued key; None when it is missing or multivalued."""
    values = facts.get(key)
    return values[0] if values is not None and len(values) == 1 else None
