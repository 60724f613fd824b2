"""Documents, their versions and the plans of sessions as rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select

from mooring.sessions.document_record import DocumentRecord, DocumentVersion, SessionPlan
from mooring.sessions.document_text import DocumentFormat
from mooring.store.rows import AccountRows, Row, from_micros, from_tags, to_micros, to_tags
from mooring.store.schema_documents import DOCUMENT_VERSIONS, DOCUMENTS, SESSION_PLANS
from mooring.store.statement import (
    account_statement,
    delete_where,
    of_account,
    param,
    put_row,
    select_where,
)
from mooring.wire.json_object import JsonValue

__all__ = ["DocumentTable", "DocumentVersionTable", "SessionPlanTable"]

_MICROSECOND = timedelta(microseconds=1)

_GET = account_statement(select_where(DOCUMENTS, "region", "name"))
_PUT = account_statement(put_row(DOCUMENTS))
_DELETE = account_statement(delete_where(DOCUMENTS, "region", "name"))
_PAGE = account_statement(
    select_where(DOCUMENTS, "region")
    .where(DOCUMENTS.c.name > param("after"))
    .order_by(DOCUMENTS.c.name)
    .limit(param("limit"))
)
_COUNT = account_statement(select(func.count()).where(*of_account(DOCUMENTS, "region")))

_GET_VERSION = account_statement(select_where(DOCUMENT_VERSIONS, "region", "name", "version"))
_NAMED = account_statement(select_where(DOCUMENT_VERSIONS, "region", "name", "version_name"))
_PUT_VERSION = account_statement(put_row(DOCUMENT_VERSIONS))
_DELETE_VERSION = account_statement(delete_where(DOCUMENT_VERSIONS, "region", "name", "version"))
_DELETE_VERSIONS = account_statement(delete_where(DOCUMENT_VERSIONS, "region", "name"))
_PAGE_OF_VERSIONS = account_statement(
    select_where(DOCUMENT_VERSIONS, "region", "name")
    .where(DOCUMENT_VERSIONS.c.version < param("before"))
    .order_by(DOCUMENT_VERSIONS.c.version.desc())
    .limit(param("limit"))
)
_COUNT_VERSIONS = account_statement(
    select(func.count()).where(*of_account(DOCUMENT_VERSIONS, "region", "name"))
)

_GET_PLAN = account_statement(select_where(SESSION_PLANS, "session_id"))
_PUT_PLAN = account_statement(put_row(SESSION_PLANS))


class DocumentTable:
    """The documents of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, region: str, name: str) -> DocumentRecord | None:
        """Return the document, or None."""
        row = self._rows.one(_GET, region=region, name=name)
        return None if row is None else _document(row)

    def put(self, document: DocumentRecord) -> None:
        """Insert or replace the document."""
        self._rows.check_owner(document.account_id)
        self._rows.change(
            _PUT,
            region=document.region,
            name=document.name,
            document_type=document.document_type,
            default_version=document.default_version,
            latest_version=document.latest_version,
            next_version=document.next_version,
            created_at=to_micros(document.created_at),
            tags=to_tags(document.tags),
            shared_with=to_tags(document.shared_with),
        )

    def delete(self, region: str, name: str) -> bool:
        """Forget the document and all its versions; False when there was none."""
        self._rows.change(_DELETE_VERSIONS, region=region, name=name)
        return self._rows.change(_DELETE, region=region, name=name) > 0

    def page(self, region: str, *, after: str, limit: int) -> Sequence[DocumentRecord]:
        """Return documents with a name above ``after``, by name, at most ``limit``."""
        return [
            _document(row) for row in self._rows.all(_PAGE, region=region, after=after, limit=limit)
        ]

    def count(self, region: str) -> int:
        """Say how many there are."""
        return _number(self._rows.one(_COUNT, region=region))


