"""Finding a document by what callers call it: a name, or the ARN of one that is shared.

There are three owners: the service (its documents are the same for everybody, have one version
and no account), the caller's account, and another account that shares. What is not shared with
the caller is not there for them. ``SSM-SessionManagerRunShell`` is there once the account has
made it. Source: Systems Manager API; User Guide, "Sharing SSM documents".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from mooring.operations.authorize import Question
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.sessions.document import DocumentProblem, DocumentRefused, SessionDocument
from mooring.sessions.document_check import check_document
from mooring.sessions.document_properties import platforms
from mooring.sessions.document_record import (
    EVERYBODY,
    DocumentRecord,
    DocumentVersion,
    content_hash,
    document_arn,
)
from mooring.sessions.document_shipped import SHIPPED, SHIPPED_BODIES, is_shipped_name
from mooring.sessions.document_text import DocumentFormat, read_text, write_text

__all__ = [
    "ALL_VERSIONS",
    "AMAZON",
    "DEFAULT_VERSION",
    "LATEST_VERSION",
    "DocumentView",
    "arn_of",
    "check_text",
    "find_document",
    "on_document",
    "owner_of",
    "refusal_of",
    "shipped_documents",
    "shipped_version",
    "unknown_document",
    "version_number",
    "version_of",
    "view_of",
]

DEFAULT_VERSION, LATEST_VERSION, ALL_VERSIONS = "$DEFAULT", "$LATEST", "$ALL"

AMAZON = "Amazon"
"""The owner of the documents that come with the service."""
_SHIPPED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ARN_PARTS = 6
_TYPE_KEY = "ssm:DocumentType"

_PROBLEMS: Mapping[DocumentProblem, Problem] = {
    DocumentProblem.CONTENT: Problem.INVALID_DOCUMENT_CONTENT,
    DocumentProblem.SCHEMA_VERSION: Problem.INVALID_DOCUMENT_SCHEMA_VERSION,
    DocumentProblem.TOO_LARGE: Problem.DOCUMENT_TOO_LARGE,
    DocumentProblem.PARAMETERS: Problem.INVALID_PARAMETERS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document with one of its versions, as it is shown."""

    record: DocumentRecord
    version: DocumentVersion
    document: SessionDocument


_CONTENTS = {name: write_text(body, DocumentFormat.JSON) for name, body in SHIPPED_BODIES.items()}


def owner_of(record: DocumentRecord) -> str:
    """Return the account that owns a document, or the service."""
    return record.account_id or AMAZON


def refusal_of(refused: DocumentRefused) -> OperationRefused:
    """Return a refusal of the domain as one of a use case."""
    return OperationRefused(_PROBLEMS[refused.problem], refused.message)


def unknown_document(name: str) -> OperationRefused:
    """Return what is said of a document that is not there for the caller."""
    return OperationRefused(
        Problem.INVALID_DOCUMENT, f"Document with name {name[:128]} does not exist."
    )


def arn_of(call: Call, name: str) -> str:
    """Name the document that a caller means, whether there is one or not."""
    account_id, plain = _parts(call, name)
    return document_arn(region=call.caller.region, account_id=account_id, name=plain)


def on_document(call: Call, name: str, record: DocumentRecord | None) -> Question:
    """Ask about a document, with its tags and its type."""
    return Question(
        action=call.action,
        resources=(arn_of(call, name),),
        tags=record.tags if record is not None else {},
        extra={_TYPE_KEY: (record.document_type,)} if record is not None else {},
    )


async def find_document(call: Call, name: str) -> DocumentRecord | None:
    """Return the document, or None when there is none for the caller."""
    account_id, plain = _parts(call, name)
    region = call.caller.region
    if not account_id:
        return shipped_document(region, plain)
    if account_id == call.caller.account_id:
        return await call.glance(lambda tx: tx.documents.get(region, plain))
    record = await call.world.store.glance(account_id, lambda tx: tx.documents.get(region, plain))
    is_shared = record is not None and _shared_as(call, record) is not None
    return record if is_shared else None


