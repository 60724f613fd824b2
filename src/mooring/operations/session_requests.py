"""What a caller may give with a session: policies that limit it, tags, a source identity.

Source of limits and texts: the Security Token Service API, AssumeRole and GetFederationToken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mooring.iam.errors import MalformedPolicy
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.session_facts import SessionFacts
from mooring.iam.size import SESSION_SIZE
from mooring.operations.policies import managed_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_tokens import packed, packed_percent
from mooring.ports.tables import Transaction

__all__ = ["SessionRequest", "check_policy_arns", "check_request", "percent_of"]

_MOST_ARNS = 10
_MOST_TAGS = 50
_RESERVED = "aws:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What is given; tags as they came, so that one given twice is seen."""

    policy: str = ""
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    source_identity: str = ""


def check_request(given: SessionRequest) -> None:
    """Hold the rules that need no look into the account.

    Raises:
        OperationRefused: MALFORMED_POLICY or INVALID_VALUE.
    """
    _check_policy(given)
    _check_tags([key for key, _ in given.tags])
    missing = {key.lower() for key in given.transitive} - {key.lower() for key, _ in given.tags}
    if missing:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "One of the specified transitive tag keys does not exist in the session tags.",
        )


def _check_policy(given: SessionRequest) -> None:
    if len(given.policy) > SESSION_SIZE:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
            f"Member must have length less than or equal to {SESSION_SIZE}",
        )
    if len(given.policy_arns) > _MOST_ARNS:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MOST_ARNS}",
        )
    if not given.policy:
        return
    try:
        parse_policy(given.policy, kind=PolicyKind.SESSION)
    except MalformedPolicy as exc:
        text = f"{exc} (line {exc.place.line}, column {exc.place.column}: {exc.detail})"
        raise OperationRefused(Problem.MALFORMED_POLICY, text) from exc


def _check_tags(keys: Sequence[str]) -> None:
    folded = [key.lower() for key in keys]
    if len(set(folded)) < len(folded):
        raise OperationRefused(
            Problem.INVALID_VALUE,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    if len(keys) > _MOST_TAGS:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"{len(keys)} session tags were given, expected at most {_MOST_TAGS}",
        )
    if any(key.startswith(_RESERVED) for key in folded):
        raise OperationRefused(
            Problem.INVALID_VALUE, "aws: prefixed tag names are not allowed for external use."
        )


def check_policy_arns(tx: Transaction, arns: Sequence[str]) -> None:
    """Hold that the managed policies exist, in the session's own account or as AWS's.

    Raises:
        OperationRefused: INVALID_VALUE.
    """
    for arn in arns:
        if managed_policy(tx, arn) is None:
            raise OperationRefused(
                Problem.INVALID_VALUE, f"Policy {arn} does not exist or is not attachable."
            )


def percent_of(facts: SessionFacts, given: SessionRequest) -> int | None:
    """Return PackedPolicySize; None when neither policies nor tags were given."""
    if not (given.policy or given.policy_arns or given.tags):
        return None
    return packed_percent(packed(facts))
