"""Documents are shown and listed. Source: Systems Manager API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mooring.operations.authorize import require, without_resource
from mooring.operations.call import Call
from mooring.operations.documents_find import (
    DocumentView,
    find_document,
    on_document,
    owner_of,
    shipped_documents,
    shipped_version,
    unknown_document,
    version_of,
    view_of,
)
from mooring.operations.paging import Walk, collect
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tokens import open_page_token, page_token
from mooring.ports.tables import Transaction
from mooring.sessions.document_record import DocumentRecord, DocumentVersion
from mooring.sessions.document_text import DocumentFormat, read_text, write_text

__all__ = [
    "DocumentFilter",
    "DocumentPage",
    "Listed",
    "VersionPage",
    "get_document",
    "list_documents",
    "list_versions",
    "text_as",
]

_NEWEST = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """A filter of ListDocuments: one key, any of the values."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document and its default version; the text is not read to list it."""

    record: DocumentRecord
    version: DocumentVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """One page of documents with their default versions; an empty token ends the list."""

    documents: tuple[Listed, ...]
    next_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """One page of versions, newest first; an empty token ends the list."""

    record: DocumentRecord
    versions: tuple[DocumentVersion, ...]
    next_token: str


async def get_document(
    call: Call, name: str, *, version: str = "", version_name: str = ""
) -> DocumentView:
    """Return a document with a version of it, the default one when none is said.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT or INVALID_DOCUMENT_VERSION.
    """
    record = await find_document(call, name)
    await require(call, on_document(call, name, record))
    if record is None:
        raise unknown_document(name)
    found = await version_of(call, record, version=version, version_name=version_name)
    return view_of(record, found)


def text_as(version: DocumentVersion, wanted: DocumentFormat) -> str:
    """Return the text in a format: as it was given when it was given so."""
    if wanted is version.format:
        return version.content
    return write_text(read_text(version.content, version.format), wanted)


async def list_versions(call: Call, name: str, *, next_token: str, limit: int) -> VersionPage:
    """List the versions of a document that are there for the caller.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT or INVALID_NEXT_TOKEN.
    """
    record = await find_document(call, name)
    await require(call, on_document(call, name, record))
    before = int(open_page_token(call.world, call.name, next_token).get("before", _NEWEST))
    if record is None:
        raise unknown_document(name)
    rows: Sequence[DocumentVersion]
    if record.account_id != call.caller.account_id:
        # Of the service's and of shared documents one version is there.
        rows = [await version_of(call, record)]
    else:
        rows = await call.read(
            lambda tx: tx.document_versions.page(
                record.region, record.name, before=before, limit=limit + 1
            )
        )
    following = ""
    if len(rows) > limit:
        rows = rows[:limit]
        following = page_token(call.world, call.name, {"before": str(rows[-1].version)})
    return VersionPage(record=record, versions=tuple(rows), next_token=following)


async def list_documents(
    call: Call, *, filters: tuple[DocumentFilter, ...], next_token: str, limit: int
) -> DocumentPage:
    """List the documents of the service and of the caller's account, by name.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_FILTER_KEY or INVALID_NEXT_TOKEN.
    """
    await require(call, without_resource(call))
    for wanted in filters:
        if wanted.key not in _MATCHES and not wanted.key.startswith(_TAG):
            raise OperationRefused(
                Problem.INVALID_FILTER_KEY,
                f"`{wanted.key}` is not one of {', '.join(_MATCHES)}, tag:KEY",
            )
    after = open_page_token(call.world, call.name, next_token).get("after", "")
    page, has_more = await collect(
        call,
        Walk(
            page=lambda tx, at, size: _page(tx, call.caller.region, at, size),
            key_of=lambda row: row.record.name,
        ),
        is_match=lambda row: all(_matches(call, row, wanted) for wanted in filters),
        start=after,
        limit=limit,
    )
    following = ""
    if has_more:
        following = page_token(call.world, call.name, {"after": page[-1].record.name})
    return DocumentPage(documents=page, next_token=following)


def _page(tx: Transaction, region: str, after: str, size: int) -> Sequence[Listed]:
    own = tx.documents.page(region, after=after, limit=size)
    shipped = [record for record in shipped_documents(region) if record.name > after]
    both = sorted((*own, *shipped), key=lambda record: record.name)[:size]
    return [Listed(record=record, version=_default_version(tx, record)) for record in both]


def _default_version(tx: Transaction, record: DocumentRecord) -> DocumentVersion:
    if not record.account_id:
        return shipped_version(record)
    version = tx.document_versions.get(record.region, record.name, record.default_version)
    if version is None:
        raise LookupError(f"document `{record.name}` has no version {record.default_version}")
    return version


_TAG = "tag:"


def _owner_is(call: Call, row: Listed, value: str) -> bool:
    owner = owner_of(row.record)
    return value in {"All", owner} or (value == "Self" and owner == call.caller.account_id)


_MATCHES: Mapping[str, Callable[[Call, Listed, str], bool]] = {
    "Owner": _owner_is,
    "Name": lambda _, row, value: row.record.name.startswith(value),
    "SearchKeyword": lambda _, row, value: value.lower() in row.record.name.lower(),
    "DocumentType": lambda _, row, value: row.record.document_type == value,
    "PlatformTypes": lambda _, row, value: value in row.version.platforms,
    "SchemaVersion": lambda _, __, value: value == "1.0",
    "TargetType": lambda _, row, value: row.version.target_type == value,
}


def _matches(call: Call, row: Listed, wanted: DocumentFilter) -> bool:
    if wanted.key.startswith(_TAG):
        return row.record.tags.get(wanted.key[len(_TAG) :]) in wanted.values
    is_match = _MATCHES[wanted.key]
    return any(is_match(call, row, value) for value in wanted.values)
