"""Policy documents as they are checked when they are written, so that what is kept can be used."""

from __future__ import annotations

from mooring.iam.errors import MalformedPolicy
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.size import policy_size
from mooring.operations.problems import OperationRefused, Problem

__all__ = ["check_document"]


def check_document(document: str, kind: PolicyKind = PolicyKind.IDENTITY) -> int:
    """Return the size of a document that counts towards quotas.

    The refusal begins with AWS's own words; then come the place of each error, and what was
    wrong there.

    Raises:
        OperationRefused: MALFORMED_POLICY.
    """
    try:
        parse_policy(document, kind=kind)
    except MalformedPolicy as exc:
        places = "; ".join(_place(error) for error in (exc, *exc.others))
        raise OperationRefused(Problem.MALFORMED_POLICY, f"{exc} ({places})") from exc
    return policy_size(document)


def _place(error: MalformedPolicy) -> str:
    return f"line {error.place.line}, column {error.place.column}: {error.detail}"
