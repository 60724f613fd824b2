"""What is left of a decision when part of the request is not known: a formula over the rest.

A formula is true, false, or made of leaves that wait for a fact. It is true exactly where the
engine would allow, whatever the facts turn out to be; so ``yes`` and ``no`` are promises, and
``only-if`` names what they hang on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mooring.iam.facts import Facts

__all__ = [
    "NO",
    "YES",
    "Every",
    "Formula",
    "Leaf",
    "Negation",
    "Some",
    "Verdict",
    "every",
    "is_true",
    "leaves",
    "negate",
    "requirements",
    "some",
    "verdict",
]


class Verdict(StrEnum):
    """What a formula says before the facts are in."""

    YES = "yes"
    NO = "no"
    ONLY_IF = "only-if"


class Leaf(Protocol):
    """Something that waits for a fact. A value: equal leaves are one."""

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so, from the facts that were missing."""


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; without parts, true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One part holds at least; without parts, false."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The leaf does not hold."""

    leaf: Leaf


Formula = Every | Some | Negation | Leaf

# Made once each: `is` tells them, and no other formula is without parts.
YES: Formula = Every(())
NO: Formula = Some(())


def every(parts: Iterable[Formula]) -> Formula:
    """Join formulas that must all hold."""
    return _joined(parts, Every, YES, NO)


def some(parts: Iterable[Formula]) -> Formula:
    """Join formulas of which one must hold."""
    return _joined(parts, Some, NO, YES)


def _joined(
    parts: Iterable[Formula],
    kind: type[Every] | type[Some],
    neutral: Formula,
    deciding: Formula,
) -> Formula:
    found: list[Formula] = []
    for part in parts:
        if part is deciding:
            return deciding
        if isinstance(part, kind):
            found += part.parts
        else:
            found.append(part)
    if not found:
        return neutral
    if len(found) == 1:
        return found[0]
    kept = tuple(dict.fromkeys(found))
    return kept[0] if len(kept) == 1 else kind(kept)


def negate(formula: Formula) -> Formula:
    """Turn a formula round; negations stay at the leaves."""
    if isinstance(formula, Every):
        return some(negate(part) for part in formula.parts)
    if isinstance(formula, Some):
        return every(negate(part) for part in formula.parts)
    return formula.leaf if isinstance(formula, Negation) else Negation(formula)


def verdict(formula: Formula) -> Verdict:
    """Say what is certain."""
    if formula is YES:
        return Verdict.YES
    return Verdict.NO if formula is NO else Verdict.ONLY_IF


def is_true(formula: Formula, facts: Facts) -> bool:
    """Decide with the facts that were missing."""
    if isinstance(formula, Every):
        return all(is_true(part, facts) for part in formula.parts)
    if isinstance(formula, Some):
        return any(is_true(part, facts) for part in formula.parts)
    if isinstance(formula, Negation):
        return not formula.leaf.holds(facts)
    return formula.holds(facts)


def leaves(formula: Formula) -> Iterator[Leaf]:
    """Yield every leaf, in order, as often as it stands there."""
    if isinstance(formula, Every | Some):
        for part in formula.parts:
            yield from leaves(part)
    else:
        yield formula.leaf if isinstance(formula, Negation) else formula


def requirements(formula: Formula, tell: Callable[[Leaf, bool], str]) -> tuple[str, ...]:
    """Tell a formula as sentences that must all be true.

    Args:
        formula: what ``only-if`` hangs on.
        tell: puts a leaf into words; the flag says whether it must hold or must not.
    """
    parts = formula.parts if isinstance(formula, Every) else (formula,)
    return tuple(_told(part, tell) for part in parts)


def _told(formula: Formula, tell: Callable[[Leaf, bool], str]) -> str:
    if isinstance(formula, Negation):
        return tell(formula.leaf, False)  # noqa: FBT003 - the signature of a callback
    if isinstance(formula, Every | Some):
        word = " and " if isinstance(formula, Every) else " or "
        parts = [_told(part, tell) for part in formula.parts]
        return f"({word.join(parts)})"
    return tell(formula, True)  # noqa: FBT003 - the signature of a callback
