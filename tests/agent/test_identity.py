"""Keys and the registration at rest."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.nodes import key, registered, registration

from mooring.agent.identity import (
    NotRegistered,
    check_keys,
    load_registration,
    public_key,
    save_registration,
)
from mooring.agent.state import StateDir
from mooring.secret import Secret


def test_a_public_key_is_what_servers_take() -> None:
    text = public_key(key(0))

    # SubjectPublicKeyInfo of RSA-2048: 294 bytes of DER, 392 characters.
    assert len(text) == 392
    assert base64.b64decode(text)[:4] == bytes.fromhex("30820122")


def test_reads_what_was_written(tmp_path: Path) -> None:
    state = registered(tmp_path, "https://x")
    written = replace(registration("https://x"), next_private_key=key(1))

    save_registration(state, written)

    assert load_registration(state) == written


def test_says_how_to_register(tmp_path: Path) -> None:
    with pytest.raises(NotRegistered, match="mooring-agent register"):
        load_registration(StateDir(tmp_path))


@pytest.mark.parametrize("text", [b"", b"{", b"{}", b'{"NodeId": "i-1"}'])
def test_a_damaged_file_is_no_registration(tmp_path: Path, text: bytes) -> None:
    state = StateDir(tmp_path)
    state.write("registration.json", text)

    with pytest.raises(NotRegistered, match="cannot be read"):
        load_registration(state)


def test_a_damaged_key_is_found(tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(NotRegistered, match="damaged"):
        check_keys(replace(registration(), private_key=Secret("bm8=")))


def test_tries_the_newest_key_first() -> None:
    rotating = replace(registration(), next_private_key=key(1))

    assert rotating.keys == (key(1), key(0))
    assert rotating.settled_on(key(0)) == rotating
    assert rotating.settled_on(key(1)).keys == (key(1),)


def test_never_prints_a_key() -> None:
    assert key(0).reveal()[:20] not in repr(registration())
