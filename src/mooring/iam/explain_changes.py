"""What to change so that a denied request is allowed: ready statements, and where they belong.

Each kind of policy that must allow and cannot gets a statement to add; each Deny that applies is
given back with the principal spared. Applied together, they turn the answer. They grant the one
action on the one resource and no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mooring.iam.evaluate import PolicySource
from mooring.iam.explain import Explanation, Said
from mooring.iam.policy import PolicyKind
from mooring.iam.reach_request import Subject, Thing

__all__ = ["Change", "ChangeKind", "changes"]

_ANY = "*"
_SPARED = "ArnNotEquals"
_PRINCIPAL = "aws:PrincipalArn"


class ChangeKind(StrEnum):
    """What to do with the statement."""

    ADD = "add"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change.

    Attributes:
        policy: the one to change; None where any of its kind will do, or a new one.
        number: of the statement to replace; None for one to add.
        statement: JSON.
        text: the same in words.
    """

    kind: ChangeKind
    policy_kind: PolicyKind
    policy: PolicySource | None
    number: int | None
    statement: str
    text: str


def changes(subject: Subject, asked: Iterable[tuple[Thing, Explanation]]) -> tuple[Change, ...]:
    """Return what to change for each denied request."""
    found = [change for thing, explanation in asked for change in _of(subject, thing, explanation)]
    return tuple(dict.fromkeys(found))


def _of(subject: Subject, thing: Thing, explanation: Explanation) -> Iterable[Change]:
    for said in explanation.said:
        if explanation.is_explicit:
            yield _spare(subject, said)
    for kind in explanation.lacking:
        yield _grant(subject, thing, kind)


def _spare(subject: Subject, said: Said) -> Change:
    statement: dict[str, Any] = json.loads(said.statement.text)
    condition = statement.setdefault("Condition", {})
    spared = condition.setdefault(_SPARED, {})
    listed = spared.get(_PRINCIPAL, [])
    arns = listed if isinstance(listed, list) else [listed]
    spared[_PRINCIPAL] = [*arns, subject.arn]
    return Change(
        kind=ChangeKind.REPLACE,
        policy_kind=said.kind,
        policy=said.match.source,
        number=said.match.statement,
        statement=json.dumps(statement),
        text=f"in `{said.match.source.name}`, let the deny spare {subject.arn}",
    )


def _grant(subject: Subject, thing: Thing, kind: PolicyKind) -> Change:
    resource = _ANY if _ANY in thing.names else thing.names[0]
    statement: dict[str, Any] = {"Effect": "Allow", "Action": thing.action, "Resource": resource}
    policy = subject.policies.boundary if kind is PolicyKind.BOUNDARY else None
    text = f"allow it in a policy of {subject.arn}"
    if kind is PolicyKind.TRUST:
        statement = {
            "Effect": "Allow",
            "Action": thing.action,
            "Principal": {"AWS": subject.arn},
        }
        policy, text = thing.trust, f"trust {subject.arn} in the role's trust policy"
    elif kind is PolicyKind.BOUNDARY and policy is not None:
        text = f"allow it in the permissions boundary `{policy.name}`"
    elif kind is PolicyKind.SCP:
        text = "allow it in a service control policy of each level that lacks it"
    return Change(
        kind=ChangeKind.ADD,
        policy_kind=kind,
        policy=policy,
        number=None,
        statement=json.dumps(statement),
        text=text,
    )
