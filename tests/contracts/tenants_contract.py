"""What every Store keeps to, as to tenants: no method shows or changes another account's rows.

Each method of each table of the port is called as ``OTHER`` with the keys of rows of
``ACCOUNT``; a method that has no call here fails the test, so that forgetting is impossible.
"""

import inspect
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.contracts.rows import (
    ACCOUNT,
    NOW,
    OTHER,
    a_head,
    a_key,
    a_node,
    a_policy,
    a_role,
    a_session,
    a_ticket,
    a_user,
    an_activation,
    an_event,
)

from mooring.iam.identity import AttachedPolicies, EntityKind
from mooring.ports import audit, tables
from mooring.ports.store import AlreadyExists, Store
from mooring.ports.tables import Transaction

USER = EntityKind.USER
LATER = NOW + timedelta(days=365)
ARN = a_policy().arn

# What each method answers to an account that has nothing.
NOTHING: dict[str, tuple[Callable[[Transaction], object], object]] = {
    "Nodes.get": (lambda tx: tx.nodes.get("mi-0"), None),
    "Nodes.delete": (lambda tx: tx.nodes.delete("mi-0"), False),
    "Nodes.page": (lambda tx: tx.nodes.page(after="", limit=9), []),
    "Activations.get": (lambda tx: tx.activations.get("a-0"), None),
    "Activations.delete": (lambda tx: tx.activations.delete("a-0"), False),
    "Activations.page": (lambda tx: tx.activations.page(after="", limit=9), []),
    "Sessions.get": (lambda tx: tx.sessions.get("alice-0"), None),
    "Sessions.page": (lambda tx: tx.sessions.page(active=True, before=None, limit=9), []),
    "Identities.user": (lambda tx: tx.identities.user("Alice"), None),
    "Identities.delete_user": (lambda tx: tx.identities.delete_user("Alice"), False),
    "Identities.users": (lambda tx: tx.identities.users(path_prefix="/", after="", limit=9), []),
    "Identities.role": (lambda tx: tx.identities.role("Admin"), None),
    "Identities.delete_role": (lambda tx: tx.identities.delete_role("Admin"), False),
    "Identities.roles": (lambda tx: tx.identities.roles(path_prefix="/", after="", limit=9), []),
    "Identities.access_key": (lambda tx: tx.identities.access_key("AKIA0"), None),
    "Identities.delete_access_key": (lambda tx: tx.identities.delete_access_key("AKIA0"), False),
    "Identities.access_keys": (lambda tx: tx.identities.access_keys("Alice"), []),
    "Identities.policy": (lambda tx: tx.identities.policy(ARN), None),
    "Identities.delete_policy": (lambda tx: tx.identities.delete_policy(ARN), False),
    "Identities.policies": (
        lambda tx: tx.identities.policies(path_prefix="/", after="", limit=9),
        [],
    ),
    "Identities.attached": (lambda tx: tx.identities.attached(USER, "Alice"), AttachedPolicies()),
    "Identities.delete_inline": (lambda tx: tx.identities.delete_inline(USER, "Alice", "I"), False),
    "Identities.detach": (lambda tx: tx.identities.detach(USER, "Alice", ARN), False),
    "Identities.policy_named": (lambda tx: tx.identities.policy_named("Policy"), None),
    "Identities.holders": (lambda tx: tx.identities.holders(ARN), []),
    "Identities.bounded": (lambda tx: tx.identities.bounded(ARN), []),
    "Identities.boundary_count": (lambda tx: tx.identities.boundary_count(ARN), 0),
    "Identities.of_id": (lambda tx: tx.identities.of_id("AIDA"), None),
    "Identities.rename": (lambda tx: tx.identities.rename(USER, "Alice", "Zoe"), None),
    "Identities.attachment_count": (lambda tx: tx.identities.attachment_count(ARN), 0),
    "Tickets.take": (lambda tx: tx.tickets.take("0f"), None),
    "Tickets.revoke": (lambda tx: tx.tickets.revoke(kind="client", subject="alice-0"), 0),
    "Tickets.purge": (lambda tx: tx.tickets.purge(LATER), 0),
    "AuditLog.page": (lambda tx: tx.audit.page(before=None, limit=9), []),
    "AuditLog.verify": (lambda tx: tx.audit.verify(), 0),
    "AuditLog.last_sequence": (lambda tx: tx.audit.last_sequence(), 0),
    "AuditLog.lines": (lambda tx: tx.audit.lines(after=0, limit=9), []),
    "AuditLog.writers": (lambda tx: tx.audit.writers(), {}),
    "AuditLog.last_head": (lambda tx: tx.audit.last_head(), None),
    "AuditLog.heads": (lambda tx: tx.audit.heads(after=0, limit=9), []),
}

# Rows whose key is an id over all accounts: the other account cannot have the same.
TAKEN: dict[str, Callable[[Transaction], object]] = {
    "Nodes.put": lambda tx: tx.nodes.put(a_node(account_id=OTHER)),
    "Activations.put": lambda tx: tx.activations.put(an_activation(account_id=OTHER)),
    "Sessions.put": lambda tx: tx.sessions.put(a_session(account_id=OTHER)),
    "Identities.put_access_key": lambda tx: tx.identities.put_access_key(a_key(account_id=OTHER)),
    "Tickets.put": lambda tx: tx.tickets.put(a_ticket()),
}

