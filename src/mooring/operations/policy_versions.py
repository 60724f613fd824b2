"""Versions of managed policies: five at most, one of them in force. Rules: the IAM API."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from mooring.iam.identity import CustomerPolicy, PolicyVersion
from mooring.operations.call import Call
from mooring.operations.entity_tables import POLICIES
from mooring.operations.managed_policies import check_managed, get_managed, refuse_those_of_aws
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = [
    "VersionView",
    "create_version",
    "delete_version",
    "get_version",
    "list_versions",
    "set_default_version",
]

_VERSIONS: Final = 5
_SPELLING: Final = re.compile(r"v([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version, and whether it is the one in force."""

    version: PolicyVersion
    is_default: bool

    @property
    def version_id(self) -> str:
        """Its number as IAM spells it."""
        return f"v{self.version.number}"


def _number(version_id: str) -> int:
    """A spelling that no version has is the number of none."""
    found = _SPELLING.fullmatch(version_id)
    return int(found[1]) if found else 0


def _stored(tx: Transaction, policy: CustomerPolicy, version_id: str) -> PolicyVersion:
    version = tx.policy_versions.get(policy.arn, _number(version_id))
    if version is None and _number(version_id) == policy.default_version:
        version = _of_default(policy)
    if version is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"Policy {policy.arn} version {version_id} does not exist."
        )
    return version


def _of_default(policy: CustomerPolicy) -> PolicyVersion:
    """Those of AWS have no rows."""
    return PolicyVersion(
        policy_arn=policy.arn,
        number=policy.default_version,
        document=policy.document,
        created_at=policy.updated_at,
    )


async def create_version(
    call: Call, arn: str, document: str, *, set_as_default: bool
) -> VersionView:
    """Add a version, and put it into force if so wanted.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, MALFORMED_POLICY, LIMIT_EXCEEDED, or UNMODIFIABLE for
            policies of AWS.
    """
    await get_managed(call, arn)
    refuse_those_of_aws(arn)
    check_managed(document)

    def work(tx: Transaction) -> VersionView:
        policy = POLICIES.stored(tx, arn)
        if len(tx.policy_versions.of_policy(arn)) >= _VERSIONS:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"A managed policy can have up to {_VERSIONS} versions. Before you create a new "
                "version, you must delete an existing version.",
            )
        version = PolicyVersion(
            policy_arn=arn,
            number=policy.last_version + 1,
            document=document,
            created_at=call.time,
        )
        tx.policy_versions.put(version)
        changed = replace(policy, last_version=version.number, updated_at=call.time)
        POLICIES.put(tx, _with_default(changed, version) if set_as_default else changed)
        return VersionView(version=version, is_default=set_as_default)

    return await call.write(work)


def _with_default(policy: CustomerPolicy, version: PolicyVersion) -> CustomerPolicy:
    return replace(policy, default_version=version.number, document=version.document)


async def set_default_version(call: Call, arn: str, version_id: str) -> None:
    """Put a version into force, at once and for everybody.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, or UNMODIFIABLE for policies of AWS.
    """
    await get_managed(call, arn)
    refuse_those_of_aws(arn)

    def work(tx: Transaction) -> None:
        policy = POLICIES.stored(tx, arn)
        version = _stored(tx, policy, version_id)
        POLICIES.put(tx, replace(_with_default(policy, version), updated_at=call.time))

    await call.write(work)


async def get_version(call: Call, arn: str, version_id: str) -> VersionView:
    """Return a version.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    policy = await get_managed(call, arn)
    version = await call.read(lambda tx: _stored(tx, policy, version_id))
    return VersionView(version=version, is_default=version.number == policy.default_version)


async def list_versions(
    call: Call, arn: str, *, after: str, limit: int
) -> tuple[tuple[VersionView, ...], bool]:
    """Return versions, newest first, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    policy = await get_managed(call, arn)
    found = await call.read(lambda tx: tx.policy_versions.of_policy(arn))
    versions = found or (_of_default(policy),)
    views = [
        VersionView(version=row, is_default=row.number == policy.default_version)
        for row in versions
        if not after or row.number < _number(after)
    ]
    return tuple(views[:limit]), len(views) > limit


async def delete_version(call: Call, arn: str, version_id: str) -> None:
    """Forget a version that is not in force.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, DELETE_CONFLICT, or UNMODIFIABLE for policies of AWS.
    """
    await get_managed(call, arn)
    refuse_those_of_aws(arn)

    def work(tx: Transaction) -> None:
        policy = POLICIES.stored(tx, arn)
        version = _stored(tx, policy, version_id)
        if version.number == policy.default_version:
            raise OperationRefused(
                Problem.DELETE_CONFLICT, "Cannot delete the default version of a policy."
            )
        tx.policy_versions.delete(arn, version.number)

    await call.write(work)
