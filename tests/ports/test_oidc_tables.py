"""The port of providers is what its table keeps, method by method."""

import inspect

from mooring.ports.oidc_tables import OidcProviders
from mooring.store.oidc_providers import OidcProviderTable


def test_the_table_answers_every_question_of_the_port_with_the_same_words() -> None:
    asked = {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(OidcProviders, inspect.isfunction)
        if not name.startswith("_")
    }

    answered = {name: inspect.signature(getattr(OidcProviderTable, name)) for name in asked}

    assert answered == asked
