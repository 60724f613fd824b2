"""A whole world for use cases: the real store, bus and blobs, time and entropy that repeat."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.keys import FakeKeyRing

from mooring.blobs.directory import DirectoryBlobs
from mooring.bus.local import LocalBus
from mooring.fleet.node import Node, Platform
from mooring.iam.identity import AccessKey, EntityKind, Role, User
from mooring.iam.principal import Principal
from mooring.keys.node_signature import verify_node_signature
from mooring.keys.passkey_verifier import WebauthnVerifier
from mooring.keys.password_hash import Argon2Passwords
from mooring.operations.audit_queue import open_audit_queue
from mooring.operations.call import Call
from mooring.operations.caller import Caller, Origin
from mooring.operations.credentials import new_secret, secret_context
from mooring.operations.orders import node_subject
from mooring.operations.world import DefaultDocumentCheck, Site, World
from mooring.ports.records import AuditEvent
from mooring.ports.store import Store
from mooring.ports.tables import Transaction
from mooring.store.database import open_store
from mooring.wire.ids import (
    ENTROPY_BYTES,
    AccessKeyKind,
    NodeKind,
    UniqueIdKind,
    new_access_key_id,
    new_account_id,
    new_node_id,
    new_unique_id,
)

__all__ = ["ADMINISTRATOR", "REGION", "FakeWorld", "make_world", "policy"]

REGION = "ap-northeast-1"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NODE_CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
NODE_ROLE = "NodeRole"
NODE_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ssm.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
ORIGIN = Origin(address="192.0.2.7", secure=True, host="localhost:8443", user_agent="a test")
NO_TAGS: Mapping[str, str] = {}
OUR_AGENT = Platform(agent_name="mooring-agent", platform_type="Linux")


def policy(action: str | list[str], resource: str | list[str] = "*", **rest: object) -> str:
    """Return a policy of one statement, an Allow unless ``Effect`` says otherwise."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(slots=True, kw_only=True)
