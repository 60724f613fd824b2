"""Documents are made, changed and deleted by their account. Source: Systems Manager API.

A new version does not become the default by itself. A text equal to the newest one is refused,
as AWS does, so that a version always says that something changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.documents_find import (
    LATEST_VERSION,
    DocumentView,
    arn_of,
    check_text,
    find_document,
    on_document,
    unknown_document,
    version_number,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.sessions.document import SessionDocument
from mooring.sessions.document_properties import platforms
from mooring.sessions.document_record import DocumentRecord, DocumentVersion, content_hash
from mooring.sessions.document_shipped import is_reserved
from mooring.sessions.document_text import DocumentFormat

__all__ = [
    "MAX_DOCUMENTS",
    "MAX_VERSIONS",
    "DocumentText",
    "NewDocument",
    "create_document",
    "delete_document",
    "set_default_version",
    "update_document",
]

MAX_DOCUMENTS = 500
MAX_VERSIONS = 1000
_TYPE = "Session"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentText:
    """A text, and what is said about this version of it."""

    content: str
    format: DocumentFormat = DocumentFormat.JSON
    version_name: str = ""
    display_name: str = ""
    target_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A text that is a document, and the document that it is."""

    text: DocumentText
    document: SessionDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What CreateDocument asks for."""

    name: str
    document_type: str
    text: DocumentText
    tags: Mapping[str, str] = field(default_factory=dict)


async def create_document(call: Call, wanted: NewDocument) -> DocumentView:
    """Make a document.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: DOCUMENT_EXISTS, DOCUMENT_LIMIT, INVALID_VALUE, or what is wrong with
            the text.
    """
    extra: dict[str, tuple[str, ...]] = {
        f"aws:RequestTag/{key}": (value,) for key, value in wanted.tags.items()
    }
    if wanted.tags:
        extra["aws:TagKeys"] = tuple(wanted.tags)
    extra["ssm:DocumentType"] = (wanted.document_type,)
    resources = (arn_of(call, wanted.name),)
    await require(call, Question(action=call.action, resources=resources, extra=extra))
    _check_new(wanted)
    document = check_text(wanted.text.content, wanted.text.format)
    record = DocumentRecord(
        account_id=call.caller.account_id,
        region=call.caller.region,
        name=wanted.name,
        document_type=wanted.document_type,
        created_at=call.time,
        tags=wanted.tags,
    )
    version = _version(call, record, 1, _Checked(text=wanted.text, document=document))

    def work(tx: Transaction) -> None:
        if tx.documents.get(record.region, record.name) is not None:
            raise OperationRefused(
                Problem.DOCUMENT_EXISTS, f"Document with same name {record.name} already exists"
            )
        if tx.documents.count(record.region) >= MAX_DOCUMENTS:
            raise OperationRefused(
                Problem.DOCUMENT_LIMIT, f"You can have at most {MAX_DOCUMENTS} active SSM documents"
            )
        tx.documents.put(record)
        tx.document_versions.put(version)

    await call.write(work)
    return DocumentView(record=record, version=version, document=document)


def _check_new(wanted: NewDocument) -> None:
    if is_reserved(wanted.name):
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"Document name {wanted.name} cannot begin with aws, amazon or amzn, "
            "which are reserved for documents of the service",
        )
    if wanted.document_type != _TYPE:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"Documents of type {wanted.document_type} are not kept here, expected {_TYPE}",
        )


async def update_document(
    call: Call, name: str, text: DocumentText, *, version: str = ""
) -> DocumentView:
    """Add a version to a document.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT, INVALID_DOCUMENT_VERSION when it does not say the
            newest one, DUPLICATE_CONTENT, DUPLICATE_VERSION_NAME, VERSION_LIMIT, or what is
            wrong with the text.
    """
    await require(call, on_document(call, name, await find_document(call, name)))
    document = check_text(text.content, text.format)
    checked = _Checked(text=text, document=document)

    def work(tx: Transaction) -> tuple[DocumentRecord, DocumentVersion]:
        record = _own(call, tx, name)
        _check_update(tx, record, text, version)
        made = _version(call, record, record.next_version, checked)
        changed = replace(record, latest_version=made.version, next_version=made.version + 1)
        tx.documents.put(changed)
        tx.document_versions.put(made)
        return changed, made

    record, made = await call.write(work)
    return DocumentView(record=record, version=made, document=document)


def _check_update(
    tx: Transaction, record: DocumentRecord, text: DocumentText, version: str
) -> None:
    number = version_number(record, version or LATEST_VERSION)
    if number != record.latest_version:
        raise OperationRefused(
            Problem.INVALID_DOCUMENT_VERSION,
            "The document version is not valid or does not exist: only the latest version, "
            f"{record.latest_version}, can be updated",
        )
    latest = tx.document_versions.get(record.region, record.name, number)
    if latest is not None and latest.hash == content_hash(text.content):
        raise OperationRefused(
            Problem.DUPLICATE_CONTENT,
            "The content of the document matches its latest version. Change the content of the "
            "document and try again.",
        )
    _check_version_name(tx, record, text.version_name)
    if tx.document_versions.count(record.region, record.name) >= MAX_VERSIONS:
        raise OperationRefused(
            Problem.DOCUMENT_VERSION_LIMIT,
            f"The document has {MAX_VERSIONS} versions. Delete one and try again.",
        )


def _check_version_name(tx: Transaction, record: DocumentRecord, name: str) -> None:
    if name and tx.document_versions.named(record.region, record.name, name) is not None:
        raise OperationRefused(
            Problem.DUPLICATE_VERSION_NAME,
            "The version name has already been used in this document. Specify a different "
            "version name, and then try again.",
        )


async def set_default_version(call: Call, name: str, version: str) -> DocumentVersion:
    """Make a version the default one.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT or INVALID_DOCUMENT_VERSION.
    """
    await require(call, on_document(call, name, await find_document(call, name)))

    def work(tx: Transaction) -> DocumentVersion:
        record = _own(call, tx, name)
        kept = _kept(tx, record, version_number(record, version))
        tx.documents.put(replace(record, default_version=kept.version))
        return kept

    return await call.write(work)


async def delete_document(
    call: Call, name: str, *, version: str = "", version_name: str = ""
) -> None:
    """Forget a document, or one version of it that is not the default.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT, INVALID_DOCUMENT_VERSION, or
            INVALID_DOCUMENT_OPERATION for one that is shared and for the default version.
    """
    await require(call, on_document(call, name, await find_document(call, name)))

    def work(tx: Transaction) -> None:
        record = _own(call, tx, name)
        if version or version_name:
            _delete_version(tx, record, version, version_name)
            return
        if record.shared_with:
            raise OperationRefused(
                Problem.INVALID_DOCUMENT_OPERATION,
                "You attempted to delete a document while it is still shared. You must stop "
                "sharing the document before you can delete it.",
            )
        tx.documents.delete(record.region, record.name)

    await call.write(work)


def _delete_version(
    tx: Transaction, record: DocumentRecord, version: str, version_name: str
) -> None:
    if version_name:
        named = tx.document_versions.named(record.region, record.name, version_name)
        number = named.version if named is not None else 0
    else:
        number = version_number(record, version)
    kept = _kept(tx, record, number)
    if kept.version == record.default_version:
        raise OperationRefused(
            Problem.INVALID_DOCUMENT_OPERATION, "Default version of the document can't be deleted."
        )
    tx.document_versions.delete(record.region, record.name, kept.version)
    newest = tx.document_versions.page(
        record.region, record.name, before=record.next_version, limit=1
    )
    tx.documents.put(replace(record, latest_version=newest[0].version))


def _own(call: Call, tx: Transaction, name: str) -> DocumentRecord:
    """Return a document of the caller's account; nobody else changes it."""
    record = tx.documents.get(call.caller.region, name)
    if record is None:
        raise unknown_document(name)
    return record


def _kept(tx: Transaction, record: DocumentRecord, number: int) -> DocumentVersion:
    kept = tx.document_versions.get(record.region, record.name, number)
    if kept is None:
        raise OperationRefused(
            Problem.INVALID_DOCUMENT_VERSION, "The document version is not valid or does not exist."
        )
    return kept


def _version(call: Call, record: DocumentRecord, number: int, checked: _Checked) -> DocumentVersion:
    text, document = checked.text, checked.document
    return DocumentVersion(
        account_id=record.account_id,
        region=record.region,
        name=record.name,
        version=number,
        version_name=text.version_name,
        display_name=text.display_name,
        target_type=text.target_type,
        platforms=platforms(document.session_type, document.properties),
        format=text.format,
        content=text.content,
        hash=content_hash(text.content),
        created_at=call.time,
    )
