"""From a document and what a caller gave to what is run: checked, typed, filled in.

The caller's values are lists of texts, as StartSession carries them. The node gets properties
with nothing left to fill in, so that no value is ever read as a template: what one parameter
allows cannot smuggle in what another forbids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mooring.sessions.document import (
    DocumentParameter,
    DocumentProblem,
    DocumentRefused,
    ParameterType,
    ParameterValue,
    SessionDocument,
)
from mooring.sessions.document_host import host_name
from mooring.sessions.document_properties import order_properties
from mooring.sessions.document_template import fill
from mooring.sessions.document_values import check_value
from mooring.sessions.preferences import Preferences, read_preferences
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

__all__ = ["LOCAL_HOST", "ResolvedSession", "host_of", "port_of", "resolve_session"]

LOCAL_HOST = "localhost"
"""The host of a Port session that names none: the node itself."""
_INTEGER = re.compile(r"-?[0-9]{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedSession:
    """What a session is to run; ``parameters`` are what was given and the defaults of the rest."""

    session_type: SessionType = SessionType.STANDARD_STREAM
    description: str = ""
    properties: Mapping[str, JsonValue] = field(default_factory=dict)
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    preferences: Preferences = field(default_factory=Preferences)


def resolve_session(
    document: SessionDocument, given: Mapping[str, tuple[str, ...]]
) -> ResolvedSession:
    """Return what a session of this document and these parameters runs.

    Raises:
        DocumentRefused: PARAMETERS, naming the parameter and what it should be.
    """
    unknown = sorted(given.keys() - document.parameters.keys())
    if unknown:
        names = ", ".join(name[:64] for name in unknown[:8])
        raise _refused(f"the document has no parameters named {names}")
    values = {
        name: _value(parameter, given.get(name)) for name, parameter in document.parameters.items()
    }
    try:
        preferences = read_preferences(fill(document.inputs, values))
    except DocumentRefused as exc:
        raise _refused(exc.message) from exc
    return ResolvedSession(
        session_type=document.session_type,
        description=document.description,
        properties=order_properties(document.session_type, fill(document.properties, values)),
        parameters=values,
        preferences=preferences,
    )


def port_of(session_type: SessionType, properties: Mapping[str, JsonValue]) -> str:
    """Return the port of a Port session's resolved properties; empty for others."""
    return str(properties["portNumber"]) if session_type is SessionType.PORT else ""


def host_of(session_type: SessionType, properties: Mapping[str, JsonValue]) -> str:
    """Return the host of a Port session's resolved properties as policies see it, else nothing."""
    if session_type is not SessionType.PORT:
        return ""
    host = properties.get("host")
    return host_name(str(host)) if host else LOCAL_HOST


def _value(parameter: DocumentParameter, given: tuple[str, ...] | None) -> ParameterValue:
    if given is None:
        if parameter.default is None:
            raise _refused(f"parameter {parameter.name} must be given")
        return parameter.default
    value = _typed(parameter, given)
    problem = check_value(parameter, value)
    if problem:
        raise _refused(f"parameter {parameter.name} {problem}")
    return value


def _typed(parameter: DocumentParameter, given: tuple[str, ...]) -> ParameterValue:
    if parameter.type is ParameterType.STRING_LIST:
        return given
    if len(given) != 1:
        raise _refused(f"parameter {parameter.name} is a {parameter.type}, got {len(given)} values")
    (text,) = given
    if parameter.type is ParameterType.STRING:
        return text
    if parameter.type is ParameterType.BOOLEAN and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if parameter.type is ParameterType.INTEGER and _INTEGER.fullmatch(text):
        return int(text)
    raise _refused(f"parameter {parameter.name} is `{text[:64]}`, expected a {parameter.type}")


def _refused(message: str) -> DocumentRefused:
    return DocumentRefused(DocumentProblem.PARAMETERS, message)