class FakeWorld:
    """The world, and ways to people it. ``orders`` is what each node was told, by its id."""

    world: World
    clock: FakeClock
    entropy: FakeEntropy
    bus: LocalBus
    orders: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self.world.store

    def id_bytes(self) -> bytes:
        """Return what a ``new_`` id wants."""
        return self.entropy.bytes(ENTROPY_BYTES)

    async def account(self) -> str:
        """Make an account with the role of nodes, and return its id."""
        account_id = new_account_id(self.id_bytes())
        await self.store.create_account(account_id, "an account")
        await self.role(account_id, NODE_ROLE, managed=(NODE_CORE,))
        return account_id

    async def role(
        self,
        account_id: str,
        name: str,
        *documents: str,
        managed: tuple[str, ...] = (),
        trust: str = NODE_TRUST,
    ) -> Role:
        """Make a role."""
        role = Role(
            account_id=account_id,
            name=name,
            role_id=new_unique_id(UniqueIdKind.ROLE, self.id_bytes()),
            created_at=self.clock.now(),
            trust_policy=trust,
        )

        def work(tx: Transaction) -> None:
            tx.identities.put_role(role)
            _attach(tx, EntityKind.ROLE, name, documents, managed)

        await self.store.write(account_id, work)
        return role

    async def user(
        self,
        account_id: str,
        name: str,
        *documents: str,
        managed: tuple[str, ...] = (),
        tags: Mapping[str, str] = NO_TAGS,
        boundary_arn: str = "",
    ) -> User:
        """Make a user with these inline and managed policies."""
        user = User(
            account_id=account_id,
            name=name,
            user_id=new_unique_id(UniqueIdKind.USER, self.id_bytes()),
            created_at=self.clock.now(),
            tags=tags,
            boundary_arn=boundary_arn,
        )

        def work(tx: Transaction) -> None:
            tx.identities.put_user(user)
            _attach(tx, EntityKind.USER, name, documents, managed)

        await self.store.write(account_id, work)
        return user

    async def administrator(self, account_id: str, name: str = "admin") -> User:
        """Make a user who may do everything."""
        return await self.user(account_id, name, managed=(ADMINISTRATOR,))

    async def access_key(self, user: User) -> tuple[str, str]:
        """Make a key of the user's: its id and its secret."""
        key_id = new_access_key_id(AccessKeyKind.LONG_TERM, self.id_bytes())
        secret = new_secret(self.world).reveal()
        key = AccessKey(
            account_id=user.account_id,
            access_key_id=key_id,
            user_name=user.name,
            sealed_secret=self.world.keys.seal(secret.encode(), context=secret_context(key_id)),
            created_at=self.clock.now(),
        )
        await self.store.write(user.account_id, lambda tx: tx.identities.put_access_key(key))
        return key_id, secret

    async def node(
        self,
        account_id: str,
        *,
        kind: NodeKind = NodeKind.INSTANCE,
        name: str = "",
        online: bool = True,
        public_key: str = "",
        platform: Platform = OUR_AGENT,
        tags: Mapping[str, str] = NO_TAGS,
    ) -> Node:
        """Make a node; an online one holds a line, and its orders are kept."""
        now = self.clock.now()
        node = Node(
            account_id=account_id,
            region=REGION,
            node_id=new_node_id(kind, self.id_bytes()),
            name=name,
            role_name=NODE_ROLE,
            activation_id="11111111-2222-4333-8444-555555555555",
            public_key=public_key,
            fingerprint="a fingerprint",
            registered_at=now,
            platform=platform,
            gateway="gateway-1" if online else "",
            connected_at=now if online else None,
            last_seen=now if online else None,
            tags=tags,
        )
        await self.store.write(account_id, lambda tx: tx.nodes.put(node))
        if online:
            self.listen(node)
        return node

    def listen(self, node: Node) -> None:
        """Hold the node's line: keep what it is told."""
        orders = self.orders.setdefault(node.node_id, [])

        async def receive(message: bytes) -> bytes:
            orders.append(message)
            return b""

        self.bus.subscribe(node_subject(node.account_id, node.node_id), receive)

    def principal(self, of: User | Role, session_name: str = "someone") -> Principal:
        """Return the principal that a user, or a session of a role, is."""
        if isinstance(of, Role):
            return Principal.role_session(of.arn, session_name, role_id=of.role_id, tags=of.tags)
        return Principal.user(
            of.account_id, of.name, user_id=of.user_id, path=of.path, tags=of.tags
        )

    def call(
        self, of: User | Role, action: str, *, session_name: str = "someone", host: str = ""
    ) -> Call:
        """Return a call of ``service:Operation`` by a user, or by a session of a role."""
        origin = replace(ORIGIN, host=host) if host else ORIGIN
        caller = Caller(
            account_id=of.account_id,
            region=REGION,
            principal=self.principal(of, session_name),
            origin=origin,
            issued_at=self.clock.now() if isinstance(of, Role) else None,
        )
        return self.call_of(caller, action)

    async def node_call(self, node: Node, action: str, *, by_key: bool = False) -> Call:
        """Return a call of a node: with its role's credentials, or signed ``by_key``."""
        role = await self.store.read(node.account_id, lambda tx: tx.identities.role(node.role_name))
        assert role is not None
        caller = Caller(
            account_id=node.account_id,
            region=REGION,
            principal=self.principal(role, node.node_id),
            origin=ORIGIN,
            node_id=node.node_id,
            issued_at=None if by_key else self.clock.now(),
        )
        return self.call_of(caller, action)

    def anonymous_call(self, action: str) -> Call:
        """Return a call of nobody's."""
        principal = Principal.anonymous()
        return self.call_of(
            Caller(account_id="", region=REGION, principal=principal, origin=ORIGIN), action
        )

    def call_of(self, caller: Caller, action: str) -> Call:
        """Return a call of this caller's."""
        service, _, name = action.partition(":")
        return Call(
            world=self.world,
            caller=caller,
            service=service,
            name=name,
            request_id=str(self.entropy.uuid()),
            event_id=str(self.entropy.uuid()),
            time=self.clock.now(),
            read_only=False,
        )

    async def events(self, account_id: str) -> list[AuditEvent]:
        """Return the account's audit events, oldest first, those of reads too."""
        await self.world.audit.flush()
        page = await self.store.read(account_id, lambda tx: tx.audit.page(before=None, limit=1000))
        return [event for _, event in reversed(page)]

    def pass_time(self, **by: float) -> None:
        """Let time pass: ``seconds=…``, ``days=…``."""
        self.clock.advance(timedelta(**by))


def _attach(
    tx: Transaction,
    kind: EntityKind,
    name: str,
    documents: tuple[str, ...],
    managed: tuple[str, ...],
) -> None:
    for number, document in enumerate(documents):
        tx.identities.put_inline(kind, name, f"inline-{number}", document)
    for arn in managed:
        tx.identities.attach(kind, name, arn)


@asynccontextmanager
async def make_world(
    path: Path, *, check: DefaultDocumentCheck = DefaultDocumentCheck.LEGACY
) -> AsyncIterator[FakeWorld]:
    """Open a world whose files are below ``path``."""
    clock, entropy = FakeClock(), FakeEntropy()
    async with (
        open_store(path / "mooring.db", readers=1) as store,
        open_audit_queue(store, gather_s=0.0) as audit,
        LocalBus() as bus,
    ):
        world = World(
            site=Site(region=REGION, domain="mooring.example", default_document_check=check),
            clock=clock,
            entropy=entropy,
            store=store,
            audit=audit,
            bus=bus,
            blobs=DirectoryBlobs(path / "recordings"),
            keys=FakeKeyRing(),
            verify_node_signature=verify_node_signature,
            passwords=Argon2Passwords(passes=1, memory_kib=8, lanes=1),
            passkeys=WebauthnVerifier(),
        )
        yield FakeWorld(world=world, clock=clock, entropy=entropy, bus=bus)
