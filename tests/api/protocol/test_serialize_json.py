"""Values of each type have one spelling in JSON."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.model import Shape

from mooring.api.protocol.serialize_json import compile_json, number_text, time_text
from mooring.wire.errors import LocalProtocolError

MOMENT = datetime(2026, 11, 24, 13, 30, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("string", "a", "a"),
        ("blob", b"\x00\xff", "AP8="),
        ("timestamp", MOMENT, 1795523400),
        ("timestamp", datetime(1970, 1, 1, 0, 0, 0, 500_000, UTC), 0.5),
        ("double", 1.5, 1.5),
        ("double", math.inf, "Infinity"),
    ],
)
def test_a_value_has_one_spelling(kind: str, value: object, written: object) -> None:
    assert compile_json(Shape("S", {"type": kind}))(value) == written


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("iso8601", "2026-11-24T12:30:00Z"),
        ("rfc822", "Tue, 24 Nov 2026 12:30:00 GMT"),
        ("unixtimestamp", "1795523400"),
    ],
)
def test_a_time_is_written_in_utc(style: str, text: str) -> None:
    assert time_text(MOMENT, style) == text


def test_a_time_without_a_zone_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        time_text(datetime(2026, 11, 24), "iso8601")  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.5, "1.5"), (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")],
)
def test_numbers_that_json_lacks_have_names(value: float, text: str) -> None:
    assert number_text(value) == text
