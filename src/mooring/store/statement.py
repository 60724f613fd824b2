"""Statements: written in SQLAlchemy Core, compiled once to text for the raw driver.

Compiling costs a hundred times what SQLite needs to run a small statement, so it happens at
import. What comes out are plain texts with named parameters. A statement of a table that
belongs to accounts must bind ``account_id``; one that does not is refused here, so that a query
without a tenant cannot be written. The few questions that come before the tenant is known are
``GlobalStatement``, which only ``directory`` uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    func,
)
from sqlalchemy import delete as sql_delete
from sqlalchemy import select as sql_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningDelete

__all__ = [
    "AccountStatement",
    "GlobalStatement",
    "Value",
    "account_statement",
    "delete_where",
    "global_statement",
    "insert_row",
    "listing",
    "of_account",
    "param",
    "put_row",
    "select_where",
]

Value = int | str | bytes | None
Clause = Select[Any] | Insert | Update | Delete | ReturningDelete[Any]

_DIALECT = sqlite.dialect(paramstyle="named")


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """A statement that is bound to one account by its parameter ``account_id``.

    ``writes`` names the table that it changes, and is empty for a query.
    """

    text: str
    fixed: Mapping[str, Value]
    writes: str


@dataclass(frozen=True, slots=True)
class GlobalStatement:
    """A statement over all accounts."""

    text: str
    fixed: Mapping[str, Value]


def account_statement(clause: Clause) -> AccountStatement:
    """Compile a statement of one account.

    Raises:
        ValueError: nothing in it binds ``account_id``.
    """
    text, fixed = _compile(clause)
    if ":account_id" not in text:
        raise ValueError(f"expected a statement that binds `account_id`, got `{text}`")
    return AccountStatement(text, fixed, _written(clause))


def _written(clause: Clause) -> str:
    if not isinstance(clause, Insert | Update | Delete):
        return ""
    if not isinstance(clause.table, Table):
        raise TypeError(f"expected a change of one table, got `{clause}`")
    return clause.table.name


def global_statement(clause: Clause) -> GlobalStatement:
    """Compile a statement over all accounts."""
    return GlobalStatement(*_compile(clause))


def _compile(clause: Clause) -> tuple[str, Mapping[str, Value]]:
    compiled = clause.compile(dialect=_DIALECT)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), fixed


def param(name: str) -> BindParameter[Value]:
    """A value to be given by name at each run."""
    return bindparam(name)


def of_account(table: Table, *keys: str) -> list[ColumnElement[bool]]:
    """The conditions that rows are of the account and equal the parameters named by ``keys``."""
    return [table.c[name] == param(name) for name in ("account_id", *keys)]


def select_where(table: Table, *keys: str) -> Select[tuple[object, ...]]:
    """All columns of the account's rows whose ``keys`` equal the parameters of those names."""
    return sql_select(*table.c).where(*of_account(table, *keys))


def listing(table: Table, column: Column[str]) -> Select[tuple[object, ...]]:
    """Rows above ``after`` by ``column``, of paths that begin with ``path_prefix``."""
    beginning = func.substr(table.c.path, 1, param("prefix_length"))
    return (
        select_where(table)
        .where(column > param("after"), beginning == param("path_prefix"))
        .order_by(column)
        .limit(param("limit"))
    )


def delete_where(table: Table, *keys: str) -> Delete:
    """Delete the account's rows whose ``keys`` equal the parameters of those names."""
    return sql_delete(table).where(*of_account(table, *keys))


def insert_row(table: Table, *, dialect: str = "sqlite") -> Insert:
    """Insert a row; a taken key is an error."""
    return _inserts(table)[dialect]


def put_row(table: Table, *, dialect: str = "sqlite") -> Insert:
    """Insert a row, or replace the one with the same primary key.

    SQLAlchemy has no neutral word for it, but both databases do it with the same clause, so
    this is the one place that chooses by dialect.
    """
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.c if column.name not in keys]
    if dialect == "postgresql":
        there = postgresql.insert(table)
        if not rest:
            return there.on_conflict_do_nothing(index_elements=keys)
        return there.on_conflict_do_update(
            index_elements=keys, set_={name: there.excluded[name] for name in rest}
        )
    here = sqlite.insert(table)
    if not rest:
        return here.on_conflict_do_nothing(index_elements=keys)
    return here.on_conflict_do_update(
        index_elements=keys, set_={name: here.excluded[name] for name in rest}
    )


def _inserts(table: Table) -> dict[str, Insert]:
    return {"sqlite": sqlite.insert(table), "postgresql": postgresql.insert(table)}
