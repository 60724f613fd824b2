"""Organizations as rows of their management accounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlalchemy import delete, select

from mooring.iam.organization import (
    AccountRequest,
    ControlPolicy,
    MemberAccount,
    Organization,
    OrganizationalUnit,
    RequestState,
)
from mooring.store.rows import (
    AccountRows,
    Row,
    from_micros,
    from_optional_micros,
    to_micros,
    to_optional_micros,
)
from mooring.store.schema_organizations import (
    ORGANIZATION_ATTACHMENTS,
    ORGANIZATION_MEMBERS,
    ORGANIZATION_POLICIES,
    ORGANIZATION_REQUESTS,
    ORGANIZATION_UNITS,
    ORGANIZATIONS,
)
from mooring.store.statement import (
    account_statement,
    delete_where,
    of_account,
    param,
    put_row,
    select_where,
)

__all__ = ["AccountRequestTable", "ControlPolicyTable", "OrganizationTable"]

_UNIT = ORGANIZATION_UNITS.c
_MEMBER = ORGANIZATION_MEMBERS.c
_POLICY = ORGANIZATION_POLICIES.c
_ATTACHED = ORGANIZATION_ATTACHMENTS.c

_GET = account_statement(select_where(ORGANIZATIONS))
_PUT = account_statement(put_row(ORGANIZATIONS))
_DELETE_ALL = tuple(
    account_statement(delete_where(table))
    for table in (
        ORGANIZATION_ATTACHMENTS,
        ORGANIZATION_POLICIES,
        ORGANIZATION_REQUESTS,
        ORGANIZATION_MEMBERS,
        ORGANIZATION_UNITS,
        ORGANIZATIONS,
    )
)
_GET_UNIT = account_statement(select_where(ORGANIZATION_UNITS, "unit_id"))
_PUT_UNIT = account_statement(put_row(ORGANIZATION_UNITS))
_DELETE_UNIT = account_statement(delete_where(ORGANIZATION_UNITS, "unit_id"))
_UNITS = account_statement(
    select_where(ORGANIZATION_UNITS, "parent_id")
    .where(_UNIT.unit_id > param("after"))
    .order_by(_UNIT.unit_id)
    .limit(param("limit"))
)
_GET_MEMBER = account_statement(select_where(ORGANIZATION_MEMBERS, "member_id"))
_PUT_MEMBER = account_statement(put_row(ORGANIZATION_MEMBERS))
_DELETE_MEMBER = account_statement(delete_where(ORGANIZATION_MEMBERS, "member_id"))
_MEMBERS = account_statement(
    select_where(ORGANIZATION_MEMBERS)
    .where(_MEMBER.member_id > param("after"))
    .order_by(_MEMBER.member_id)
    .limit(param("limit"))
)
_MEMBERS_OF = account_statement(
    select_where(ORGANIZATION_MEMBERS, "parent_id")
    .where(_MEMBER.member_id > param("after"))
    .order_by(_MEMBER.member_id)
    .limit(param("limit"))
)


class OrganizationTable:
    """The organization of one management account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self) -> Organization | None:
        """Return the organization, or None."""
        row = self._rows.one(_GET)
        return None if row is None else _organization(row)

    def put(self, organization: Organization) -> None:
        """Insert or replace the organization."""
        self._rows.check_owner(organization.account_id)
        self._rows.change(
            _PUT,
            organization_id=organization.organization_id,
            root_id=organization.root_id,
            created_at=to_micros(organization.created_at),
            controls=int(organization.controls),
        )

    def delete(self) -> bool:
        """Forget the organization with all that is in it; False when there was none."""
        return [self._rows.change(statement) for statement in _DELETE_ALL][-1] > 0

    def unit(self, unit_id: str) -> OrganizationalUnit | None:
        """Return the unit, or None."""
        row = self._rows.one(_GET_UNIT, unit_id=unit_id)
        return None if row is None else _unit(row)

    def put_unit(self, unit: OrganizationalUnit) -> None:
        """Insert or replace the unit."""
        self._rows.check_owner(unit.account_id)
        self._rows.change(_PUT_UNIT, unit_id=unit.unit_id, parent_id=unit.parent_id, name=unit.name)

    def delete_unit(self, unit_id: str) -> bool:
        """Forget the unit; False when there was none."""
        return self._rows.change(_DELETE_UNIT, unit_id=unit_id) > 0

    def units(self, *, parent_id: str, after: str, limit: int) -> Sequence[OrganizationalUnit]:
        """Return the units directly below a parent, by id, above ``after``."""
        rows = self._rows.all(_UNITS, parent_id=parent_id, after=after, limit=limit)
        return [_unit(row) for row in rows]

    def member(self, member_id: str) -> MemberAccount | None:
        """Return the account, or None."""
        row = self._rows.one(_GET_MEMBER, member_id=member_id)
        return None if row is None else _member(row)

    def put_member(self, member: MemberAccount) -> None:
        """Insert or replace the account.

        Raises:
            AlreadyExists: it is in another organization.
        """
        self._rows.check_owner(member.account_id)
        self._rows.change(
            _PUT_MEMBER,
            member_id=member.member_id,
            parent_id=member.parent_id,
            name=member.name,
            email=member.email,
            joined_at=to_micros(member.joined_at),
            was_created=int(member.was_created),
        )

    def delete_member(self, member_id: str) -> bool:
        """Forget that the account is a member; False when it was none."""
        return self._rows.change(_DELETE_MEMBER, member_id=member_id) > 0

    def members(self, *, parent_id: str, after: str, limit: int) -> Sequence[MemberAccount]:
        """Return accounts by id, above ``after``: of a parent, or of all for an empty one."""
        if parent_id:
            rows = self._rows.all(_MEMBERS_OF, parent_id=parent_id, after=after, limit=limit)
        else:
            rows = self._rows.all(_MEMBERS, after=after, limit=limit)
        return [_member(row) for row in rows]


