"""Finds the statements that speak of an action without trying each of them.

An action's service prefix holds no wildcard, so entries fall into three heaps: names without
wildcards in a dictionary, patterns by prefix, and ``*`` and NotAction, which are always asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mooring.iam.match import ActionPattern

__all__ = ["ActionIndex"]

Entries = tuple[ActionPattern, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionIndex:
    """From action to statement numbers."""

    exact: Mapping[str, tuple[int, ...]]
    by_vendor: Mapping[str, tuple[tuple[int, ActionPattern], ...]]
    always: tuple[int, ...]
    negated: tuple[tuple[int, Entries], ...]

    @classmethod
    def build(cls, statements: Iterable[tuple[Entries, Entries]]) -> ActionIndex:
        """Return the index of statements, each given by its Action and NotAction entries."""
        exact: dict[str, tuple[int, ...]] = {}
        by_vendor: dict[str, tuple[tuple[int, ActionPattern], ...]] = {}
        always: list[int] = []
        negated: list[tuple[int, Entries]] = []
        for number, (actions, not_actions) in enumerate(statements):
            if not_actions:
                negated.append((number, not_actions))
            for pattern in actions:
                if pattern.vendor is None:
                    always.append(number)
                elif set("*?") & set(pattern.text):
                    known = by_vendor.get(pattern.vendor, ())
                    by_vendor[pattern.vendor] = (*known, (number, pattern))
                else:
                    name = pattern.text.lower()
                    exact[name] = (*exact.get(name, ()), number)
        return cls(exact=exact, by_vendor=by_vendor, always=tuple(always), negated=tuple(negated))

    def find(self, action: str) -> tuple[int, ...]:
        """Return the numbers of the statements that cover an action, in order.

        Args:
            action: in lower case.
        """
        found = {*self.exact.get(action, ()), *self.always}
        for number, pattern in self.by_vendor.get(action.partition(":")[0], ()):
            if number not in found and pattern.matches(action):
                found.add(number)
        for number, patterns in self.negated:
            if not any(pattern.matches(action) for pattern in patterns):
                found.add(number)
        return tuple(sorted(found))
