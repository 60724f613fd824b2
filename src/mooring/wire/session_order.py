"""The order that starts a session on a node: the body of ``interactive_shell``.

::

    {"Content": "<JSON as text>", "TaskId": session id, "Topic": "aws.ssm.startSession",
     "SchemaVersion": 1}

``Content`` holds the document that the session runs, its parameters, and who asked. A parameter of
type String is a text and one of type StringList a list, although StartSession carries lists for
both: the server flattens. There is no acknowledgement; a node that takes the order opens a data
channel, and one that cannot read it says nothing.

Source: amazon-ssm-agent, agent/session/service and agent/framework/docparser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.ids import SessionId, parse_session_id
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = ["SessionInputs", "SessionOrder", "SessionType"]

_SCHEMA_VERSION = 1
_DOCUMENT_SCHEMA_VERSION = "1.0"
_TOPIC = "aws.ssm.startSession"


class SessionType(StrEnum):
    """What runs on the node; anything else a stock client refuses."""

    STANDARD_STREAM = "Standard_Stream"
    INTERACTIVE_COMMANDS = "InteractiveCommands"
    NON_INTERACTIVE_COMMANDS = "NonInteractiveCommands"
    PORT = "Port"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInputs:
    """The preferences of a session document. Time-outs are the server's; nodes skip them."""

    run_as_enabled: bool = False
    run_as_default_user: str = ""
    shell_profile_linux: str = ""
    shell_profile_windows: str = ""
    kms_key_id: str = ""
    s3_bucket_name: str = ""
    s3_key_prefix: str = ""
    s3_encryption_enabled: bool = False
    cloud_watch_log_group_name: str = ""
    cloud_watch_encryption_enabled: bool = False
    cloud_watch_streaming_enabled: bool = False

    @classmethod
    def read(cls, body: JsonObject) -> SessionInputs:
        """Read the ``inputs`` of a document."""
        profile = body.child("shellProfile")
        return cls(
            run_as_enabled=body.is_true("runAsEnabled"),
            run_as_default_user=body.text_or("runAsDefaultUser", ""),
            shell_profile_linux=profile.text_or("linux", ""),
            shell_profile_windows=profile.text_or("windows", ""),
            kms_key_id=body.text_or("kmsKeyId", ""),
            s3_bucket_name=body.text_or("s3BucketName", ""),
            s3_key_prefix=body.text_or("s3KeyPrefix", ""),
            s3_encryption_enabled=body.is_true("s3EncryptionEnabled"),
            cloud_watch_log_group_name=body.text_or("cloudWatchLogGroupName", ""),
            cloud_watch_encryption_enabled=body.is_true("cloudWatchEncryptionEnabled"),
            cloud_watch_streaming_enabled=body.is_true("cloudWatchStreamingEnabled"),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """Return the ``inputs`` of a document."""
        return {
            "s3BucketName": self.s3_bucket_name,
            "s3KeyPrefix": self.s3_key_prefix,
            "s3EncryptionEnabled": self.s3_encryption_enabled,
            "cloudWatchLogGroupName": self.cloud_watch_log_group_name,
            "cloudWatchEncryptionEnabled": self.cloud_watch_encryption_enabled,
            "cloudWatchStreamingEnabled": self.cloud_watch_streaming_enabled,
            "kmsKeyId": self.kms_key_id,
            "runAsEnabled": self.run_as_enabled,
            "runAsDefaultUser": self.run_as_default_user,
            "shellProfile": {
                "windows": self.shell_profile_windows,
                "linux": self.shell_profile_linux,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOrder:
    """Start this session.

    ``document_parameters`` (what the document declares) and ``properties`` (what its session
    type runs) belong to the session type, so they stay JSON until it reads them.
    """

    session_id: SessionId
    session_type: SessionType = SessionType.STANDARD_STREAM
    document_name: str
    description: str = ""
    inputs: SessionInputs = SessionInputs()
    document_parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    properties: Mapping[str, JsonValue] = field(default_factory=dict)
    parameters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    run_as_user: str = ""
    session_owner: str

    @classmethod
    def parse(cls, payload: bytes) -> SessionOrder:
        """Read the body of ``interactive_shell``.

        Raises:
            RemoteProtocolError: it is not an order that this version of the protocol knows.
        """
        body = JsonObject.parse(payload, what="interactive_shell")
        content = JsonObject.parse(body.text("Content"), what="session order")
        document = content.child("DocumentContent")
        version = document.text("schemaVersion")
        if version != _DOCUMENT_SCHEMA_VERSION:
            raise RemoteProtocolError(
                f"document has schema version `{version}`, expected `{_DOCUMENT_SCHEMA_VERSION}`"
            )
        return cls(
            session_id=parse_session_id(content.text("SessionId")),
            session_type=_session_type(document.text("sessionType")),
            document_name=content.text_or("DocumentName", ""),
            description=document.text_or("description", ""),
            inputs=SessionInputs.read(document.child("inputs")),
            document_parameters=document.mapping("parameters"),
            properties=document.mapping("properties"),
            parameters=_parameters(content.child("Parameters"), content.mapping("Parameters")),
            run_as_user=content.text_or("RunAsUser", ""),
            session_owner=content.text_or("SessionOwner", ""),
        )

    def serialize(self) -> bytes:
        """Write the body of ``interactive_shell``."""
        if not self.session_id:
            raise LocalProtocolError("session order without a session id")
        document: dict[str, JsonValue] = {
            "schemaVersion": _DOCUMENT_SCHEMA_VERSION,
            "description": self.description,
            "sessionType": self.session_type,
            "inputs": self.inputs.to_json(),
        }
        # The stock agent takes an absent key for none; an empty object it would have to read.
        if self.document_parameters:
            document["parameters"] = self.document_parameters
        if self.properties:
            document["properties"] = self.properties
        content: dict[str, JsonValue] = {
            "DocumentName": self.document_name,
            "DocumentContent": document,
            "SessionId": self.session_id,
            "Parameters": self.parameters,
            "RunAsUser": self.run_as_user,
            "SessionOwner": self.session_owner,
        }
        return write_json(
            {
                "Content": write_json(content).decode(),
                "TaskId": self.session_id,
                "Topic": _TOPIC,
                "SchemaVersion": _SCHEMA_VERSION,
            }
        )


def _session_type(name: str) -> SessionType:
    try:
        return SessionType(name)
    except ValueError as exc:
        raise RemoteProtocolError(f"session type `{name}` has no meaning") from exc


def _parameters(
    body: JsonObject, raw: Mapping[str, JsonValue]
) -> Mapping[str, str | tuple[str, ...]]:
    return {
        key: body.texts(key) if isinstance(value, list) else body.text_or(key, "")
        for key, value in raw.items()
    }
