"""Which context keys policies ask for, spelled as their authors spelled them.

A key counts where it is the key of a condition, or stands as a variable (``${aws:username}``) in a
resource or a condition's value; under version 2008-10-17 variables are plain text.

Source: IAM API, GetContextKeysForCustomPolicy and SimulateCustomPolicy (MissingContextValues).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from mooring.iam.policy import Policy, Statement

__all__ = ["context_keys", "keys_for_action"]

_VARIABLE = re.compile(r"\$\{([^}{$',*?][^}{$',]*)")
_WITH_VARIABLES = "2012-10-17"


def context_keys(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Return every key that the policies ask for, once, in the order of their text."""
    return _unique(
        key
        for policy in policies
        for statement in policy.statements
        for key in _of(policy, statement)
    )


def keys_for_action(policies: Iterable[Policy], action: str) -> tuple[str, ...]:
    """Return the keys that matter to one action: those of the statements that speak of it."""
    folded = action.lower()
    return _unique(
        key
        for policy in policies
        for _, statement in policy.on(folded)
        for key in _of(policy, statement)
    )


def _of(policy: Policy, statement: Statement) -> Iterator[str]:
    if "ondition" not in statement.text and "${" not in statement.text:
        return
    content = json.loads(statement.text)
    conditions: Mapping[str, Mapping[str, object]] = content.get("Condition", {})
    texts = [content.get("Resource"), content.get("NotResource")]
    for keys in conditions.values():
        yield from keys
        texts += keys.values()
    if policy.version == _WITH_VARIABLES:
        for text in texts:
            for found in _VARIABLE.finditer(json.dumps(text, ensure_ascii=False)):
                yield found[1].strip()


def _unique(keys: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for key in keys:
        seen.setdefault(key.lower(), key)
    return tuple(seen.values())