class DocumentVersionTable:
    """The versions of the documents of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, region: str, name: str, version: int) -> DocumentVersion | None:
        """Return the version, or None."""
        row = self._rows.one(_GET_VERSION, region=region, name=name, version=version)
        return None if row is None else _version(row)

    def named(self, region: str, name: str, version_name: str) -> DocumentVersion | None:
        """Return the version that was given this name, or None."""
        row = self._rows.one(_NAMED, region=region, name=name, version_name=version_name)
        return None if row is None else _version(row)

    def put(self, version: DocumentVersion) -> None:
        """Insert or replace the version."""
        self._rows.check_owner(version.account_id)
        self._rows.change(
            _PUT_VERSION,
            region=version.region,
            name=version.name,
            version=version.version,
            version_name=version.version_name,
            display_name=version.display_name,
            target_type=version.target_type,
            platforms=" ".join(version.platforms),
            format=version.format.value,
            content=version.content,
            hash=version.hash,
            created_at=to_micros(version.created_at),
        )

    def delete(self, region: str, name: str, version: int) -> bool:
        """Forget the version; False when there was none."""
        return self._rows.change(_DELETE_VERSION, region=region, name=name, version=version) > 0

    def page(self, region: str, name: str, *, before: int, limit: int) -> Sequence[DocumentVersion]:
        """Return versions with a number below ``before``, newest first, at most ``limit``."""
        rows = self._rows.all(
            _PAGE_OF_VERSIONS, region=region, name=name, before=before, limit=limit
        )
        return [_version(row) for row in rows]

    def count(self, region: str, name: str) -> int:
        """Say how many there are."""
        return _number(self._rows.one(_COUNT_VERSIONS, region=region, name=name))


class SessionPlanTable:
    """What the sessions of one account were started to do."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, session_id: str) -> SessionPlan | None:
        """Return the plan, or None for a session that began before there were any."""
        row = self._rows.one(_GET_PLAN, session_id=session_id)
        return None if row is None else _plan(row)

    def put(self, plan: SessionPlan) -> None:
        """Insert or replace the plan."""
        self._rows.check_owner(plan.account_id)
        self._rows.change(
            _PUT_PLAN,
            session_id=plan.session_id,
            document_arn=plan.document_arn,
            document_version=plan.document_version,
            session_type=plan.session_type,
            parameters=_to_json(plan.parameters),
            properties=_to_json(plan.properties),
            idle_timeout_us=_to_count(plan.idle_timeout),
            max_duration_us=_to_count(plan.max_duration),
        )


def _document(row: Row) -> DocumentRecord:
    account_id, region, name, type_, default, latest, following, created_at, tags, shared = row
    return DocumentRecord(
        account_id=account_id,
        region=region,
        name=name,
        document_type=type_,
        default_version=default,
        latest_version=latest,
        next_version=following,
        created_at=from_micros(created_at),
        tags=from_tags(tags),
        shared_with=from_tags(shared),
    )


def _version(row: Row) -> DocumentVersion:
    account_id, region, name, version, version_name, display_name, target_type, *rest = row
    platforms, written, content, hash_, created_at = rest
    return DocumentVersion(
        account_id=account_id,
        region=region,
        name=name,
        version=version,
        version_name=version_name,
        display_name=display_name,
        target_type=target_type,
        platforms=tuple(platforms.split()),
        format=DocumentFormat(written),
        content=content,
        hash=hash_,
        created_at=from_micros(created_at),
    )


def _plan(row: Row) -> SessionPlan:
    account_id, session_id, arn, version, type_, parameters, properties, idle, most = row
    return SessionPlan(
        account_id=account_id,
        session_id=session_id,
        document_arn=arn,
        document_version=version,
        session_type=type_,
        parameters=_from_json(parameters),
        properties=_from_json(properties),
        idle_timeout=_from_count(idle),
        max_duration=_from_count(most),
    )


def _number(row: Row | None) -> int:
    return int(row[0]) if row is not None else 0


def _to_json(body: Mapping[str, JsonValue]) -> str:
    return json.dumps(body, separators=(",", ":"))


def _from_json(text: str) -> Mapping[str, JsonValue]:
    body: dict[str, JsonValue] = json.loads(text)
    return body


def _to_count(limit: timedelta | None) -> int:
    """Express a limit; no limit is 0, which no limit can be."""
    return 0 if limit is None else limit // _MICROSECOND


def _from_count(count: int) -> timedelta | None:
    return timedelta(microseconds=count) if count else None
