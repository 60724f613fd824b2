"""The fake key ring keeps to the contract."""

import pytest
from tests.contracts.keys_contract import KeysContract
from tests.fakes.keys import FakeKeyRing


@pytest.fixture
def ring() -> FakeKeyRing:
    return FakeKeyRing()


class TestFakeKeyRing(KeysContract):
    """The contract on ``FakeKeyRing``."""
