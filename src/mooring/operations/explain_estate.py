"""Everybody of an account with every policy that bears on them, read at one moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mooring.iam.identity import Role, User
from mooring.iam.organization import Membership
from mooring.iam.principal import Principal
from mooring.iam.reach import ANY_SESSION
from mooring.iam.reach_request import Subject
from mooring.operations.policies import policies_of, trust_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.service_control import organization_context
from mooring.ports.tables import Transaction

__all__ = ["find_subject", "read_estate", "unknown"]

_USER = re.compile(r"arn:aws:iam::([0-9]{12}):user/(?:.*/)?([^/]+)")
_ROLE = re.compile(r"arn:aws:iam::([0-9]{12}):role/(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:aws:sts::([0-9]{12}):assumed-role/([^/]+)/([^/]+)")

_ROWS = 500

EntityT = TypeVar("EntityT", User, Role)


def unknown(what: str) -> OperationRefused:
    """Return the refusal for what is not there."""
    return OperationRefused(Problem.SUBJECT_UNKNOWN, f"{what} cannot be found.")


def read_estate(tx: Transaction) -> tuple[Subject, ...]:
    """Return every user, then every role, each by name."""
    users = _all(lambda after: tx.identities.users(path_prefix="/", after=after, limit=_ROWS))
    roles = _all(lambda after: tx.identities.roles(path_prefix="/", after=after, limit=_ROWS))
    place = tx.memberships.get()
    return (
        *(_of_user(tx, user, place) for user in users),
        *(_of_role(tx, role, ANY_SESSION, place) for role in roles),
    )


def _all(page: Callable[[str], Sequence[EntityT]]) -> Iterator[EntityT]:
    after = ""
    while True:
        rows = page(after)
        yield from rows
        if len(rows) < _ROWS:
            return
        after = rows[-1].name


def _of_user(tx: Transaction, user: User, place: Membership | None) -> Subject:
    principal = Principal.user(
        user.account_id, user.name, user_id=user.user_id, path=user.path, tags=user.tags
    )
    return _subject(tx, principal, None, place)


def _of_role(tx: Transaction, role: Role, session_name: str, place: Membership | None) -> Subject:
    principal = Principal.role_session(role.arn, session_name, role_id=role.role_id, tags=role.tags)
    return _subject(tx, principal, role, place)


def _subject(
    tx: Transaction, principal: Principal, role: Role | None, place: Membership | None
) -> Subject:
    account_id = principal.account_id
    return Subject(
        principal=principal,
        policies=policies_of(tx, principal),
        trust=None if role is None else trust_policy(role),
        belongs=organization_context(place, resource_account=""),
        shares=organization_context(place, resource_account=account_id),
    )


def find_subject(tx: Transaction, account_id: str, arn: str) -> Subject:
    """Return the principal that an ARN names: a user, a role in any session, or one session.

    Raises:
        OperationRefused: SUBJECT_UNKNOWN.
    """
    user, role, session = (form.fullmatch(arn) for form in (_USER, _ROLE, _SESSION))
    found = user or role or session
    if found is None or found[1] != account_id:
        raise unknown(f"The user or role {_name(arn)}")
    place = tx.memberships.get()
    if user is not None:
        named = tx.identities.user(user[2])
        if named is not None and named.arn == arn:
            return _of_user(tx, named, place)
        raise unknown(f"The user {_name(arn)}")
    taken = tx.identities.role(found[2])
    if taken is None or (session is None and taken.arn != arn):
        raise unknown(f"The role {_name(arn)}")
    return _of_role(tx, taken, ANY_SESSION if session is None else session[3], place)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
