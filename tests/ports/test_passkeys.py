"""What is plugged in behind the port takes the same arguments."""

import inspect

import pytest

from mooring.keys.passkey_verifier import WebauthnVerifier
from mooring.ports.passkeys import PasskeyVerifier


@pytest.mark.parametrize("name", ["verify_registration", "verify_assertion"])
def test_py_webauthn_is_called_as_the_port_says(name: str) -> None:
    wanted = inspect.signature(getattr(PasskeyVerifier, name))

    assert inspect.signature(getattr(WebauthnVerifier, name)) == wanted
