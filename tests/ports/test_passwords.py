"""What is plugged in behind the port takes the same arguments."""

import inspect

import pytest

from mooring.keys.password_hash import Argon2Passwords
from mooring.ports.passwords import PasswordHasher


@pytest.mark.parametrize("name", ["hash", "verify"])
def test_argon2_is_called_as_the_port_says(name: str) -> None:
    wanted = inspect.signature(getattr(PasswordHasher, name))

    assert inspect.signature(getattr(Argon2Passwords, name)) == wanted