# Rows whose key is a name: both accounts may have the same, and each has its own.
OWN: dict[str, Callable[[Transaction], object]] = {
    "Identities.put_user": lambda tx: tx.identities.put_user(
        a_user(account_id=OTHER, path="/other/")
    ),
    "Identities.put_role": lambda tx: tx.identities.put_role(
        a_role(account_id=OTHER, path="/other/")
    ),
    "Identities.put_policy": lambda tx: tx.identities.put_policy(
        a_policy(account_id=OTHER, path="/other/")
    ),
    "Identities.put_inline": lambda tx: tx.identities.put_inline(USER, "Alice", "I", "other"),
    "Identities.attach": lambda tx: tx.identities.attach(USER, "Alice", "arn:other"),
    "AuditLog.append": lambda tx: tx.audit.append(an_event("Other")),
    "AuditLog.put_head": lambda tx: tx.audit.put_head(1, a_head("other")),
}

# Rows that name their account: one of another account is refused.
FOREIGN: dict[str, Callable[[Transaction], object]] = {
    "Nodes.put": lambda tx: tx.nodes.put(a_node()),
    "Activations.put": lambda tx: tx.activations.put(an_activation()),
    "Sessions.put": lambda tx: tx.sessions.put(a_session()),
    "Identities.put_user": lambda tx: tx.identities.put_user(a_user()),
    "Identities.put_role": lambda tx: tx.identities.put_role(a_role()),
    "Identities.put_access_key": lambda tx: tx.identities.put_access_key(a_key()),
    "Identities.put_policy": lambda tx: tx.identities.put_policy(a_policy()),
}


def fill(tx: Transaction) -> None:
    tx.nodes.put(a_node())
    tx.activations.put(an_activation())
    tx.sessions.put(a_session())
    tx.identities.put_user(a_user())
    tx.identities.put_role(a_role())
    tx.identities.put_access_key(a_key())
    tx.identities.put_policy(a_policy())
    tx.identities.put_inline(USER, "Alice", "I", "{}")
    tx.identities.attach(USER, "Alice", ARN)
    tx.tickets.put(a_ticket())
    tx.audit.append(an_event())
    tx.audit.put_head(1, a_head())


def everything(tx: Transaction) -> list[object]:
    looks = ("get", "page", "user", "users", "role", "roles", "access_key", "access_keys")
    more = ("policy", "policies", "attached", "attachment_count", "verify", "heads", "lines")
    iam = ("boundary_count", "of_id", "policy_named", "holders", "bounded")
    return [
        look(tx)
        for name, (look, _) in NOTHING.items()
        if name.partition(".")[2] in (*looks, *more, *iam)
    ]


class TenantsContract:
    """Every method of every table, called by the other tenant."""

    def test_every_method_of_every_table_is_tried(self) -> None:
        protocols = [getattr(tables, name) for name in tables.__all__] + [audit.AuditLog]
        names = {
            f"{protocol.__name__}.{name}"
            for protocol in protocols
            if protocol not in (tables.Transaction, tables.Directory)
            for name, _ in inspect.getmembers(protocol, inspect.isfunction)
            if not name.startswith("_")
        }

        assert names == {*NOTHING, *TAKEN, *OWN}

    @pytest.mark.parametrize("name", NOTHING)
    async def test_the_other_tenant_sees_and_changes_nothing(self, store: Store, name: str) -> None:
        call, nothing = NOTHING[name]
        await store.write(ACCOUNT, fill)
        before = await store.read(ACCOUNT, everything)

        answer = await store.write(OTHER, call)

        assert answer == nothing
        assert await store.read(ACCOUNT, everything) == before
        assert await store.write(ACCOUNT, lambda tx: tx.tickets.take("0f")) == a_ticket()

    @pytest.mark.parametrize("name", TAKEN)
    async def test_the_other_tenant_cannot_take_an_id(self, store: Store, name: str) -> None:
        await store.write(ACCOUNT, fill)
        before = await store.read(ACCOUNT, everything)

        with pytest.raises(AlreadyExists):
            await store.write(OTHER, TAKEN[name])

        assert await store.read(ACCOUNT, everything) == before

    @pytest.mark.parametrize("name", OWN)
    async def test_the_other_tenant_has_its_own_of_a_name(self, store: Store, name: str) -> None:
        await store.write(ACCOUNT, fill)
        before = await store.read(ACCOUNT, everything)

        await store.write(OTHER, OWN[name])

        assert await store.read(ACCOUNT, everything) == before

    @pytest.mark.parametrize("name", FOREIGN)
    async def test_a_row_of_another_account_is_refused(self, store: Store, name: str) -> None:
        with pytest.raises(ValueError, match="expected a row of account"):
            await store.write(OTHER, FOREIGN[name])

    async def test_the_directory_names_the_owner_of_an_id(self, store: Store) -> None:
        await store.write(ACCOUNT, fill)

        owners = await store.find(
            lambda directory: [
                directory.account_of_access_key("AKIA0"),
                directory.account_of_activation("a-0"),
                directory.account_of_node("mi-0"),
                directory.account_of_session("alice-0"),
                directory.account_of_ticket("0f"),
            ]
        )
        strangers = await store.find(
            lambda directory: [
                directory.account_of_access_key("x"),
                directory.account_of_activation("x"),
                directory.account_of_node("x"),
                directory.account_of_session("x"),
                directory.account_of_ticket("x"),
            ]
        )

        assert owners == [ACCOUNT] * 5
        assert strangers == [None] * 5
