"""What a running program consists of, as the use cases see it: built once, handed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mooring.iam.single_sign_on import SingleSignOn
from mooring.operations.audit_queue import AuditQueue
from mooring.operations.recent_uses import RecentUses
from mooring.operations.throttle import Throttle
from mooring.ports.oidc import IdentityProviders, NoProviders
from mooring.ports.passkeys import PasskeyVerifier
from mooring.ports.passwords import PasswordHasher
from mooring.ports.store import Store
from mooring.ports.world import BlobStore, Bus, Clock, Entropy, KeyRing

__all__ = ["DefaultDocumentCheck", "Site", "World"]


class DefaultDocumentCheck(StrEnum):
    """Whether StartSession without a document name must be allowed on the default document."""

    LEGACY = "legacy"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The settings that use cases need.

    ``hosts`` are the names we serve beside ``domain`` and everything below it.
    """

    region: str
    domain: str
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    default_document_check: DefaultDocumentCheck = DefaultDocumentCheck.LEGACY
    ticket_lifetime: timedelta = timedelta(seconds=60)
    node_credentials_lifetime: timedelta = timedelta(hours=1)
    start_deadline: timedelta = timedelta(seconds=20)
    maximum_session: timedelta = timedelta(days=1)
    reconnect_spread: timedelta = timedelta(seconds=20)
    console_idle: timedelta = timedelta(minutes=60)
    console_lifetime: timedelta = timedelta(hours=12)
    require_second_factor: bool = False
    single_sign_on: SingleSignOn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Time, ids, storage, messages, keys.

    ``audit`` takes the events of reads; a change's event goes into its own transaction.
    ``verify_node_signature`` checks base64 DER public key, base64 RSA-PSS signature and text;
    it is here because use cases see no cryptography package. ``guesses`` slows down those who
    try passwords and codes at this process.
    """

    site: Site
    clock: Clock
    entropy: Entropy
    store: Store
    audit: AuditQueue
    bus: Bus
    blobs: BlobStore
    keys: KeyRing
    verify_node_signature: Callable[[str, str, str], bool]
    passwords: PasswordHasher
    passkeys: PasskeyVerifier
    guesses: Throttle = field(default_factory=Throttle)
    oidc: IdentityProviders = field(default_factory=NoProviders)
    recent_uses: RecentUses = field(default_factory=RecentUses)
