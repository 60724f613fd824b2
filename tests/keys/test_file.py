"""The key ring in a directory: the contract, and what is its own."""

import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.contracts.keys_contract import CONTEXT, KeysContract

from mooring.keys.file import FileKeyRing


@pytest.fixture
def ring(tmp_path: Path) -> FileKeyRing:
    return FileKeyRing.create(tmp_path / "keys")


class TestFileKeyRing(KeysContract):
    """The contract on ``FileKeyRing``."""


def test_a_loaded_ring_opens_what_was_sealed_before(tmp_path: Path, ring: FileKeyRing) -> None:
    sealed = ring.seal(b"secret", context=CONTEXT)

    loaded = FileKeyRing.load(tmp_path / "keys")

    assert loaded.open(sealed, context=CONTEXT) == b"secret"
    assert loaded.signing_key_id == ring.signing_key_id


def test_a_sealed_text_is_laid_out_as_documented(tmp_path: Path, ring: FileKeyRing) -> None:
    sealed = ring.seal(b"secret", context={"b": "2", "a": "1"})

    (key_file,) = (tmp_path / "keys/sealing").iterdir()
    head, nonce, ciphertext = sealed[:9], sealed[9:21], sealed[21:]
    assert head == b"\x01" + bytes.fromhex(key_file.name)
    opened = AESGCM(key_file.read_bytes()).decrypt(nonce, ciphertext, head + b'{"a":"1","b":"2"}')
    assert opened == b"secret"


def test_a_ring_is_for_its_owner_alone(tmp_path: Path, ring: FileKeyRing) -> None:
    assert ring.signing_key_id

    root = tmp_path / "keys"
    for path in [root, *root.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected


def test_rotation_keeps_the_old_keys(tmp_path: Path, ring: FileKeyRing) -> None:
    sealed, signature, old_id = (
        ring.seal(b"old", context=CONTEXT),
        ring.sign(b"m"),
        ring.signing_key_id,
    )

    sealing_id, signing_id = ring.rotate_sealing_key(), ring.rotate_signing_key()

    for each in (ring, FileKeyRing.load(tmp_path / "keys")):
        assert each.open(sealed, context=CONTEXT) == b"old"
        assert each.seal(b"new", context=CONTEXT)[1:9].hex() == sealing_id
        assert each.signing_key_id == signing_id != old_id
        assert set(each.public_keys()) == {old_id, signing_id}
        Ed25519PublicKey.from_public_bytes(each.public_keys()[old_id]).verify(signature, b"m")


def test_another_rings_text_does_not_open(tmp_path: Path, ring: FileKeyRing) -> None:
    other = FileKeyRing.create(tmp_path / "other")

    with pytest.raises(ValueError, match="not on this ring"):
        ring.open(other.seal(b"secret", context=CONTEXT), context=CONTEXT)


def test_a_ring_is_not_made_over_another(tmp_path: Path, ring: FileKeyRing) -> None:
    with pytest.raises(FileExistsError):
        FileKeyRing.create(tmp_path / "keys")

    assert FileKeyRing.load(tmp_path / "keys").signing_key_id == ring.signing_key_id


def test_a_ring_is_made_in_an_empty_directory_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)

    FileKeyRing.create(tmp_path / "keys")

    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize("part", [".", "sealing", "signing", "current"])
def test_a_ring_that_others_can_read_is_refused(
    tmp_path: Path, ring: FileKeyRing, part: str
) -> None:
    assert ring.signing_key_id
    (tmp_path / "keys" / part).chmod(0o755)

    with pytest.raises(PermissionError, match="owner alone"):
        FileKeyRing.load(tmp_path / "keys")


@pytest.mark.parametrize("kind", ["sealing", "signing"])
def test_a_key_that_others_can_read_is_refused(
    tmp_path: Path, ring: FileKeyRing, kind: str
) -> None:
    assert ring.signing_key_id
    for path in (tmp_path / "keys" / kind).iterdir():
        path.chmod(0o640)

    with pytest.raises(PermissionError, match="owner alone"):
        FileKeyRing.load(tmp_path / "keys")


@pytest.mark.parametrize("content", [b"", b"short", bytes(32)])
def test_a_key_file_with_another_key_is_refused(
    tmp_path: Path, ring: FileKeyRing, content: bytes
) -> None:
    key_file = tmp_path / "keys/signing" / ring.signing_key_id
    key_file.write_bytes(content)

    with pytest.raises(ValueError, match="does not hold the key it names"):
        FileKeyRing.load(tmp_path / "keys")


def test_a_ring_without_its_current_key_is_refused(tmp_path: Path, ring: FileKeyRing) -> None:
    os.unlink(tmp_path / "keys/signing" / ring.signing_key_id)
    assert "signing" in json.loads((tmp_path / "keys/current").read_text())

    with pytest.raises(ValueError, match="current key"):
        FileKeyRing.load(tmp_path / "keys")
