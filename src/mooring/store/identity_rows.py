"""Users, roles, access keys and customer policies as rows, and rows as these values."""

from __future__ import annotations

from datetime import timedelta

from mooring.iam.identity import AccessKey, CustomerPolicy, KeyStatus, Role, User
from mooring.store.rows import (
    Row,
    from_micros,
    from_optional_micros,
    from_tags,
    to_micros,
    to_optional_micros,
    to_tags,
)
from mooring.store.statement import Value

__all__ = [
    "access_key_columns",
    "access_key_of",
    "name_key",
    "policy_columns",
    "policy_of",
    "role_columns",
    "role_of",
    "user_columns",
    "user_of",
]


def name_key(name: str) -> str:
    """Return what a name is compared by: IAM names are ASCII and differ by more than case."""
    return name.lower()


def user_columns(user: User) -> dict[str, Value]:
    """Return the user's row."""
    return {
        "name_key": name_key(user.name),
        "name": user.name,
        "path": user.path,
        "user_id": user.user_id,
        "created_at": to_micros(user.created_at),
        "boundary_arn": user.boundary_arn,
        "tags": to_tags(user.tags),
    }


def user_of(row: Row) -> User:
    """Return the row's user."""
    account_id, _key, name, path, user_id, created_at, boundary_arn, tags = row
    return User(
        account_id=account_id,
        name=name,
        path=path,
        user_id=user_id,
        created_at=from_micros(created_at),
        boundary_arn=boundary_arn,
        tags=from_tags(tags),
    )


def role_columns(role: Role) -> dict[str, Value]:
    """Return the role's row."""
    return {
        "name_key": name_key(role.name),
        "name": role.name,
        "path": role.path,
        "role_id": role.role_id,
        "created_at": to_micros(role.created_at),
        "trust_policy": role.trust_policy,
        "description": role.description,
        "max_session": role.max_session // timedelta(microseconds=1),
        "boundary_arn": role.boundary_arn,
        "revoked_before": to_optional_micros(role.revoked_before),
        "tags": to_tags(role.tags),
    }


def role_of(row: Row) -> Role:
    """Return the row's role."""
    account_id, _key, name, path, role_id, created_at, trust_policy, *rest = row
    description, max_session, boundary_arn, revoked_before, tags = rest
    return Role(
        account_id=account_id,
        name=name,
        path=path,
        role_id=role_id,
        created_at=from_micros(created_at),
        trust_policy=trust_policy,
        description=description,
        max_session=timedelta(microseconds=max_session),
        boundary_arn=boundary_arn,
        revoked_before=from_optional_micros(revoked_before),
        tags=from_tags(tags),
    )


def access_key_columns(key: AccessKey) -> dict[str, Value]:
    """Return the key's row."""
    return {
        "access_key_id": key.access_key_id,
        "user_key": name_key(key.user_name),
        "user_name": key.user_name,
        "sealed_secret": key.sealed_secret,
        "status": key.status.value,
        "created_at": to_micros(key.created_at),
    }


def access_key_of(row: Row) -> AccessKey:
    """Return the row's key."""
    account_id, access_key_id, _user_key, user_name, sealed_secret, status, created_at = row
    return AccessKey(
        account_id=account_id,
        access_key_id=access_key_id,
        user_name=user_name,
        sealed_secret=sealed_secret,
        status=KeyStatus(status),
        created_at=from_micros(created_at),
    )


def policy_columns(policy: CustomerPolicy) -> dict[str, Value]:
    """Return the policy's row."""
    return {
        "arn": policy.arn,
        "name_key": name_key(policy.name),
        "name": policy.name,
        "path": policy.path,
        "policy_id": policy.policy_id,
        "document": policy.document,
        "description": policy.description,
        "created_at": to_micros(policy.created_at),
        "updated_at": to_micros(policy.updated_at),
        "default_version": policy.default_version,
        "last_version": policy.last_version,
        "tags": to_tags(policy.tags),
    }


def policy_of(row: Row) -> CustomerPolicy:
    """Return the row's policy."""
    account_id, _arn, _key, name, path, policy_id, document, *rest = row
    description, created_at, updated_at, default_version, last_version, tags = rest
    return CustomerPolicy(
        account_id=account_id,
        name=name,
        path=path,
        policy_id=policy_id,
        document=document,
        description=description,
        created_at=from_micros(created_at),
        updated_at=from_micros(updated_at),
        default_version=default_version,
        last_version=last_version,
        tags=from_tags(tags),
    )
