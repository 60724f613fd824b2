"""The tables of one account, as a transaction sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mooring.fleet.activation import Activation
from mooring.fleet.node import Node
from mooring.iam.identity import (
    AccessKey,
    AttachedPolicies,
    CustomerPolicy,
    EntityKind,
    Role,
    User,
)
from mooring.ports.audit import AuditLog
from mooring.ports.documents import Documents, DocumentVersions, SessionPlans
from mooring.ports.iam_tables import (
    Aliases,
    CredentialReports,
    Groups,
    InstanceProfiles,
    LastUses,
    PolicyVersions,
    Totals,
)
from mooring.ports.logins import DeviceGrants, Logins, SecondFactors, WebSessions
from mooring.ports.oidc_tables import OidcProviders
from mooring.ports.organizations import (
    AccountRequests,
    ControlPolicies,
    Memberships,
    Organizations,
)
from mooring.ports.records import Ticket
from mooring.ports.revocation import AccessChange, SessionGrants
from mooring.sessions.session import Session

__all__ = [
    "Activations",
    "Directory",
    "Identities",
    "Nodes",
    "Sessions",
    "Tickets",
    "Transaction",
]


class Nodes(Protocol):
    """The nodes of one account."""

    def get(self, node_id: str) -> Node | None:
        """Return the node, or None."""

    def put(self, node: Node) -> None:
        """Insert or replace the node and its tags."""

    def delete(self, node_id: str) -> bool:
        """Forget the node; False when there was none."""

    def page(self, *, after: str, limit: int) -> Sequence[Node]:
        """Return nodes with an id above ``after``, by id, at most ``limit``."""


class Activations(Protocol):
    """The activations of one account."""

    def get(self, activation_id: str) -> Activation | None:
        """Return the activation, or None."""

    def put(self, activation: Activation) -> None:
        """Insert or replace the activation and its tags."""

    def delete(self, activation_id: str) -> bool:
        """Forget the activation; False when there was none."""

    def page(self, *, after: str, limit: int) -> Sequence[Activation]:
        """Return activations with an id above ``after``, by id, at most ``limit``."""


class Sessions(Protocol):
    """The sessions of one account, live and kept."""

    def get(self, session_id: str) -> Session | None:
        """Return the session, or None."""

    def put(self, session: Session) -> None:
        """Insert or replace the session."""

    def page(
        self, *, active: bool, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Session]:
        """Return sessions newest first, started before ``before`` (time, id), at most ``limit``."""


class Identities(Protocol):
    """The users, roles, keys and policies of one account. Names compare without case."""

    def user(self, name: str) -> User | None:
        """Return the user, or None."""

    def put_user(self, user: User) -> None:
        """Insert or replace the user."""

    def delete_user(self, name: str) -> bool:
        """Forget the user; False when there was none."""

    def users(self, *, path_prefix: str, after: str, limit: int) -> Sequence[User]:
        """Return users by name, above ``after``."""

    def role(self, name: str) -> Role | None:
        """Return the role, or None."""

    def put_role(self, role: Role) -> None:
        """Insert or replace the role."""

    def delete_role(self, name: str) -> bool:
        """Forget the role; False when there was none."""

    def roles(self, *, path_prefix: str, after: str, limit: int) -> Sequence[Role]:
        """Return roles by name, above ``after``."""

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """Return the key, or None."""

    def put_access_key(self, key: AccessKey) -> None:
        """Insert or replace the key."""

    def delete_access_key(self, access_key_id: str) -> bool:
        """Forget the key; False when there was none."""

    def access_keys(self, user_name: str) -> Sequence[AccessKey]:
        """Return the user's keys, oldest first."""

    def policy(self, arn: str) -> CustomerPolicy | None:
        """Return the customer policy, or None."""

    def put_policy(self, policy: CustomerPolicy) -> None:
        """Insert or replace the customer policy."""

    def delete_policy(self, arn: str) -> bool:
        """Forget the policy; False when there was none."""

    def policies(self, *, path_prefix: str, after: str, limit: int) -> Sequence[CustomerPolicy]:
        """Return customer policies by name, above ``after``."""

    def policy_named(self, name: str) -> CustomerPolicy | None:
        """Return the customer policy of this name, whatever its path, or None."""

    def attached(self, kind: EntityKind, name: str) -> AttachedPolicies:
        """Return everything attached to the user, group or role."""

    def put_inline(self, kind: EntityKind, name: str, policy_name: str, document: str) -> None:
        """Insert or replace an inline policy."""

    def delete_inline(self, kind: EntityKind, name: str, policy_name: str) -> bool:
        """Forget an inline policy; False when there was none."""

    def attach(self, kind: EntityKind, name: str, policy_arn: str) -> None:
        """Attach a managed policy; attaching twice is once."""

    def detach(self, kind: EntityKind, name: str, policy_arn: str) -> bool:
        """Detach a managed policy; False when it was not attached."""

    def attachment_count(self, policy_arn: str) -> int:
        """Say how many users, groups and roles the policy is attached to."""

    def holders(self, policy_arn: str) -> Sequence[tuple[EntityKind, str]]:
        """Return whom the policy is attached to, by kind and by lower-case name."""

    def bounded(self, policy_arn: str) -> Sequence[tuple[EntityKind, str]]:
        """Return whose permissions boundary the policy is, likewise."""

    def boundary_count(self, policy_arn: str) -> int:
        """Say of how many users and roles the policy is the permissions boundary."""

    def of_id(self, unique_id: str) -> User | Role | None:
        """Return the user or role of this unique id, or None."""

    def rename(self, kind: EntityKind, name: str, new_name: str) -> None:
        """Let what hangs on a user's or group's name follow to a new one, but not its own row."""


