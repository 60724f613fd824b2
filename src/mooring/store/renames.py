"""What hangs on a user's or group's name follows it to a new one.

A table says by the names of its columns that its rows belong to a user or a group: ``user_key``
(with ``user_name`` for the name as given), ``group_key``, or ``entity_kind`` and ``entity_key``.
Every table of every area that does so is covered, without being named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Table, update

from mooring.iam.identity import EntityKind
from mooring.store.every_table import METADATA
from mooring.store.identity_rows import name_key
from mooring.store.rows import AccountRows
from mooring.store.statement import AccountStatement, account_statement, param

__all__ = ["follow"]

_COLUMNS: Mapping[EntityKind, tuple[str, str]] = {
    EntityKind.USER: ("user_key", "user_name"),
    EntityKind.GROUP: ("group_key", "group_name"),
}


def follow(rows: AccountRows, kind: EntityKind, old: str, new: str) -> None:
    """Give all rows that hang on the name ``old`` the name ``new``."""
    for statement in _own(kind):
        rows.change(statement, old_key=name_key(old), new_key=name_key(new), new_name=new)
    for statement in _shared():
        rows.change(statement, entity_kind=kind.value, old_key=name_key(old), new_key=name_key(new))


@cache
def _own(kind: EntityKind) -> tuple[AccountStatement, ...]:
    key, name = _COLUMNS[kind]
    return tuple(
        account_statement(
            update(table)
            .where(table.c.account_id == param("account_id"), table.c[key] == param("old_key"))
            .values({key: param("new_key"), **_renamed(table, name)})
        )
        for table in METADATA.tables.values()
        if key in table.c
    )


def _renamed(table: Table, name: str) -> dict[str, object]:
    return {name: param("new_name")} if name in table.c else {}


@cache
def _shared() -> tuple[AccountStatement, ...]:
    return tuple(
        account_statement(
            update(table)
            .where(
                table.c.account_id == param("account_id"),
                table.c.entity_kind == param("entity_kind"),
                table.c.entity_key == param("old_key"),
            )
            .values(entity_key=param("new_key"))
        )
        for table in METADATA.tables.values()
        if "entity_key" in table.c
    )
