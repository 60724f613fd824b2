"""OpenID Connect providers as rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from mooring.iam.oidc_provider import OidcProvider
from mooring.store.rows import AccountRows, Row, from_micros, from_tags, to_micros, to_tags
from mooring.store.schema_oidc import OIDC_PROVIDERS
from mooring.store.statement import account_statement, delete_where, put_row, select_where

__all__ = ["OidcProviderTable"]

_GET = account_statement(select_where(OIDC_PROVIDERS, "url"))
_PUT = account_statement(put_row(OIDC_PROVIDERS))
_DELETE = account_statement(delete_where(OIDC_PROVIDERS, "url"))
_ALL = account_statement(select_where(OIDC_PROVIDERS).order_by(OIDC_PROVIDERS.c.url))


class OidcProviderTable:
    """The OpenID Connect providers of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, url: str) -> OidcProvider | None:
        """Return the provider, or None."""
        row = self._rows.one(_GET, url=url)
        return None if row is None else _provider(row)

    def put(self, provider: OidcProvider) -> None:
        """Insert or replace the provider."""
        self._rows.check_owner(provider.account_id)
        self._rows.change(
            _PUT,
            url=provider.url,
            client_ids=json.dumps(provider.client_ids),
            thumbprints=json.dumps(provider.thumbprints),
            created_at=to_micros(provider.created_at),
            tags=to_tags(provider.tags),
        )

    def delete(self, url: str) -> bool:
        """Forget the provider; False when there was none."""
        return self._rows.change(_DELETE, url=url) > 0

    def all(self) -> Sequence[OidcProvider]:
        """Return every provider, by URL."""
        return [_provider(row) for row in self._rows.all(_ALL)]


def _provider(row: Row) -> OidcProvider:
    account_id, url, client_ids, thumbprints, created_at, tags = row
    return OidcProvider(
        account_id=account_id,
        url=url,
        client_ids=tuple(json.loads(client_ids)),
        thumbprints=tuple(json.loads(thumbprints)),
        created_at=from_micros(created_at),
        tags=from_tags(tags),
    )
