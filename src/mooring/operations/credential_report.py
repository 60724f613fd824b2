"""The credential report: one line for each user, as IAM writes it.

Source of columns and words: IAM User Guide, "Generate credential reports for your account".
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Final

from mooring.iam.identity import AccessKey, CredentialReport, KeyStatus, LastUse, User
from mooring.iam.login import DEFAULT_POLICY
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.recent_uses import RecentUses
from mooring.ports.tables import Transaction

__all__ = ["generate_report", "get_report"]

_GOOD_FOR: Final = timedelta(hours=4)
_SCAN: Final = 500
_NONE: Final = "N/A"
_KEY_COLUMNS: Final = (
    "active",
    "last_rotated",
    "last_used_date",
    "last_used_region",
    "last_used_service",
)
_COLUMNS: Final = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used"),
    *("password_last_changed", "password_next_rotation", "mfa_active"),
    *(f"access_key_1_{name}" for name in _KEY_COLUMNS),
    *(f"access_key_2_{name}" for name in _KEY_COLUMNS),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
)
_NO_KEY: Final = ("false", *(_NONE,) * 4)
_NO_CERTIFICATES: Final = ("false", _NONE, "false", _NONE)


async def generate_report(call: Call) -> None:
    """Write a report, unless there is one that is still good.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, Question(action=call.action))
    recent = call.world.recent_uses
    account_id = call.caller.account_id

    def work(tx: Transaction) -> None:
        kept = tx.credential_reports.get()
        if kept is None or call.time >= kept.generated_at + _GOOD_FOR:
            content = _Writer(tx, recent, account_id).report()
            tx.credential_reports.put(CredentialReport(generated_at=call.time, content=content))

    await call.write(work)


async def get_report(call: Call) -> CredentialReport:
    """Return the report.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: REPORT_ABSENT or REPORT_EXPIRED.
    """
    await require(call, Question(action=call.action))
    report = await call.read(lambda tx: tx.credential_reports.get())
    if report is None:
        raise OperationRefused(
            Problem.REPORT_ABSENT, "No report exists. Use GenerateCredentialReport to create one."
        )
    if call.time >= report.generated_at + _GOOD_FOR:
        raise OperationRefused(
            Problem.REPORT_EXPIRED,
            "The most recent report has expired. Use GenerateCredentialReport to create one.",
        )
    return report


class _Writer:
    """One pass over the users of an account."""

    def __init__(self, tx: Transaction, recent: RecentUses, account_id: str) -> None:
        self._tx = tx
        self._recent = recent
        self._account_id = account_id
        self._policy = tx.logins.password_policy() or DEFAULT_POLICY

    def report(self) -> bytes:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(_COLUMNS)
        rows.writerow(self._root())
        after = ""
        while page := self._tx.identities.users(path_prefix="/", after=after, limit=_SCAN):
            rows.writerows(self._user(user) for user in page)
            after = page[-1].name
        return text.getvalue().encode()

    def _root(self) -> tuple[str, ...]:
        """The root has no credentials here."""
        arn = f"arn:aws:iam::{self._account_id}:root"
        who = ("<root_account>", arn, _NONE, "not_supported", "no_information")
        return (*who, *("not_supported",) * 2, "false", *_NO_KEY, *_NO_KEY, *_NO_CERTIFICATES)

    def _user(self, user: User) -> tuple[str, ...]:
        keys = sorted(self._tx.identities.access_keys(user.name), key=lambda key: key.created_at)
        columns = [self._key(key) for key in keys[:2]]
        columns += [_NO_KEY] * (2 - len(columns))
        second = self._tx.second_factors
        has_mfa = bool(second.devices_of(user.name) or second.passkeys_of(user.name))
        return (
            *(user.name, user.arn, _time(user.created_at)),
            *self._password(user),
            _word(has_mfa),
            *columns[0],
            *columns[1],
            *_NO_CERTIFICATES,
        )

    def _password(self, user: User) -> tuple[str, ...]:
        profile = self._tx.logins.profile(user.name)
        if profile is None:
            return ("false", _NONE, _NONE, _NONE)
        use = self._use(user.user_id)
        age = self._policy.max_age_days
        return (
            "true",
            "no_information" if use is None else _time(use.used_at),
            _time(profile.changed_at),
            _time(profile.changed_at + timedelta(days=age)) if age else _NONE,
        )

    def _key(self, key: AccessKey) -> tuple[str, ...]:
        use = self._use(key.access_key_id)
        used = (_NONE,) * 3 if use is None else (_time(use.used_at), use.region, use.service)
        return (_word(key.status is KeyStatus.ACTIVE), _time(key.created_at), *used)

    def _use(self, subject: str) -> LastUse | None:
        return self._recent.get(self._account_id, subject) or self._tx.last_uses.get(subject)


def _time(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


def _word(value: object) -> str:
    return "true" if value else "false"
