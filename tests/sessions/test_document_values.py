"""Every bound that a parameter declares holds for each of its texts."""

import pytest

from mooring.sessions.document import DocumentParameter, ParameterType, ParameterValue
from mooring.sessions.document_values import MAX_VALUE, check_value

STRING = ParameterType.STRING
LIST = ParameterType.STRING_LIST


def declared(type_: ParameterType = STRING, **bounds: object) -> DocumentParameter:
    return DocumentParameter(name="p", type=type_, **bounds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (declared(min_chars=2, max_chars=3), "abc"),
        (declared(allowed_values=("a", "b")), "b"),
        (declared(allowed_pattern="^a+$"), "aaa"),
        (declared(LIST, min_items=1, max_items=2), ("a", "b")),
        (declared(ParameterType.BOOLEAN, allowed_values=("true",)), True),
        (declared(ParameterType.INTEGER, allowed_pattern="^[0-9]$"), 7),
    ],
)
def test_what_is_allowed_has_no_problem(
    parameter: DocumentParameter, value: ParameterValue
) -> None:
    assert check_value(parameter, value) == ""


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        (declared(min_chars=2), "a", "has 1 characters, expected 2 or more"),
        (declared(max_chars=1), "ab", "has 2 characters, expected 1 at most"),
        (declared(allowed_values=("a", "b")), "c", "is `c`, expected one of a, b"),
        (declared(allowed_pattern="^a$"), "b", "is `b`, which does not match ^a$"),
        (declared(LIST, min_items=1), (), "has 0 items, expected 1 or more"),
        (declared(LIST, max_items=1), ("a", "b"), "has 2 items, expected 1 at most"),
        (declared(LIST, allowed_pattern="^a$"), ("a", "b"), "is `b`, which does not match ^a$"),
        (declared(), "\0", "holds the character U+0000"),
        (declared(), "x" * (MAX_VALUE + 1), "has 65537 characters, the limit is 65536"),
    ],
)
def test_what_is_not_is_named_beside_what_was_expected(
    parameter: DocumentParameter, value: ParameterValue, problem: str
) -> None:
    assert check_value(parameter, value) == problem


def test_long_values_are_shown_in_part() -> None:
    problem = check_value(declared(allowed_pattern="^a$"), "b" * 5000)

    assert len(problem) < 200
