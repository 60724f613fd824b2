"""The tables of one account on one connection."""

from __future__ import annotations

import sqlite3

from mooring.store.activations import ActivationTable
from mooring.store.aliases import AliasTable
from mooring.store.audit import AuditTable
from mooring.store.credential_reports import CredentialReportTable
from mooring.store.device_grants import DeviceGrantTable
from mooring.store.documents import DocumentTable, DocumentVersionTable, SessionPlanTable
from mooring.store.groups import GroupTable
from mooring.store.identities import IdentityTable
from mooring.store.instance_profiles import InstanceProfileTable
from mooring.store.last_uses import LastUseTable
from mooring.store.logins import LoginTable
from mooring.store.memberships import MembershipTable
from mooring.store.nodes import NodeTable
from mooring.store.oidc_providers import OidcProviderTable
from mooring.store.organizations import (
    AccountRequestTable,
    ControlPolicyTable,
    OrganizationTable,
)
from mooring.store.policy_versions import PolicyVersionTable
from mooring.store.second_factors import SecondFactorTable
from mooring.store.session_grants import SessionGrantTable
from mooring.store.sessions import SessionTable
from mooring.store.tickets import TicketTable
from mooring.store.totals import TotalTable
from mooring.store.web_sessions import WebSessionTable

__all__ = ["AccountTransaction"]


class AccountTransaction:
    """What a unit of work sees: nothing of any other account."""

    __slots__ = ("_account_id", "_connection", "_writer")

    def __init__(self, connection: sqlite3.Connection, account_id: str, writer: str) -> None:
        self._connection = connection
        self._account_id = account_id
        self._writer = writer

    @property
    def nodes(self) -> NodeTable:
        """The account's nodes."""
        return NodeTable(self._connection, self._account_id)

    @property
    def activations(self) -> ActivationTable:
        """The account's activations."""
        return ActivationTable(self._connection, self._account_id)

    @property
    def sessions(self) -> SessionTable:
        """The account's sessions."""
        return SessionTable(self._connection, self._account_id)

    @property
    def identities(self) -> IdentityTable:
        """The account's users, roles, keys and policies."""
        return IdentityTable(self._connection, self._account_id)

    @property
    def groups(self) -> GroupTable:
        """The account's groups."""
        return GroupTable(self._connection, self._account_id)

    @property
    def policy_versions(self) -> PolicyVersionTable:
        """The versions of the account's policies."""
        return PolicyVersionTable(self._connection, self._account_id)

    @property
    def instance_profiles(self) -> InstanceProfileTable:
        """The account's instance profiles."""
        return InstanceProfileTable(self._connection, self._account_id)

    @property
    def last_uses(self) -> LastUseTable:
        """When the account's keys and roles were last used."""
        return LastUseTable(self._connection, self._account_id)

    @property
    def totals(self) -> TotalTable:
        """How many of each thing the account has."""
        return TotalTable(self._connection, self._account_id)

    @property
    def aliases(self) -> AliasTable:
        """The account's alias."""
        return AliasTable(self._connection, self._account_id)

    @property
    def credential_reports(self) -> CredentialReportTable:
        """The account's credential report."""
        return CredentialReportTable(self._connection, self._account_id)

    @property
    def oidc_providers(self) -> OidcProviderTable:
        """The account's identity providers."""
        return OidcProviderTable(self._connection, self._account_id)

    @property
    def session_grants(self) -> SessionGrantTable:
        """What the account's live sessions were allowed by."""
        return SessionGrantTable(self._connection, self._account_id)

    @property
    def documents(self) -> DocumentTable:
        """The account's documents."""
        return DocumentTable(self._connection, self._account_id)

    @property
    def document_versions(self) -> DocumentVersionTable:
        """The versions of the account's documents."""
        return DocumentVersionTable(self._connection, self._account_id)

    @property
    def session_plans(self) -> SessionPlanTable:
        """What the account's sessions were started to do."""
        return SessionPlanTable(self._connection, self._account_id)

    @property
    def tickets(self) -> TicketTable:
        """The account's single-use tokens."""
        return TicketTable(self._connection, self._account_id)

    @property
    def logins(self) -> LoginTable:
        """The account's passwords, and what they must be."""
        return LoginTable(self._connection, self._account_id)

    @property
    def second_factors(self) -> SecondFactorTable:
        """The account's virtual devices and passkeys."""
        return SecondFactorTable(self._connection, self._account_id)

    @property
    def web_sessions(self) -> WebSessionTable:
        """The account's cookie sessions, and the grants of command lines."""
        return WebSessionTable(self._connection, self._account_id)

    @property
    def device_grants(self) -> DeviceGrantTable:
        """Requests for grants; those of the empty account, which nobody is."""
        return DeviceGrantTable(self._connection, self._account_id)

    @property
    def organizations(self) -> OrganizationTable:
        """The organization that the account manages, its units and accounts."""
        return OrganizationTable(self._connection, self._account_id)

    @property
    def control_policies(self) -> ControlPolicyTable:
        """The service control policies of the organization that the account manages."""
        return ControlPolicyTable(self._connection, self._account_id)

    @property
    def account_requests(self) -> AccountRequestTable:
        """Requests for new accounts of the organization that the account manages."""
        return AccountRequestTable(self._connection, self._account_id)

    @property
    def memberships(self) -> MembershipTable:
        """What an organization means for the account."""
        return MembershipTable(self._connection, self._account_id)

    @property
    def audit(self) -> AuditTable:
        """The account's audit events."""
        return AuditTable(self._connection, self._account_id, self._writer)
