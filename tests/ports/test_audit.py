"""The audit log's port is what its table keeps, method by method."""

import inspect

from mooring.ports.audit import AuditLog
from mooring.store.audit import AuditTable


def test_the_table_answers_every_question_of_the_port_with_the_same_words() -> None:
    asked = {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(AuditLog, inspect.isfunction)
        if not name.startswith("_")
    }

    answered = {name: inspect.signature(getattr(AuditTable, name)) for name in asked}

    assert answered == asked
