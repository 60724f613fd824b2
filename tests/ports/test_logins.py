"""The store's tables of sign-in are what the ports ask for, method by method."""

import inspect
from collections.abc import Callable

import pytest

from mooring.ports.logins import DeviceGrants, Logins, SecondFactors, WebSessions
from mooring.store.device_grants import DeviceGrantTable
from mooring.store.logins import LoginTable
from mooring.store.second_factors import SecondFactorTable
from mooring.store.web_sessions import WebSessionTable


@pytest.mark.parametrize(
    ("port", "table"),
    [
        (Logins, LoginTable),
        (SecondFactors, SecondFactorTable),
        (WebSessions, WebSessionTable),
        (DeviceGrants, DeviceGrantTable),
    ],
)
def test_a_table_has_every_method_of_its_port_and_no_other(port: type, table: type) -> None:
    wanted = {name: inspect.signature(of) for name, of in public(port)}

    assert {name: inspect.signature(of) for name, of in public(table)} == wanted


def public(kind: type) -> list[tuple[str, Callable[..., object]]]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return [(name, of) for name, of in found if not name.startswith("_")]
