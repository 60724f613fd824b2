"""Filling ``{{ parameter }}`` in: the same rules that stock agents have.

A text that is nothing but one parameter becomes its value, with its type; inside a longer text
the parameter becomes text, a list as JSON. What is filled in is not looked at again, names that
are no parameters stay as they are (``{{.Names}}`` is docker's), and ``{{ssm:name}}`` is the
node's to look up. Source: amazon-ssm-agent, agent/framework/docparser/parameters.

Unlike there, the result is bounded: a small document and a long value could make a huge one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from mooring.sessions.document import DocumentProblem, DocumentRefused, ParameterValue
from mooring.wire.json_object import JsonValue

__all__ = ["MAX_FILLED", "fill", "has_parameter"]

MAX_FILLED = 96 * 1024
"""Characters of all that is filled in; an order must fit into one message to the node."""

_REFERENCE = re.compile(r"\{\{\s{0,64}([A-Za-z0-9]{1,64})\s{0,64}\}\}")


def has_parameter(text: str) -> bool:
    """Tell whether a text holds what looks like a parameter."""
    return _REFERENCE.search(text) is not None


def fill(
    body: Mapping[str, JsonValue], values: Mapping[str, ParameterValue]
) -> dict[str, JsonValue]:
    """Return the object with every parameter replaced, in values and never in keys.

    Raises:
        DocumentRefused: PARAMETERS, when the result would be too large.
    """
    filler = _Filler(values)
    return {key: filler.value(item) for key, item in body.items()}


class _Filler:
    def __init__(self, values: Mapping[str, ParameterValue]) -> None:
        self._values = values
        self._left = MAX_FILLED

    def value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _text(self, text: str) -> JsonValue:
        whole = _REFERENCE.fullmatch(text)
        if whole is not None and whole[1] in self._values:
            value = self._values[whole[1]]
            self._spend(len(as_text(value)))
            return list(value) if isinstance(value, tuple) else value
        return _REFERENCE.sub(self._replacement, text)

    def _replacement(self, found: re.Match[str]) -> str:
        if found[1] not in self._values:
            return found[0]
        text = as_text(self._values[found[1]])
        self._spend(len(text))
        return text

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise DocumentRefused(
                DocumentProblem.PARAMETERS,
                f"the parameters fill in more than {MAX_FILLED} characters",
            )


def as_text(value: ParameterValue) -> str:
    """Return a value as it stands inside a longer text."""
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
