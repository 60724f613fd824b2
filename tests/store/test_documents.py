"""Documents, versions and plans come back as they were, page by page, account by account."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.rows import ACCOUNT, NOW, OTHER

from mooring.sessions.document_record import DocumentRecord, DocumentVersion, SessionPlan
from mooring.sessions.document_text import DocumentFormat
from mooring.store.documents import DocumentTable, DocumentVersionTable, SessionPlanTable

REGION = "r-1"
DOCUMENT = DocumentRecord(
    account_id=ACCOUNT,
    region=REGION,
    name="Mine",
    default_version=2,
    latest_version=3,
    next_version=5,
    created_at=NOW,
    tags={"a": "\ud800"},
    shared_with={"222222222222": "$DEFAULT"},
)
VERSION = DocumentVersion(
    account_id=ACCOUNT,
    region=REGION,
    name="Mine",
    version=1,
    version_name="first",
    display_name="Mine!",
    target_type="/AWS::EC2::Instance",
    platforms=("Linux", "MacOS"),
    format=DocumentFormat.YAML,
    content="a: é",
    hash="00",
    created_at=NOW,
)
PLAN = SessionPlan(
    account_id=ACCOUNT,
    session_id="ann-0",
    document_arn="arn",
    document_version=4,
    session_type="Port",
    parameters={"p": ["a", "b"], "flag": True},
    properties={"portNumber": "22"},
    idle_timeout=timedelta(minutes=20),
)


@pytest.fixture
def documents(connection: sqlite3.Connection) -> DocumentTable:
    return DocumentTable(connection, ACCOUNT)


@pytest.fixture
def versions(connection: sqlite3.Connection) -> DocumentVersionTable:
    return DocumentVersionTable(connection, ACCOUNT)


def test_a_document_is_kept_and_replaced(documents: DocumentTable) -> None:
    changed = replace(DOCUMENT, default_version=3)

    documents.put(DOCUMENT)
    assert documents.get(REGION, "Mine") == DOCUMENT
    documents.put(changed)
    assert documents.get(REGION, "Mine") == changed
    assert documents.get("r-2", "Mine") is None
    assert documents.count(REGION) == 1


def test_documents_are_paged_by_name(documents: DocumentTable) -> None:
    rows = [replace(DOCUMENT, name=name) for name in ("a", "b", "c")]
    for row in (*rows, replace(DOCUMENT, region="r-2", name="aa")):
        documents.put(row)

    assert documents.page(REGION, after="", limit=2) == rows[:2]
    assert documents.page(REGION, after="b", limit=2) == rows[2:]


def test_a_document_goes_with_its_versions(
    documents: DocumentTable, versions: DocumentVersionTable
) -> None:
    other = replace(VERSION, name="Other")
    documents.put(DOCUMENT)
    versions.put(VERSION)
    versions.put(other)

    assert documents.delete(REGION, "Mine")
    assert not documents.delete(REGION, "Mine")
    assert versions.get(REGION, "Mine", 1) is None
    assert versions.get(REGION, "Other", 1) == other


def test_versions_are_found_by_number_and_name_newest_first(
    versions: DocumentVersionTable,
) -> None:
    second = replace(VERSION, version=2, version_name="second")
    versions.put(VERSION)
    versions.put(second)

    assert versions.get(REGION, "Mine", 1) == VERSION
    assert versions.named(REGION, "Mine", "second") == second
    assert versions.named(REGION, "Mine", "third") is None
    assert versions.page(REGION, "Mine", before=99, limit=9) == [second, VERSION]
    assert versions.page(REGION, "Mine", before=2, limit=9) == [VERSION]
    assert versions.count(REGION, "Mine") == 2
    assert versions.delete(REGION, "Mine", 1)
    assert not versions.delete(REGION, "Mine", 1)


def test_a_plan_is_kept(connection: sqlite3.Connection) -> None:
    table = SessionPlanTable(connection, ACCOUNT)

    table.put(PLAN)

    assert table.get("ann-0") == PLAN
    assert table.get("ann-1") is None


def test_nothing_is_seen_or_changed_by_another_account(connection: sqlite3.Connection) -> None:
    DocumentTable(connection, ACCOUNT).put(DOCUMENT)
    DocumentVersionTable(connection, ACCOUNT).put(VERSION)
    SessionPlanTable(connection, ACCOUNT).put(PLAN)
    documents = DocumentTable(connection, OTHER)
    versions = DocumentVersionTable(connection, OTHER)

    assert documents.get(REGION, "Mine") is None
    assert documents.page(REGION, after="", limit=9) == []
    assert documents.count(REGION) == 0
    assert not documents.delete(REGION, "Mine")
    assert versions.get(REGION, "Mine", 1) is None
    assert versions.named(REGION, "Mine", "first") is None
    assert versions.page(REGION, "Mine", before=9, limit=9) == []
    assert versions.count(REGION, "Mine") == 0
    assert not versions.delete(REGION, "Mine", 1)
    assert SessionPlanTable(connection, OTHER).get("ann-0") is None
    assert DocumentVersionTable(connection, ACCOUNT).get(REGION, "Mine", 1) == VERSION


@pytest.mark.parametrize("row", [DOCUMENT, VERSION, PLAN])
def test_a_row_of_another_account_is_refused(
    connection: sqlite3.Connection, row: DocumentRecord | DocumentVersion | SessionPlan
) -> None:
    tables = {
        DocumentRecord: DocumentTable,
        DocumentVersion: DocumentVersionTable,
        SessionPlan: SessionPlanTable,
    }

    with pytest.raises(ValueError, match=OTHER):
        tables[type(row)](connection, OTHER).put(row)  # type: ignore[attr-defined]
