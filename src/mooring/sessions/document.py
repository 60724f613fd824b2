"""A Session document of schema version 1.0: what it is made of, and how one is refused.

A document says what a session runs: its type, the parameters that a caller may give, the
properties that the node and the client act on, and the preferences of its sessions. Source:
Systems Manager User Guide, "Session document schema".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

__all__ = [
    "DEFAULT_DOCUMENT",
    "DocumentParameter",
    "DocumentProblem",
    "DocumentRefused",
    "ParameterType",
    "ParameterValue",
    "SessionDocument",
]

DEFAULT_DOCUMENT = "SSM-SessionManagerRunShell"
"""What a session runs when no document is named; an account's own one holds its preferences."""

ParameterValue = str | tuple[str, ...] | bool | int


class ParameterType(StrEnum):
    """What a parameter holds."""

    STRING = "String"
    STRING_LIST = "StringList"
    BOOLEAN = "Boolean"
    INTEGER = "Integer"


class DocumentProblem(StrEnum):
    """What is wrong: the document, or what was given for its parameters."""

    CONTENT = auto()
    SCHEMA_VERSION = auto()
    TOO_LARGE = auto()
    PARAMETERS = auto()


class DocumentRefused(Exception):
    """The document, or the parameters given for it, cannot be used; the text is for its author."""

    def __init__(self, problem: DocumentProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParameter:
    """A parameter as the document declares it; one without a default must be given.

    Characters are counted in each text, items in a StringList.
    """

    name: str
    type: ParameterType
    description: str = ""
    default: ParameterValue | None = None
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str = ""
    min_chars: int | None = None
    max_chars: int | None = None
    min_items: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDocument:
    """A checked document. ``inputs`` and ``properties`` may still hold ``{{ parameter }}``."""

    session_type: SessionType
    description: str = ""
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    parameters: Mapping[str, DocumentParameter] = field(default_factory=dict)
    properties: Mapping[str, JsonValue] = field(default_factory=dict)