def _parts(call: Call, name: str) -> tuple[str, str]:
    """Return the account that owns what is meant, empty for the service, and the plain name."""
    parts = name.split(":", _ARN_PARTS - 1)
    if len(parts) == _ARN_PARTS and name.startswith("arn:aws:ssm:"):
        kind, _, plain = parts[5].partition("/")
        if kind == "document" and plain and parts[3] == call.caller.region:
            return ("" if is_shipped_name(plain) else parts[4] or call.caller.account_id), plain
    return ("" if is_shipped_name(name) else call.caller.account_id), name


def _shared_as(call: Call, record: DocumentRecord) -> str | None:
    """Return which versions are shared with the caller, None for nothing."""
    if record.account_id in {"", call.caller.account_id}:
        return ALL_VERSIONS
    return record.shared_with.get(call.caller.account_id) or record.shared_with.get(EVERYBODY)


def version_number(record: DocumentRecord, version: str) -> int:
    """Return the number that a version is meant by; no version is the default one."""
    if version in {"", DEFAULT_VERSION}:
        return record.default_version
    if version == LATEST_VERSION:
        return record.latest_version
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


async def version_of(
    call: Call, record: DocumentRecord, *, version: str = "", version_name: str = ""
) -> DocumentVersion:
    """Return a version of a document that was found for the caller.

    Raises:
        OperationRefused: INVALID_DOCUMENT_VERSION.
    """
    if not record.account_id:
        found = shipped_version(record) if version_number(record, version) == 1 else None
        if found is None or version_name:
            raise _unknown_version()
        return found

    def look(tx: Transaction) -> DocumentVersion | None:
        if version_name:
            named = tx.document_versions.named(record.region, record.name, version_name)
            if named is None or not version or named.version == version_number(record, version):
                return named
            return None
        number = version_number(record, version)
        return tx.document_versions.get(record.region, record.name, number)

    kept = await call.world.store.glance(record.account_id, look)
    if kept is None or not _is_shown(call, record, kept):
        raise _unknown_version()
    return kept


def _is_shown(call: Call, record: DocumentRecord, version: DocumentVersion) -> bool:
    shared = _shared_as(call, record)
    if shared == ALL_VERSIONS:
        return True
    return shared is not None and version.version == version_number(record, shared)


def view_of(record: DocumentRecord, version: DocumentVersion) -> DocumentView:
    """Return a document with a version of it that was kept.

    Raises:
        OperationRefused: INVALID_DOCUMENT_CONTENT, of a text that today's rules refuse.
    """
    return DocumentView(
        record=record, version=version, document=check_text(version.content, version.format)
    )


def check_text(content: str, written: DocumentFormat) -> SessionDocument:
    """Return the document that a text is.

    Raises:
        OperationRefused: for what is wrong with it.
    """
    try:
        return _checked(content, written)
    except DocumentRefused as exc:
        raise refusal_of(exc) from exc


@lru_cache(maxsize=64)
def _checked(content: str, written: DocumentFormat) -> SessionDocument:
    """A text is the same document each time; sessions are started by few of them."""
    return check_document(read_text(content, written))


def shipped_document(region: str, name: str) -> DocumentRecord | None:
    """Return a document of the service."""
    if name not in SHIPPED_BODIES:
        return None
    return DocumentRecord(account_id="", region=region, name=name, created_at=_SHIPPED_AT)


def shipped_documents(region: str) -> list[DocumentRecord]:
    """Return every document of the service, by name."""
    return [
        DocumentRecord(account_id="", region=region, name=name, created_at=_SHIPPED_AT)
        for name in SHIPPED_BODIES
    ]


def shipped_version(record: DocumentRecord) -> DocumentVersion:
    """Return the one version of a document of the service."""
    content, document = _CONTENTS[record.name], SHIPPED[record.name]
    return DocumentVersion(
        account_id="",
        region=record.region,
        name=record.name,
        platforms=platforms(document.session_type, document.properties),
        content=content,
        hash=content_hash(content),
        created_at=record.created_at,
    )


def _unknown_version() -> OperationRefused:
    return OperationRefused(
        Problem.INVALID_DOCUMENT_VERSION, "The document version is not valid or does not exist."
    )
