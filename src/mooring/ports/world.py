"""Time, ids, the bus, blobs and keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

__all__ = [
    "BlobStore",
    "Bus",
    "Clock",
    "Entropy",
    "KeyRing",
    "NoSubscriber",
    "Subscription",
]


class NoSubscriber(Exception):
    """Nobody listens on the subject: for an order, the node holds no line."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the time, in UTC."""


class Entropy(Protocol):
    """Where ids and tokens come from."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` unpredictable bytes."""

    def uuid(self) -> UUID:
        """Return a random (version 4) UUID."""


class Subscription(Protocol):
    """A place in the bus; ends with ``close``."""

    def close(self) -> None:
        """Stop listening. A second call does nothing."""


class Bus(Protocol):
    """Short messages between processes: orders, presence, events. Never session bytes."""

    def subscribe(self, subject: str, receive: Callable[[bytes], Awaitable[bytes]]) -> Subscription:
        """Call ``receive`` for each message on the subject; its answer goes to a requester."""

    async def request(self, subject: str, message: bytes, *, timeout_s: float) -> bytes:
        """Send to one subscriber and return its answer.

        Raises:
            NoSubscriber: nobody listens.
            TimeoutError: no answer in time.
        """

    async def publish(self, subject: str, message: bytes) -> None:
        """Send to every subscriber, and wait for none."""


class BlobStore(Protocol):
    """Sealed recordings; what is put is never changed."""

    async def put(self, key: str, content: bytes) -> None:
        """Keep ``content`` under ``key``; durable when this returns.

        Raises:
            AlreadyExists: the key is taken.
        """

    async def get(self, key: str, *, max_bytes: int) -> bytes | None:
        """Return the content, or None.

        Raises:
            ValueError: it is larger than ``max_bytes``.
        """

    async def keys(self, prefix: str) -> Sequence[str]:
        """Return the keys under ``prefix``, sorted."""


class KeyRing(Protocol):
    """Keys at rest: sealing of secrets, and the signature on recordings."""

    def seal(self, plaintext: bytes, *, context: Mapping[str, str]) -> bytes:
        """Encrypt; the same context is needed to open it."""

    def open(self, sealed: bytes, *, context: Mapping[str, str]) -> bytes:
        """Decrypt.

        Raises:
            ValueError: not sealed by this ring, for another context, or altered.
        """

    @property
    def signing_key_id(self) -> str:
        """The id of the key that ``sign`` uses now."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of ``message``."""

    def public_keys(self) -> Mapping[str, bytes]:
        """Return every signing key's raw public half by its id, old ones too."""
