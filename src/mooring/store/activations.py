"""Activations as rows; of the code, its hash."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mooring.fleet.activation import Activation
from mooring.secret import Secret
from mooring.store.rows import AccountRows, Row, from_micros, from_tags, to_micros, to_tags
from mooring.store.schema import ACTIVATIONS
from mooring.store.statement import (
    account_statement,
    delete_where,
    param,
    put_row,
    select_where,
)

__all__ = ["ActivationTable"]

_GET = account_statement(select_where(ACTIVATIONS, "activation_id"))
_PUT = account_statement(put_row(ACTIVATIONS))
_DELETE = account_statement(delete_where(ACTIVATIONS, "activation_id"))
_PAGE = account_statement(
    select_where(ACTIVATIONS)
    .where(ACTIVATIONS.c.activation_id > param("after"))
    .order_by(ACTIVATIONS.c.activation_id)
    .limit(param("limit"))
)


class ActivationTable:
    """The activations of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, activation_id: str) -> Activation | None:
        """Return the activation, or None."""
        row = self._rows.one(_GET, activation_id=activation_id)
        return None if row is None else _activation(row)

    def put(self, activation: Activation) -> None:
        """Insert or replace the activation and its tags."""
        self._rows.check_owner(activation.account_id)
        self._rows.change(
            _PUT,
            activation_id=activation.activation_id,
            region=activation.region,
            code_hash=activation.code_hash.reveal(),
            description=activation.description,
            default_instance_name=activation.default_instance_name,
            role_name=activation.role_name,
            registration_limit=activation.registration_limit,
            registrations=activation.registrations,
            created_at=to_micros(activation.created_at),
            expires_at=to_micros(activation.expires_at),
            tags=to_tags(activation.tags),
        )

    def delete(self, activation_id: str) -> bool:
        """Forget the activation; False when there was none."""
        return self._rows.change(_DELETE, activation_id=activation_id) > 0

    def page(self, *, after: str, limit: int) -> Sequence[Activation]:
        """Return activations with an id above ``after``, by id, at most ``limit``."""
        return [_activation(row) for row in self._rows.all(_PAGE, after=after, limit=limit)]


def _activation(row: Row) -> Activation:
    account_id, activation_id, region, code_hash, description, default_name, *rest = row
    role_name, registration_limit, registrations, created_at, expires_at, tags = rest
    return Activation(
        account_id=account_id,
        region=region,
        activation_id=activation_id,
        code_hash=Secret(code_hash),
        description=description,
        default_instance_name=default_name,
        role_name=role_name,
        registration_limit=registration_limit,
        registrations=registrations,
        created_at=from_micros(created_at),
        expires_at=from_micros(expires_at),
        tags=from_tags(tags),
    )
