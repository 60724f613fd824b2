"""Texts of documents to begin from, and a way to make them."""

import json

from tests.fakes.world import FakeWorld

from mooring.iam.identity import User
from mooring.operations.documents_find import DocumentView
from mooring.operations.documents_write import DocumentText, NewDocument, create_document

__all__ = ["PORT", "log_file", "make"]

PORT = json.dumps(
    {
        "schemaVersion": "1.0",
        "description": "the database",
        "sessionType": "Port",
        "parameters": {
            "portNumber": {
                "type": "String",
                "allowedPattern": "^(5432|5433)$",
                "default": "5432",
            }
        },
        "properties": {"portNumber": "{{ portNumber }}", "host": "db.example"},
    }
)


def log_file(path: str) -> str:
    """Return a document that shows one file."""
    body = {
        "schemaVersion": "1.0",
        "sessionType": "InteractiveCommands",
        "properties": {"linux": {"commands": f"tail -f {path}"}},
    }
    return json.dumps(body)


async def make(
    world: FakeWorld, user: User, name: str = "Mine", content: str = PORT
) -> DocumentView:
    """Make a document."""
    return await create_document(
        world.call(user, "ssm:CreateDocument"),
        NewDocument(name=name, document_type="Session", text=DocumentText(content=content)),
    )
