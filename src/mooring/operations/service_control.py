"""What an organization adds to a decision: the levels of policies above an account, and its names.

Service control policies bind every principal of a member account, its root too, and never those
of the management account (Organizations User Guide, "Service control policies").
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mooring.iam.evaluate import PolicySource
from mooring.iam.organization import Membership
from mooring.iam.policy import Policy, PolicyKind, parse_policy
from mooring.ports.tables import Transaction

__all__ = ["control_levels", "organization_context"]

_TYPE = "scp"


@lru_cache(maxsize=1024)
def _parsed(document: str) -> Policy:
    return parse_policy(document, kind=PolicyKind.SCP)


def control_levels(tx: Transaction) -> tuple[tuple[PolicySource, ...], ...]:
    """Return the policies of root, units and account; nothing where none binds."""
    return tuple(
        tuple(
            PolicySource(name=name, type=_TYPE, policy=_parsed(document))
            for name, document in level
        )
        for level in tx.memberships.levels()
    )


def organization_context(
    membership: Membership | None, *, resource_account: str
) -> Mapping[str, tuple[str, ...]]:
    """Return the context keys of an organization, for a principal of the account.

    Of the resource only as much is told as is known: that of an account of one's own.
    """
    if membership is None:
        return {}
    keys: dict[str, tuple[str, ...]] = {
        "aws:PrincipalOrgID": (membership.organization_id,),
        "aws:PrincipalOrgPaths": (membership.path_text,),
    }
    if resource_account == membership.member_id:
        keys["aws:ResourceOrgID"] = (membership.organization_id,)
        keys["aws:ResourceOrgPaths"] = (membership.path_text,)
    return keys
