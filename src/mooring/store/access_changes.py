"""What may change who is allowed what, noted in the same transaction as the change itself.

Every statement on an account's rows runs through ``AccountRows``, which asks here what a write
to its table means. A table that is not named here concerns every account: whoever adds one and
forgets this page makes sessions be asked about too often, never too seldom.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from mooring.ports.revocation import AccessChange
from mooring.store.schema_revocation import ACCESS_CHANGES
from mooring.store.statement import account_statement, global_statement

__all__ = [
    "ACCOUNT",
    "OWN_TABLES",
    "QUIET_TABLES",
    "all_changes",
    "note",
    "scope_of",
]

ACCOUNT = "account"
EVERYWHERE = "everywhere"

QUIET_TABLES = frozenset(
    {
        "access_changes",
        "account_aliases",
        "activations",
        "audit_events",
        "audit_heads",
        "credential_reports",
        "device_grants",
        "document_versions",
        "last_uses",
        "login_profiles",
        "mfa_devices",
        # A node's row is written at each of its signs of life; ``NodeTable`` notes its tags.
        "nodes",
        "oidc_providers",
        "passkeys",
        "password_policies",
        "session_grants",
        "session_plans",
        "sessions",
        "tickets",
        "web_sessions",
    }
)
"""No policy and nothing that a policy speaks about."""
OWN_TABLES = frozenset(
    {
        "access_keys",
        "attachments",
        "group_members",
        "inline_policies",
        "instance_profiles",
        "login_grants",
        "policies",
        "policy_versions",
        "roles",
        "user_groups",
        "users",
    }
)
"""What counts within the account that the row belongs to, and nowhere else."""

_FIRST = sqlite.insert(ACCESS_CHANGES)
_NOTE = account_statement(
    _FIRST.on_conflict_do_update(
        index_elements=["account_id", "scope"],
        set_={"revision": ACCESS_CHANGES.c.revision + 1},
    )
)
_ALL = global_statement(select(*ACCESS_CHANGES.c))


def scope_of(table: str) -> str | None:
    """Say how far a write to a table reaches; None for one that changes nobody's access."""
    if not table or table in QUIET_TABLES:
        return None
    return ACCOUNT if table in OWN_TABLES else EVERYWHERE


def note(connection: sqlite3.Connection, account_id: str, scope: str) -> None:
    """Note a change, in the transaction that is under way."""
    values = {**_NOTE.fixed, "account_id": account_id, "scope": scope, "revision": 1}
    connection.execute(_NOTE.text, values)


def all_changes(connection: sqlite3.Connection) -> Sequence[AccessChange]:
    """Return the newest change of each account and scope."""
    return [
        AccessChange(account_id=account_id, everywhere=scope == EVERYWHERE, revision=revision)
        for account_id, scope, revision in connection.execute(_ALL.text, _ALL.fixed)
    ]
