"""The documents of one account, and what its sessions were started to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mooring.sessions.document_record import DocumentRecord, DocumentVersion, SessionPlan

__all__ = ["DocumentVersions", "Documents", "SessionPlans"]


class Documents(Protocol):
    """The documents of one account, by region and name."""

    def get(self, region: str, name: str) -> DocumentRecord | None:
        """Return the document, or None."""

    def put(self, document: DocumentRecord) -> None:
        """Insert or replace the document."""

    def delete(self, region: str, name: str) -> bool:
        """Forget the document and all its versions; False when there was none."""

    def page(self, region: str, *, after: str, limit: int) -> Sequence[DocumentRecord]:
        """Return documents with a name above ``after``, by name, at most ``limit``."""

    def count(self, region: str) -> int:
        """Say how many there are."""


class DocumentVersions(Protocol):
    """The versions of the documents of one account."""

    def get(self, region: str, name: str, version: int) -> DocumentVersion | None:
        """Return the version, or None."""

    def named(self, region: str, name: str, version_name: str) -> DocumentVersion | None:
        """Return the version that was given this name, or None."""

    def put(self, version: DocumentVersion) -> None:
        """Insert or replace the version."""

    def delete(self, region: str, name: str, version: int) -> bool:
        """Forget the version; False when there was none."""

    def page(self, region: str, name: str, *, before: int, limit: int) -> Sequence[DocumentVersion]:
        """Return versions with a number below ``before``, newest first, at most ``limit``."""

    def count(self, region: str, name: str) -> int:
        """Say how many there are."""


class SessionPlans(Protocol):
    """What the sessions of one account were started to do."""

    def get(self, session_id: str) -> SessionPlan | None:
        """Return the plan, or None for a session that began before there were any."""

    def put(self, plan: SessionPlan) -> None:
        """Insert or replace the plan."""
