"""What every Store keeps to, as to its tables: rows come back as they were put, in order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from tests.contracts import rows
from tests.contracts.rows import ACCOUNT, NOW, a_key, a_node, a_policy, a_role, a_session, a_user

from mooring.fleet.activation import Activation
from mooring.fleet.node import Node
from mooring.iam.identity import AccessKey, AttachedPolicies, CustomerPolicy, EntityKind, Role, User
from mooring.ports.records import AuditEvent, Ticket
from mooring.ports.store import AlreadyExists, Store
from mooring.ports.tables import Transaction
from mooring.sessions.session import Session, SessionStatus, is_active

T = TypeVar("T")

# The store is the same for all examples; each puts rows that it then asks for.
EXAMPLES = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)

USER, ROLE = EntityKind.USER, EntityKind.ROLE


async def keep(store: Store, work: Callable[[Transaction], object]) -> None:
    await store.write(ACCOUNT, work)


async def ask(store: Store, work: Callable[[Transaction], T]) -> T:
    return await store.read(ACCOUNT, work)


class RoundTrips:
    """Any row comes back equal."""

    @given(node=rows.NODES)
    @EXAMPLES
    async def test_nodes(self, store: Store, node: Node) -> None:
        await keep(store, lambda tx: tx.nodes.put(node))

        assert await ask(store, lambda tx: tx.nodes.get(node.node_id)) == node

    @given(activation=rows.ACTIVATIONS)
    @EXAMPLES
    async def test_activations(self, store: Store, activation: Activation) -> None:
        await keep(store, lambda tx: tx.activations.put(activation))

        kept = await ask(store, lambda tx: tx.activations.get(activation.activation_id))
        assert kept == activation

    @given(session=rows.SESSIONS)
    @EXAMPLES
    async def test_sessions(self, store: Store, session: Session) -> None:
        await keep(store, lambda tx: tx.sessions.put(session))

        assert await ask(store, lambda tx: tx.sessions.get(session.session_id)) == session

    @given(user=rows.USERS)
    @EXAMPLES
    async def test_users(self, store: Store, user: User) -> None:
        await keep(store, lambda tx: tx.identities.put_user(user))

        assert await ask(store, lambda tx: tx.identities.user(user.name.upper())) == user

    @given(role=rows.ROLES)
    @EXAMPLES
    async def test_roles(self, store: Store, role: Role) -> None:
        await keep(store, lambda tx: tx.identities.put_role(role))

        assert await ask(store, lambda tx: tx.identities.role(role.name.lower())) == role

    @given(key=rows.KEYS)
    @EXAMPLES
    async def test_access_keys(self, store: Store, key: AccessKey) -> None:
        await keep(store, lambda tx: tx.identities.put_access_key(key))

        assert await ask(store, lambda tx: tx.identities.access_key(key.access_key_id)) == key

    @given(policy=rows.POLICIES)
    @EXAMPLES
    async def test_policies(self, store: Store, policy: CustomerPolicy) -> None:
        def put(tx: Transaction) -> None:
            for other in tx.identities.policies(path_prefix="/", after="", limit=1000):
                tx.identities.delete_policy(other.arn)
            tx.identities.put_policy(policy)

        await keep(store, put)

        assert await ask(store, lambda tx: tx.identities.policy(policy.arn)) == policy

    @given(ticket=rows.TICKETS)
    @EXAMPLES
    async def test_tickets(self, store: Store, ticket: Ticket) -> None:
        await keep(store, lambda tx: tx.tickets.put(ticket))

        assert await store.write(ACCOUNT, lambda tx: tx.tickets.take(ticket.token_hash)) == ticket

    @given(event=rows.EVENTS)
    @EXAMPLES
    async def test_events(self, store: Store, event: AuditEvent) -> None:
        await keep(store, lambda tx: tx.audit.append(event))

        ((_, kept),) = await ask(store, lambda tx: tx.audit.page(before=None, limit=1))
        assert kept == event
        assert await ask(store, lambda tx: tx.audit.verify()) >= 1


class TablesContract:
    """Replacing, deleting, paging, names without case."""

    async def test_nodes_are_replaced_paged_and_forgotten(self, store: Store) -> None:
        for number in (3, 1, 2):
            await keep(store, lambda tx, n=number: tx.nodes.put(a_node(f"mi-{n}")))  # type: ignore[misc]  # a lambda's default has no type
        renamed = replace(a_node("mi-2"), name="new", tags={})
        await keep(store, lambda tx: tx.nodes.put(renamed))

        assert await ask(store, lambda tx: tx.nodes.page(after="", limit=2)) == [
            a_node("mi-1"),
            renamed,
        ]
        assert await ask(store, lambda tx: tx.nodes.page(after="mi-2", limit=2)) == [a_node("mi-3")]
        assert await store.write(ACCOUNT, lambda tx: tx.nodes.delete("mi-2"))
        assert not await store.write(ACCOUNT, lambda tx: tx.nodes.delete("mi-2"))

    async def test_activations_are_paged_and_forgotten(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            for name in ("a-2", "a-1"):
                tx.activations.put(rows.an_activation(name))

        await keep(store, put)

        page = await ask(store, lambda tx: tx.activations.page(after="a-1", limit=5))
        assert [row.activation_id for row in page] == ["a-2"]
        assert await store.write(ACCOUNT, lambda tx: tx.activations.delete("a-1"))
        assert not await store.write(ACCOUNT, lambda tx: tx.activations.delete("a-1"))

    async def test_sessions_are_paged_newest_first_within_a_state(self, store: Store) -> None:
        times = [NOW, NOW + timedelta(microseconds=1), NOW + timedelta(microseconds=1)]
        sessions = [a_session(f"s-{n}", started_at=time) for n, time in enumerate(times)]
        gone = a_session("gone", status=SessionStatus.TERMINATED)

        def put(tx: Transaction) -> None:
            for session in [*sessions, gone]:
                tx.sessions.put(session)

        await keep(store, put)

        first = await ask(store, lambda tx: tx.sessions.page(active=True, before=None, limit=2))
        last = first[-1].started_at, first[-1].session_id
        rest = await ask(store, lambda tx: tx.sessions.page(active=True, before=last, limit=2))
        history = await ask(store, lambda tx: tx.sessions.page(active=False, before=None, limit=9))
        assert [*first, *rest] == sessions[::-1]
        assert history == [gone]

    @pytest.mark.parametrize("status", SessionStatus)
    async def test_a_session_is_listed_by_its_state(
        self, store: Store, status: SessionStatus
    ) -> None:
        session = a_session(status=status)
        await keep(store, lambda tx: tx.sessions.put(a_session()))
        await keep(store, lambda tx: tx.sessions.put(session))

        active = await ask(store, lambda tx: tx.sessions.page(active=True, before=None, limit=9))

        assert active == ([session] if is_active(session) else [])

    async def test_names_compare_without_case_and_keep_the_one_given(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.identities.put_user(a_user("Alice"))
            tx.identities.put_user(a_user("bob"))
            tx.identities.put_user(replace(a_user("ALICE"), user_id="AIDA2"))
            tx.identities.put_role(a_role("Admin"))

        await keep(store, put)

        users = await ask(store, lambda tx: tx.identities.users(path_prefix="/", after="", limit=9))
        above = await ask(
            store, lambda tx: tx.identities.users(path_prefix="/", after="Alice", limit=9)
        )
        assert [user.name for user in users] == ["ALICE", "bob"]
        assert [user.name for user in above] == ["bob"]
        assert await store.write(ACCOUNT, lambda tx: tx.identities.delete_role("aDMIN"))
        assert not await store.write(ACCOUNT, lambda tx: tx.identities.delete_role("aDMIN"))
        assert await store.write(ACCOUNT, lambda tx: tx.identities.delete_user("alice"))

    async def test_a_path_prefix_is_plain_text(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            for name, path in (("a", "/x_y/"), ("b", "/xzy/"), ("c", "/X_Y/"), ("d", "/x_y/z/")):
                tx.identities.put_role(a_role(name, path=path))

        await keep(store, put)

        found = await ask(
            store, lambda tx: tx.identities.roles(path_prefix="/x_y/", after="", limit=9)
        )
        assert [role.name for role in found] == ["a", "d"]

    async def test_a_users_keys_come_oldest_first(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.identities.put_access_key(a_key("AKIA1", created_at=NOW))
            tx.identities.put_access_key(a_key("AKIA0", created_at=NOW + timedelta(seconds=1)))
            tx.identities.put_access_key(a_key("AKIA2", user_name="bob"))

        await keep(store, put)

        keys = await ask(store, lambda tx: tx.identities.access_keys("ALICE"))
        assert [key.access_key_id for key in keys] == ["AKIA1", "AKIA0"]
        assert await store.write(ACCOUNT, lambda tx: tx.identities.delete_access_key("AKIA1"))
        assert not await store.write(ACCOUNT, lambda tx: tx.identities.delete_access_key("AKIA1"))

    async def test_policies_are_listed_by_name_and_replaced(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            for name in ("b", "C", "a"):
                tx.identities.put_policy(a_policy(name))
            tx.identities.put_policy(a_policy("a", document="new"))

        await keep(store, put)

        found = await ask(
            store,
            lambda tx: tx.identities.policies(path_prefix="/", after="A", limit=9),
        )
        first = await ask(store, lambda tx: tx.identities.policy_named("A"))
        assert first == a_policy("a", document="new")
        assert [(policy.name, policy.document) for policy in found] == [("b", "{}"), ("C", "{}")]
        assert await store.write(ACCOUNT, lambda tx: tx.identities.delete_policy(found[0].arn))
        assert not await store.write(ACCOUNT, lambda tx: tx.identities.delete_policy(found[0].arn))

    async def test_a_policys_name_is_taken_whatever_path_and_case(self, store: Store) -> None:
        await keep(store, lambda tx: tx.identities.put_policy(a_policy("Policy", path="/a/")))

        with pytest.raises(AlreadyExists):
            await keep(store, lambda tx: tx.identities.put_policy(a_policy("POLICY", path="/b/")))

    async def test_what_is_attached_to_whom(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            for arn in ("arn:2", "arn:1", "arn:2"):
                tx.identities.attach(USER, "Alice", arn)
            tx.identities.attach(ROLE, "alice", "arn:2")
            tx.identities.put_inline(USER, "alice", "Second", "{}")
            tx.identities.put_inline(USER, "alice", "First", "old")
            tx.identities.put_inline(USER, "ALICE", "FIRST", "new")

        await keep(store, put)

        attached = await ask(store, lambda tx: tx.identities.attached(USER, "aLiCe"))
        assert attached == AttachedPolicies(
            inline=(("FIRST", "new"), ("Second", "{}")), managed=("arn:1", "arn:2")
        )
        assert await ask(store, lambda tx: tx.identities.attachment_count("arn:2")) == 2

    async def test_who_holds_a_policy_and_is_bounded_by_it(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.identities.attach(USER, "Alice", "arn:1")
            tx.identities.attach(EntityKind.GROUP, "Ops", "arn:1")
            tx.identities.put_user(replace(a_user("Bob"), boundary_arn="arn:1"))
            tx.identities.put_role(replace(a_role("Admin"), boundary_arn="arn:1"))

        await keep(store, put)

        holders = await ask(store, lambda tx: tx.identities.holders("arn:1"))
        bounded = await ask(store, lambda tx: tx.identities.bounded("arn:1"))
        assert holders == [(EntityKind.GROUP, "ops"), (USER, "alice")]
        assert bounded == [(ROLE, "admin"), (USER, "bob")]
        assert await ask(store, lambda tx: tx.identities.boundary_count("arn:1")) == 2

    async def test_people_are_found_by_unique_id(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.identities.put_user(replace(a_user("Alice"), user_id="AIDA1"))
            tx.identities.put_role(replace(a_role("Admin"), role_id="AROA1"))

        await keep(store, put)

        found = await ask(
            store, lambda tx: [tx.identities.of_id(name) for name in ("AIDA1", "AROA1", "AIDA")]
        )
        assert [entity and entity.name for entity in found] == ["Alice", "Admin", None]

    async def test_what_hangs_on_a_name_follows_it(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.identities.attach(USER, "Alice", "arn:1")
            tx.identities.attach(ROLE, "Alice", "arn:2")
            tx.identities.put_inline(USER, "Alice", "I", "{}")
            tx.identities.put_access_key(a_key("AKIA1"))
            tx.groups.add_member("Ops", "Alice")
            tx.identities.put_user(a_user("Zoe"))
            tx.identities.rename(USER, "ALICE", "Zoe")

        await keep(store, put)

        attached = await ask(store, lambda tx: tx.identities.attached(USER, "zoe"))
        role = await ask(store, lambda tx: tx.identities.attached(ROLE, "alice"))
        keys = await ask(store, lambda tx: tx.identities.access_keys("zoe"))
        members = await ask(store, lambda tx: tx.groups.members("ops", after="", limit=9))
        assert attached == AttachedPolicies(inline=(("I", "{}"),), managed=("arn:1",))
        assert role.managed == ("arn:2",)
        assert [(key.access_key_id, key.user_name) for key in keys] == [("AKIA1", "Zoe")]
        assert members == [a_user("Zoe")]

    async def test_what_is_detached_is_gone(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.identities.attach(USER, "Alice", "arn:1")
            tx.identities.put_inline(USER, "Alice", "Inline", "{}")

        def take_off(tx: Transaction) -> tuple[bool, bool]:
            identities = tx.identities
            return (
                identities.detach(USER, "alice", "arn:1"),
                identities.delete_inline(USER, "alice", "inline"),
            )

        await keep(store, put)

        assert await store.write(ACCOUNT, take_off) == (True, True)
        assert await store.write(ACCOUNT, take_off) == (False, False)
        assert await ask(store, lambda tx: tx.identities.attached(USER, "Alice")) == (
            AttachedPolicies()
        )

    async def test_tickets_are_revoked_by_subject_and_purged_by_time(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            tx.tickets.put(rows.a_ticket("1", kind="client", subject="s"))
            tx.tickets.put(rows.a_ticket("2", kind="client", subject="s"))
            tx.tickets.put(rows.a_ticket("3", kind="agent", subject="s"))
            tx.tickets.put(rows.a_ticket("4", expires_at=NOW + timedelta(microseconds=1)))

        await keep(store, put)

        assert (
            await store.write(ACCOUNT, lambda tx: tx.tickets.revoke(kind="client", subject="s"))
            == 2
        )
        assert await store.write(ACCOUNT, lambda tx: tx.tickets.purge(NOW)) == 1
        assert await store.write(ACCOUNT, lambda tx: tx.tickets.take("4")) is not None

    async def test_events_are_numbered_and_paged_newest_first(self, store: Store) -> None:
        def put(tx: Transaction) -> None:
            for name in ("One", "Two", "Three"):
                tx.audit.append(rows.an_event(name))

        await keep(store, put)

        newest = await ask(store, lambda tx: tx.audit.page(before=None, limit=2))
        older = await ask(store, lambda tx: tx.audit.page(before=2, limit=2))
        assert [(number, event.name) for number, event in newest] == [(3, "Three"), (2, "Two")]
        assert [(number, event.name) for number, event in older] == [(1, "One")]

    async def test_an_event_with_text_no_database_takes_is_kept_escaped(self, store: Store) -> None:
        odd = replace(rows.an_event(), user_agent="a\0b\ud800")

        await keep(store, lambda tx: tx.audit.append(odd))

        ((_, kept),) = await ask(store, lambda tx: tx.audit.page(before=None, limit=1))
        assert kept.user_agent == "a\\x00b\\ud800"
        assert await ask(store, lambda tx: tx.audit.verify()) == 1
