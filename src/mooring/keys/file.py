"""A key ring in a directory: the sealing keys, the signing keys, and which of them are current.

::

    <ring>/sealing/<id>     32 bytes, AES-256
    <ring>/signing/<id>     32 bytes, the private half for Ed25519 (RFC 8032)
    <ring>/current          JSON: the id of the current key of each kind

Directories are for their owner alone (0700), and so are files (0600); a ring that others can
read is refused. A signing key's id is the first 16 hex digits of the SHA-256 of its public
half; a sealing key's of the SHA-256 of the key after a fixed text.

A sealed text is AES-256-GCM with a random nonce::

    version (1 byte, 0x01) | key id (8) | nonce (12) | ciphertext | tag (16)

and what is authenticated beside it is version, key id and the context as canonical JSON. With
random nonces of 96 bits a key is good for 2^32 texts (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["FileKeyRing"]

_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32
_HEAD_BYTES = len(_VERSION) + _ID_BYTES
_SHORTEST = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES

_SEALING = "sealing"
_SIGNING = "signing"
_CURRENT = "current"


class FileKeyRing:
    """The ``KeyRing`` port on a directory; made by ``create`` or ``load``.

    Rotation adds a key and makes it the current one; the older ones go on opening and their
    public halves stay listed. A process learns of another's rotation when it loads again.
    """

    def __init__(
        self,
        path: Path,
        *,
        sealing: Mapping[str, bytes],
        signing: Mapping[str, bytes],
        current: Mapping[str, str],
    ) -> None:
        self._path = path
        self._sealing = {key_id: AESGCM(key) for key_id, key in sealing.items()}
        self._signing = {
            key_id: Ed25519PrivateKey.from_private_bytes(key) for key_id, key in signing.items()
        }
        self._current = dict(current)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a ring with one key of each kind; whole or not at all.

        Raises:
            FileExistsError: there is something at ``path``.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise FileExistsError(f"expected nothing at `{path}`, found a file or a ring")
        draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        for directory in (draft, draft / _SEALING, draft / _SIGNING):
            directory.mkdir(mode=0o700)
        sealing, signing = os.urandom(_KEY_BYTES), os.urandom(_KEY_BYTES)
        _write(draft / _SEALING / _sealing_id(sealing), sealing)
        _write(draft / _SIGNING / _signing_id(signing), signing)
        _write_current(draft, {_SEALING: _sealing_id(sealing), _SIGNING: _signing_id(signing)})
        os.rename(draft, path)
        _sync_directory(path.parent)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a ring.

        Raises:
            OSError: it is not there, or others than its owner can reach it.
            ValueError: a file is not what its name says.
        """
        _check_private(path)
        current = json.loads(_read(path / _CURRENT))
        sealing = _load_keys(path / _SEALING, _sealing_id)
        signing = _load_keys(path / _SIGNING, _signing_id)
        if current[_SEALING] not in sealing or current[_SIGNING] not in signing:
            raise ValueError(f"a current key of the ring `{path}` is missing")
        return cls(path, sealing=sealing, signing=signing, current=current)

    def seal(self, plaintext: bytes, *, context: Mapping[str, str]) -> bytes:
        """Encrypt; the same context is needed to open it."""
        key_id = self._current[_SEALING]
        head = _VERSION + bytes.fromhex(key_id)
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._sealing[key_id].encrypt(nonce, plaintext, _bound(head, context))

    def open(self, sealed: bytes, *, context: Mapping[str, str]) -> bytes:
        """Decrypt.

        Raises:
            ValueError: not sealed by this ring, for another context, or altered.
        """
        head = sealed[:_HEAD_BYTES]
        if len(sealed) < _SHORTEST or not head.startswith(_VERSION):
            raise ValueError("expected a sealed text of version 1, got something else")
        key = self._sealing.get(head[len(_VERSION) :].hex())
        if key is None:
            raise ValueError("the text was sealed by a key that is not on this ring")
        nonce = sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
        ciphertext = sealed[_HEAD_BYTES + _NONCE_BYTES :]
        try:
            return key.decrypt(nonce, ciphertext, _bound(head, context))
        except InvalidTag as exc:
            raise ValueError("the sealed text was altered, or is for another context") from exc

    @property
    def signing_key_id(self) -> str:
        """The id of the key that ``sign`` uses now."""
        return self._current[_SIGNING]

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of ``message``."""
        return self._signing[self._current[_SIGNING]].sign(message)

    def public_keys(self) -> Mapping[str, bytes]:
        """Return every signing key's raw public half by its id, old ones too."""
        return {
            key_id: key.public_key().public_bytes_raw() for key_id, key in self._signing.items()
        }

    def rotate_sealing_key(self) -> str:
        """Seal with a new key from now on; return its id."""
        key = os.urandom(_KEY_BYTES)
        key_id = _sealing_id(key)
        self._keep(_SEALING, key_id, key)
        self._sealing[key_id] = AESGCM(key)
        self._make_current(_SEALING, key_id)
        return key_id

    def rotate_signing_key(self) -> str:
        """Sign with a new key from now on; return its id."""
        key = os.urandom(_KEY_BYTES)
        key_id = _signing_id(key)
        self._keep(_SIGNING, key_id, key)
        self._signing[key_id] = Ed25519PrivateKey.from_private_bytes(key)
        self._make_current(_SIGNING, key_id)
        return key_id

    def _keep(self, kind: str, key_id: str, key: bytes) -> None:
        # Renamed into place, because a file that a crash cut short would spoil the ring.
        draft = self._path / f"{key_id}.{os.urandom(8).hex()}"
        _write(draft, key)
        draft.replace(self._path / kind / key_id)
        _sync_directory(self._path / kind)

    def _make_current(self, kind: str, key_id: str) -> None:
        current = {**self._current, kind: key_id}
        _write_current(self._path, current)
        self._current = current


def _sealing_id(key: bytes) -> str:
    return hashlib.sha256(b"mooring sealing key id\0" + key).digest()[:_ID_BYTES].hex()


def _signing_id(key: bytes) -> str:
    public = Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()
    return hashlib.sha256(public).digest()[:_ID_BYTES].hex()


def _bound(head: bytes, context: Mapping[str, str]) -> bytes:
    return head + json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()


def _load_keys(directory: Path, id_of: Callable[[bytes], str]) -> dict[str, bytes]:
    _check_private(directory)
    keys = {path.name: _read(path) for path in sorted(directory.iterdir())}
    for name, key in keys.items():
        if len(key) != _KEY_BYTES or id_of(key) != name:
            raise ValueError(f"the key file `{directory / name}` does not hold the key it names")
    return keys


def _read(path: Path) -> bytes:
    _check_private(path)
    return path.read_bytes()


def _check_private(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"expected `{path}` to be for its owner alone, got mode {mode:04o}")


def _write_current(path: Path, current: Mapping[str, str]) -> None:
    draft = path / f"{_CURRENT}.{os.urandom(8).hex()}"
    _write(draft, json.dumps(current, sort_keys=True).encode())
    draft.replace(path / _CURRENT)
    _sync_directory(path)


def _write(path: Path, content: bytes) -> None:
    """Write a new file durably."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