class Tickets(Protocol):
    """Single-use tokens of one account."""

    def put(self, ticket: Ticket) -> None:
        """Keep a ticket."""

    def take(self, token_hash: str) -> Ticket | None:
        """Return the ticket and forget it; None when unknown or already used."""

    def revoke(self, *, kind: str, subject: str) -> int:
        """Forget every ticket of this kind for this subject; say how many there were."""

    def purge(self, now: datetime) -> int:
        """Forget tickets that have expired; say how many."""


class Transaction(Protocol):
    """The tables of one account, inside one transaction. Not to be kept after it."""

    @property
    def nodes(self) -> Nodes:
        """The account's nodes."""

    @property
    def activations(self) -> Activations:
        """The account's activations."""

    @property
    def sessions(self) -> Sessions:
        """The account's sessions."""

    @property
    def identities(self) -> Identities:
        """The account's users, roles, keys and policies."""

    @property
    def groups(self) -> Groups:
        """The account's groups."""

    @property
    def policy_versions(self) -> PolicyVersions:
        """The versions of the account's policies."""

    @property
    def instance_profiles(self) -> InstanceProfiles:
        """The account's instance profiles."""

    @property
    def last_uses(self) -> LastUses:
        """When the account's keys and roles were last used."""

    @property
    def totals(self) -> Totals:
        """How many of each thing the account has."""

    @property
    def aliases(self) -> Aliases:
        """The account's alias."""

    @property
    def credential_reports(self) -> CredentialReports:
        """The account's credential report."""

    @property
    def oidc_providers(self) -> OidcProviders:
        """The account's identity providers."""

    @property
    def session_grants(self) -> SessionGrants:
        """What the account's live sessions were allowed by."""

    @property
    def documents(self) -> Documents:
        """The account's documents."""

    @property
    def document_versions(self) -> DocumentVersions:
        """The versions of the account's documents."""

    @property
    def session_plans(self) -> SessionPlans:
        """What the account's sessions were started to do."""

    @property
    def tickets(self) -> Tickets:
        """The account's single-use tokens."""

    @property
    def logins(self) -> Logins:
        """The account's passwords, and what they must be."""

    @property
    def second_factors(self) -> SecondFactors:
        """The account's virtual devices and passkeys."""

    @property
    def web_sessions(self) -> WebSessions:
        """The account's cookie sessions, and the grants of command lines."""

    @property
    def device_grants(self) -> DeviceGrants:
        """Requests for grants; those of the empty account, which nobody is."""

    @property
    def organizations(self) -> Organizations:
        """The organization that the account manages, its units and accounts."""

    @property
    def control_policies(self) -> ControlPolicies:
        """The service control policies of the organization that the account manages."""

    @property
    def account_requests(self) -> AccountRequests:
        """Requests for new accounts of the organization that the account manages."""

    @property
    def memberships(self) -> Memberships:
        """What an organization means for the account."""

    @property
    def audit(self) -> AuditLog:
        """The account's audit events."""


class Directory(Protocol):
    """Which account a global id belongs to; None when nobody's."""

    def account_of_access_key(self, access_key_id: str) -> str | None:
        """Return the account of a long-term key."""

    def account_of_activation(self, activation_id: str) -> str | None:
        """Return the account of an activation."""

    def account_of_node(self, node_id: str) -> str | None:
        """Return the account of a node."""

    def account_of_session(self, session_id: str) -> str | None:
        """Return the account of a session."""

    def account_of_ticket(self, token_hash: str) -> str | None:
        """Return the account of a single-use token."""

    def accounts(self) -> Sequence[str]:
        """Return every account id."""

    def access_changes(self) -> Sequence[AccessChange]:
        """Return the newest change of each account and scope."""
