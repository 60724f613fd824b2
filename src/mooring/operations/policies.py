"""Gather every policy that speaks about a caller."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.identity import CustomerPolicy, EntityKind, Role
from mooring.iam.managed import MANAGED_POLICIES, ManagedPolicy
from mooring.iam.policy import Policy, PolicyKind, parse_policy
from mooring.iam.principal import Principal, PrincipalType
from mooring.iam.session_facts import SessionFacts
from mooring.operations.service_control import control_levels
from mooring.ports.tables import Transaction

__all__ = ["attached_policies", "managed_policy", "policies_of", "trust_policy"]

_AWS_POLICIES_FROM = datetime(2026, 11, 24, tzinfo=UTC)

_parse = lru_cache(maxsize=4096)(parse_policy)


def _parsed(document: str, kind: PolicyKind) -> Policy:
    return _parse(document, kind=kind)


def managed_policy(tx: Transaction, arn: str) -> CustomerPolicy | None:
    """Return a managed policy: the account's, or one of AWS's in the same shape."""
    return _AWS_POLICIES.get(arn) or tx.identities.policy(arn)


def _of_aws(arn: str, ours: ManagedPolicy) -> CustomerPolicy:
    digest = base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()
    return CustomerPolicy(
        account_id="aws",
        name=ours.name,
        path=ours.path,
        policy_id=f"ANPA{digest[:17]}",
        document=ours.document,
        description=ours.description,
        created_at=_AWS_POLICIES_FROM,
        updated_at=_AWS_POLICIES_FROM,
    )


_AWS_POLICIES = {arn: _of_aws(arn, ours) for arn, ours in MANAGED_POLICIES.items()}


def _managed_document(tx: Transaction, arn: str) -> str | None:
    policy = managed_policy(tx, arn)
    return policy.document if policy is not None else None


def attached_policies(tx: Transaction, kind: EntityKind, name: str) -> tuple[PolicySource, ...]:
    """Return the policies attached to a user, group or role itself."""
    attached = tx.identities.attached(kind, name)
    sources = [
        _source(policy_name, document, kind, name) for policy_name, document in attached.inline
    ]
    for arn in attached.managed:
        document = _managed_document(tx, arn)
        if document is not None:
            sources.append(_source(arn, document, kind, name))
    return tuple(sources)


def _source(policy_name: str, document: str, kind: EntityKind, owner: str) -> PolicySource:
    policy = _parsed(document, PolicyKind.IDENTITY)
    return PolicySource(name=policy_name, type=kind, owner=owner, policy=policy)


def trust_policy(role: Role) -> PolicySource:
    """Return the trust policy of a role."""
    policy = _parsed(role.trust_policy, PolicyKind.TRUST)
    return PolicySource(name="trust", type=EntityKind.ROLE, owner=role.name, policy=policy)


def _boundary(tx: Transaction, arn: str) -> PolicySource | None:
    """A boundary that names no policy any more allows nothing, as an empty one would."""
    if not arn:
        return None
    document = _managed_document(tx, arn) or _ALLOWS_NOTHING
    return PolicySource(name=arn, type="boundary", policy=_parsed(document, PolicyKind.BOUNDARY))


_ALLOWS_NOTHING = (
    '{"Version":"2012-10-17","Statement":'
    '{"Effect":"Allow","Action":"mooring:Nothing","Resource":"*"}}'
)


def policies_of(
    tx: Transaction, principal: Principal, session: SessionFacts | None = None
) -> PolicySet:
    """Return what is attached to a user, its groups or a role; nothing for who is gone.

    ``session`` is what temporary credentials carry; its policies limit what is attached. A
    federated user has the policies of the user who asked for its credentials. What an organization
    says of the whole account is there too.
    """
    own = _own_policies(tx, principal, session)
    levels = control_levels(tx)
    return replace(own, scps=levels) if levels else own


def _own_policies(tx: Transaction, principal: Principal, session: SessionFacts | None) -> PolicySet:
    limits = _session(tx, session) if session is not None else ()
    user_name = principal.user_name
    if principal.type is PrincipalType.FEDERATED_USER and session is not None:
        user_name = session.issuer
    if user_name is not None:
        return _of_user(tx, user_name, limits)
    if principal.type is PrincipalType.ASSUMED_ROLE:
        role = tx.identities.role(principal.principal_arn.rpartition("/")[2])
        if role is None:
            return PolicySet()
        return PolicySet(
            identity=attached_policies(tx, EntityKind.ROLE, role.name),
            boundary=_boundary(tx, role.boundary_arn),
            session=limits,
        )
    return PolicySet()


def _of_user(tx: Transaction, name: str, limits: tuple[PolicySource, ...]) -> PolicySet:
    user = tx.identities.user(name)
    if user is None:
        return PolicySet()
    groups = [
        source
        for group in tx.groups.of_user(user.name)
        for source in attached_policies(tx, EntityKind.GROUP, group.name)
    ]
    return PolicySet(
        identity=(*attached_policies(tx, EntityKind.USER, user.name), *groups),
        boundary=_boundary(tx, user.boundary_arn),
        session=limits,
    )


def _session(tx: Transaction, session: SessionFacts) -> tuple[PolicySource, ...]:
    """A managed policy that is gone allows nothing, but still limits."""
    given = [("session-policy", session.policy)] if session.policy else []
    given += [(arn, _managed_document(tx, arn) or _ALLOWS_NOTHING) for arn in session.policy_arns]
    return tuple(
        PolicySource(name=name, type="session", policy=_parsed(document, PolicyKind.SESSION))
        for name, document in given
    )
