"""Whether a value is one that a parameter allows: the server's part, nodes check only patterns."""

from __future__ import annotations

from mooring.sessions.document import DocumentParameter, ParameterValue
from mooring.sessions.document_pattern import is_allowed

__all__ = ["MAX_VALUE", "check_value"]

MAX_VALUE = 64 * 1024
"""Characters of one text; the limit of StartSession."""
_SHOWN = 64


def check_value(parameter: DocumentParameter, value: ParameterValue) -> str:
    """Return what is wrong with a value, as the end of a sentence; nothing when it is allowed."""
    texts = value if isinstance(value, tuple) else (text_of(value),)
    if isinstance(value, tuple):
        problem = _count(len(value), "items", parameter.min_items, parameter.max_items)
        if problem:
            return problem
    for text in texts:
        problem = _check_text(parameter, text)
        if problem:
            return problem
    return ""


def _check_text(parameter: DocumentParameter, text: str) -> str:
    if len(text) > MAX_VALUE:
        return f"has {len(text)} characters, the limit is {MAX_VALUE}"
    if "\0" in text:
        return "holds the character U+0000"
    problem = _count(len(text), "characters", parameter.min_chars, parameter.max_chars)
    if problem:
        return problem
    if parameter.allowed_values and text not in parameter.allowed_values:
        allowed = ", ".join(parameter.allowed_values)
        return f"is `{_shown(text)}`, expected one of {allowed[:512]}"
    if parameter.allowed_pattern and not is_allowed(parameter.allowed_pattern, text):
        return f"is `{_shown(text)}`, which does not match {parameter.allowed_pattern}"
    return ""


def _count(count: int, what: str, least: int | None, most: int | None) -> str:
    if least is not None and count < least:
        return f"has {count} {what}, expected {least} or more"
    if most is not None and count > most:
        return f"has {count} {what}, expected {most} at most"
    return ""


def text_of(value: str | bool | int) -> str:  # noqa: FBT001 - the value itself
    """Return a single value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
