"""The tables of the store are what the port says."""

import inspect

import pytest

from mooring.ports import documents as port
from mooring.store import documents as store

PAIRS = [
    (port.Documents, store.DocumentTable),
    (port.DocumentVersions, store.DocumentVersionTable),
    (port.SessionPlans, store.SessionPlanTable),
]


@pytest.mark.parametrize(("protocol", "table"), PAIRS)
def test_every_method_of_the_port_is_there_with_its_signature(
    protocol: type[object], table: type[object]
) -> None:
    for name, method in inspect.getmembers(protocol, inspect.isfunction):
        if not name.startswith("_"):
            there = getattr(table, name)
            assert inspect.signature(there) == inspect.signature(method), name
