"""A document as an account keeps it: its versions, who it is shared with, and what a session ran.

Versions count from 1, and a number is never used twice, so that the record of a session names
one text for good. Source: Systems Manager API, DocumentDescription.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mooring.sessions.document_text import DocumentFormat
from mooring.wire.json_object import JsonValue

__all__ = [
    "EVERYBODY",
    "DocumentRecord",
    "DocumentVersion",
    "SessionPlan",
    "content_hash",
    "document_arn",
]

EVERYBODY = "all"
"""In place of an account id: the document is public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """A document of an account; its texts are versions of their own.

    ``shared_with`` maps account ids, or ``EVERYBODY``, to ``$DEFAULT``, ``$LATEST`` or ``$ALL``.
    """

    account_id: str
    region: str
    name: str
    document_type: str = "Session"
    default_version: int = 1
    latest_version: int = 1
    next_version: int = 2
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    shared_with: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion:
    """One text of a document, as it was given; ``platforms`` are those that it is for."""

    account_id: str
    region: str
    name: str
    version: int = 1
    version_name: str = ""
    display_name: str = ""
    target_type: str = ""
    platforms: tuple[str, ...] = ()
    format: DocumentFormat = DocumentFormat.JSON
    content: str
    hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """What a session was started to do: kept, because its document may change or go."""

    account_id: str
    session_id: str
    document_arn: str
    document_version: int
    session_type: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    properties: Mapping[str, JsonValue] = field(default_factory=dict)
    idle_timeout: timedelta | None = None
    max_duration: timedelta | None = None


def content_hash(content: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(content.encode()).hexdigest()


def document_arn(*, region: str, account_id: str, name: str) -> str:
    """Name a document; one that comes with the service has an empty account."""
    return f"arn:aws:ssm:{region}:{account_id}:document/{name}"