_GET_POLICY = account_statement(select_where(ORGANIZATION_POLICIES, "policy_id"))
_PUT_POLICY = account_statement(put_row(ORGANIZATION_POLICIES))
_DELETE_POLICY = account_statement(delete_where(ORGANIZATION_POLICIES, "policy_id"))
_POLICIES = account_statement(
    select_where(ORGANIZATION_POLICIES)
    .where(_POLICY.policy_id > param("after"))
    .order_by(_POLICY.policy_id)
    .limit(param("limit"))
)
_ATTACH = account_statement(put_row(ORGANIZATION_ATTACHMENTS))
_DETACH = account_statement(delete_where(ORGANIZATION_ATTACHMENTS, "target_id", "policy_id"))
_DETACH_ALL = account_statement(
    delete(ORGANIZATION_ATTACHMENTS).where(*of_account(ORGANIZATION_ATTACHMENTS))
)
_OF_TARGET = account_statement(
    select(_ATTACHED.policy_id)
    .where(*of_account(ORGANIZATION_ATTACHMENTS, "target_id"))
    .order_by(_ATTACHED.policy_id)
)
_TARGETS_OF = account_statement(
    select(_ATTACHED.target_id)
    .where(*of_account(ORGANIZATION_ATTACHMENTS, "policy_id"))
    .order_by(_ATTACHED.target_id)
)


