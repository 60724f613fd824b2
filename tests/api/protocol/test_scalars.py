"""Texts become values of the model's types, or are refused."""

from datetime import UTC, datetime

import pytest
from botocore.model import Shape
from hypothesis import given
from hypothesis import strategies as st

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.scalars import blob_of, text_reader, time_of_number, time_of_text

MOMENT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
TYPES = ["string", "boolean", "integer", "long", "float", "double", "timestamp", "blob"]


def shape_of(kind: str) -> Shape:
    return Shape("S", {"type": kind})


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T12:30:00Z",
        "2026-11-24T12:30:00.000Z",
        "2026-11-24T13:30:00+01:00",
        "2026-11-24T12:30:00",
        "Tue, 24 Nov 2026 12:30:00 GMT",
        "1795523400",
        "1795523400.0",
    ],
)
def test_a_time_has_three_spellings(text: str) -> None:
    assert time_of_text(text) == MOMENT


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01T00:00:00Z", "99999999999999", "0001-01-01T00:00:00+23:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        time_of_text(text)


@pytest.mark.parametrize("number", [1e300, float("nan"), float("inf"), -1e15, 10**40])
def test_a_number_that_is_no_time_is_refused(number: float) -> None:
    with pytest.raises(InvalidInput):
        time_of_number(number)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "a b", "a b"),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("integer", "-7", -7),
        ("long", "9000000000", 9_000_000_000),
        ("double", "1.5e3", 1500.0),
        ("float", "-Infinity", float("-inf")),
        ("blob", "AP8=", b"\x00\xff"),
    ],
)
def test_a_text_becomes_a_value_of_its_type(kind: str, text: str, value: object) -> None:
    assert text_reader(shape_of(kind))(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boolean", "yes"),
        ("integer", "2147483648"),
        ("integer", "1.5"),
        ("integer", "٣"),
        ("long", "9" * 5000),
        ("double", "one"),
        ("blob", "not base64!"),
        ("blob", "é"),
    ],
)
def test_a_text_of_another_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(InvalidInput):
        text_reader(shape_of(kind))(text)


@given(st.sampled_from(TYPES), st.text(max_size=20))
def test_any_text_is_read_or_refused(kind: str, text: str) -> None:
    try:
        text_reader(shape_of(kind))(text)
    except InvalidInput:
        pass


def test_a_structure_is_not_one_text() -> None:
    with pytest.raises(InvalidInput):
        text_reader(shape_of("structure"))


def test_base64_must_be_whole() -> None:
    with pytest.raises(InvalidInput):
        blob_of("QUJ")
