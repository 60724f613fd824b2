"""The port of grants is what its table keeps, method by method."""

import inspect

from mooring.ports.revocation import SessionGrant, SessionGrants
from mooring.store.session_grants import SessionGrantTable


def test_the_table_answers_every_question_of_the_port_with_the_same_words() -> None:
    asked = {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(SessionGrants, inspect.isfunction)
        if not name.startswith("_")
    }

    answered = {name: inspect.signature(getattr(SessionGrantTable, name)) for name in asked}

    assert answered == asked


def test_a_grant_does_not_print_its_token() -> None:
    token = "sealed"  # noqa: S105 - of a test

    assert token not in repr(SessionGrant(session_id="s", facts="{}", session_token=token))