class ControlPolicyTable:
    """The service control policies of one management account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, policy_id: str) -> ControlPolicy | None:
        """Return the policy, or None."""
        row = self._rows.one(_GET_POLICY, policy_id=policy_id)
        return None if row is None else _policy(row)

    def put(self, policy: ControlPolicy) -> None:
        """Insert or replace the policy."""
        self._rows.check_owner(policy.account_id)
        self._rows.change(
            _PUT_POLICY,
            policy_id=policy.policy_id,
            name=policy.name,
            description=policy.description,
            document=policy.document,
        )

    def delete(self, policy_id: str) -> bool:
        """Forget the policy; False when there was none."""
        return self._rows.change(_DELETE_POLICY, policy_id=policy_id) > 0

    def page(self, *, after: str, limit: int) -> Sequence[ControlPolicy]:
        """Return policies by id, above ``after``."""
        return [_policy(row) for row in self._rows.all(_POLICIES, after=after, limit=limit)]

    def attach(self, policy_id: str, target_id: str) -> None:
        """Attach; twice is once."""
        self._rows.change(_ATTACH, policy_id=policy_id, target_id=target_id)

    def detach(self, policy_id: str, target_id: str) -> bool:
        """Detach; False when it was not attached."""
        return self._rows.change(_DETACH, policy_id=policy_id, target_id=target_id) > 0

    def detach_all(self) -> int:
        """Detach every policy from everything; say how many those were."""
        return self._rows.change(_DETACH_ALL)

    def of_target(self, target_id: str) -> Sequence[str]:
        """Return the ids of the policies attached to a root, unit or account."""
        return [row[0] for row in self._rows.all(_OF_TARGET, target_id=target_id)]

    def targets_of(self, policy_id: str) -> Sequence[str]:
        """Return the ids of what a policy is attached to."""
        return [row[0] for row in self._rows.all(_TARGETS_OF, policy_id=policy_id)]


_GET_REQUEST = account_statement(select_where(ORGANIZATION_REQUESTS, "request_id"))
_PUT_REQUEST = account_statement(put_row(ORGANIZATION_REQUESTS))
_REQUESTS = account_statement(
    select_where(ORGANIZATION_REQUESTS)
    .where(ORGANIZATION_REQUESTS.c.request_id > param("after"))
    .order_by(ORGANIZATION_REQUESTS.c.request_id)
    .limit(param("limit"))
)
_IN_STATE = account_statement(
    select_where(ORGANIZATION_REQUESTS, "state").order_by(ORGANIZATION_REQUESTS.c.request_id)
)


class AccountRequestTable:
    """Requests for new accounts of one management account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, request_id: str) -> AccountRequest | None:
        """Return the request, or None."""
        row = self._rows.one(_GET_REQUEST, request_id=request_id)
        return None if row is None else _request(row)

    def put(self, request: AccountRequest) -> None:
        """Insert or replace the request."""
        self._rows.check_owner(request.account_id)
        self._rows.change(
            _PUT_REQUEST,
            request_id=request.request_id,
            member_id=request.member_id,
            name=request.name,
            role_name=request.role_name,
            requested_at=to_micros(request.requested_at),
            state=request.state.value,
            failure=request.failure,
            completed_at=to_optional_micros(request.completed_at),
        )

    def page(self, *, after: str, limit: int) -> Sequence[AccountRequest]:
        """Return requests by id, above ``after``."""
        return [_request(row) for row in self._rows.all(_REQUESTS, after=after, limit=limit)]

    def open_requests(self) -> Sequence[AccountRequest]:
        """Return those that are neither done nor failed."""
        rows = self._rows.all(_IN_STATE, state=RequestState.IN_PROGRESS.value)
        return [_request(row) for row in rows]


def _organization(row: Row) -> Organization:
    account_id, organization_id, root_id, created_at, controls = row
    return Organization(
        account_id=account_id,
        organization_id=organization_id,
        root_id=root_id,
        created_at=from_micros(created_at),
        controls=bool(controls),
    )


def _unit(row: Row) -> OrganizationalUnit:
    account_id, unit_id, parent_id, name = row
    return OrganizationalUnit(
        account_id=account_id, unit_id=unit_id, parent_id=parent_id, name=name
    )


def _member(row: Row) -> MemberAccount:
    account_id, member_id, parent_id, name, email, joined_at, was_created = row
    return MemberAccount(
        account_id=account_id,
        member_id=member_id,
        parent_id=parent_id,
        name=name,
        email=email,
        joined_at=from_micros(joined_at),
        was_created=bool(was_created),
    )


def _policy(row: Row) -> ControlPolicy:
    account_id, policy_id, name, description, document = row
    return ControlPolicy(
        account_id=account_id,
        policy_id=policy_id,
        name=name,
        description=description,
        document=document,
    )


def _request(row: Row) -> AccountRequest:
    account_id, request_id, member_id, name, role_name, requested_at, *end = row
    state, failure, completed_at = end
    return AccountRequest(
        account_id=account_id,
        request_id=request_id,
        member_id=member_id,
        name=name,
        role_name=role_name,
        requested_at=from_micros(requested_at),
        state=RequestState(state),
        failure=failure,
        completed_at=from_optional_micros(completed_at),
    )
