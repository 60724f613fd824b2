"""Providers come back as they were put, by URL."""

import sqlite3
from dataclasses import replace

import pytest
from tests.contracts.rows import ACCOUNT, NOW, OTHER

from mooring.iam.oidc_provider import OidcProvider
from mooring.store.oidc_providers import OidcProviderTable

PROVIDER = OidcProvider(
    account_id=ACCOUNT,
    url="id.example.com/realms/b",
    client_ids=("one", "two"),
    thumbprints=("a" * 40,),
    created_at=NOW,
    tags={"a": "b"},
)


def test_a_provider_comes_back_and_goes_once(connection: sqlite3.Connection) -> None:
    table = OidcProviderTable(connection, ACCOUNT)
    first = replace(PROVIDER, url="a.example.com", client_ids=(), thumbprints=(), tags={})
    table.put(PROVIDER)
    table.put(first)

    assert table.get(PROVIDER.url) == PROVIDER
    assert table.all() == [first, PROVIDER]
    assert table.delete(PROVIDER.url)
    assert not table.delete(PROVIDER.url)
    assert table.get(PROVIDER.url) is None


def test_another_accounts_are_out_of_reach(connection: sqlite3.Connection) -> None:
    OidcProviderTable(connection, ACCOUNT).put(PROVIDER)
    others = OidcProviderTable(connection, OTHER)

    assert others.get(PROVIDER.url) is None
    assert others.all() == []
    assert not others.delete(PROVIDER.url)
    with pytest.raises(ValueError, match="expected a row of account"):
        others.put(PROVIDER)
