"""The strict check of a Session document: what may be stored, and so what may be run.

Unknown members are refused rather than skipped: a misspelt ``allowedPatern`` would otherwise
be a restriction that is not there. Source: Systems Manager User Guide, "Session document
schema" and "Data elements and parameters".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mooring.sessions.document import (
    DocumentParameter,
    DocumentProblem,
    DocumentRefused,
    ParameterType,
    ParameterValue,
    SessionDocument,
)
from mooring.sessions.document_pattern import check_pattern
from mooring.sessions.document_properties import check_properties
from mooring.sessions.document_template import has_parameter
from mooring.sessions.document_values import check_value
from mooring.sessions.preferences import read_preferences
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue
from mooring.wire.session_order import SessionType

__all__ = ["MAX_PARAMETERS", "check_document"]

MAX_PARAMETERS = 200
_SCHEMA_VERSION = "1.0"
_MAX_DESCRIPTION = 1024
_MAX_COUNT = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9]{1,64}")
_MEMBERS = frozenset(
    {"schemaVersion", "description", "sessionType", "inputs", "parameters", "properties"}
)
_PARAMETER_MEMBERS = frozenset(
    {
        "type",
        "description",
        "default",
        "allowedValues",
        "allowedPattern",
        "displayType",
        "minChars",
        "maxChars",
        "minItems",
        "maxItems",
    }
)
_TYPES = {type_.value.lower(): type_ for type_ in ParameterType}


def check_document(body: Mapping[str, JsonValue]) -> SessionDocument:
    """Return the document that an object is.

    Raises:
        DocumentRefused: SCHEMA_VERSION or CONTENT, naming what is wrong and what was expected.
    """
    version = body.get("schemaVersion")
    # Without its quotes the version is a number, in JSON as in YAML.
    if version != _SCHEMA_VERSION and not (isinstance(version, float) and version == 1.0):
        raise DocumentRefused(
            DocumentProblem.SCHEMA_VERSION,
            f"Document schema version, {str(version)[:32]}, is not supported by document that is "
            "created with document type Session",
        )
    _check_members(body, _MEMBERS, "the document")
    try:
        return _read(JsonObject(body, what="the document"))
    except RemoteProtocolError as exc:
        raise _refused(str(exc)) from exc


def _read(body: JsonObject) -> SessionDocument:
    description = body.text_or("description", "")
    if len(description) > _MAX_DESCRIPTION:
        raise _refused(f"the description is longer than {_MAX_DESCRIPTION} characters")
    session_type = _session_type(body.text("sessionType"))
    parameters = _parameters(body)
    document = SessionDocument(
        session_type=session_type,
        description=description,
        inputs=body.mapping("inputs"),
        parameters=parameters,
        properties=body.mapping("properties"),
    )
    if not _has_any_parameter(document.inputs):
        read_preferences(document.inputs)
    check_properties(document.session_type, document.properties)
    return document


def _session_type(name: str) -> SessionType:
    try:
        return SessionType(name)
    except ValueError as exc:
        expected = ", ".join(SessionType)
        raise _refused(f"sessionType is `{name[:64]}`, expected one of {expected}") from exc


def _parameters(body: JsonObject) -> Mapping[str, DocumentParameter]:
    declared = body.mapping("parameters")
    if len(declared) > MAX_PARAMETERS:
        raise _refused(f"{len(declared)} parameters, the limit is {MAX_PARAMETERS}")
    parameters = {}
    for name in declared:
        if not _NAME.fullmatch(name):
            raise _refused(f"the parameter name `{name[:64]}` is not letters and digits only")
        parameters[name] = _parameter(name, body.child("parameters").mapping(name))
    return parameters


def _parameter(name: str, given: Mapping[str, JsonValue]) -> DocumentParameter:
    _check_members(given, _PARAMETER_MEMBERS, f"parameter {name}")
    body = JsonObject(given, what=f"parameter {name}")
    type_ = _TYPES.get(body.text("type").lower())
    if type_ is None:
        raise _refused(
            f"parameter {name} has type `{body.text('type')[:64]}`, "
            f"expected one of {', '.join(ParameterType)}"
        )
    pattern = body.text_or("allowedPattern", "")
    check_pattern(pattern)
    parameter = DocumentParameter(
        name=name,
        type=type_,
        description=body.text_or("description", ""),
        default=_typed(name, type_, body.value("default")),
        allowed_values=_allowed_values(name, body.value("allowedValues")),
        allowed_pattern=pattern,
        min_chars=body.integer_or_none("minChars", most=_MAX_COUNT),
        max_chars=body.integer_or_none("maxChars", most=_MAX_COUNT),
        min_items=body.integer_or_none("minItems", most=_MAX_COUNT),
        max_items=body.integer_or_none("maxItems", most=_MAX_COUNT),
    )
    if parameter.default is not None:
        problem = check_value(parameter, parameter.default)
        if problem:
            raise _refused(f"the default of parameter {name} {problem}")
    return parameter


def _typed(name: str, type_: ParameterType, value: JsonValue) -> ParameterValue | None:
    if value is None:
        return None
    if type_ is ParameterType.STRING and isinstance(value, str):
        return value
    if type_ is ParameterType.BOOLEAN and isinstance(value, bool):
        return value
    if type_ is ParameterType.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return value
    if type_ is ParameterType.STRING_LIST and isinstance(value, list):
        texts = tuple(item for item in value if isinstance(item, str))
        if len(texts) == len(value):
            return texts
    raise _refused(f"the default of parameter {name} is no {type_}")


def _allowed_values(name: str, value: JsonValue) -> tuple[str, ...]:
    """Return what is allowed as text; YAML's authors write flags and numbers without quotes."""
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise _refused(f"allowedValues of parameter {name} is not a list with values")
    return tuple(_as_given(name, item) for item in value)


def _as_given(name: str, item: JsonValue) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str | int):
        return str(item)
    raise _refused(f"allowedValues of parameter {name} holds what is neither a text nor a number")


def _check_members(body: Mapping[str, JsonValue], known: frozenset[str], what: str) -> None:
    for name in body:
        if name not in known:
            expected = ", ".join(sorted(known))
            raise _refused(f"{what} holds `{name[:64]}`, expected one of {expected}")


def _has_any_parameter(value: JsonValue) -> bool:
    if isinstance(value, str):
        return has_parameter(value)
    if isinstance(value, Mapping):
        return any(_has_any_parameter(item) for item in value.values())
    return isinstance(value, list) and any(_has_any_parameter(item) for item in value)


def _refused(message: str) -> DocumentRefused:
    return DocumentRefused(DocumentProblem.CONTENT, message)
