"""Fields leave a JSON object by their type, or not at all."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, write_json

READERS: list[Callable[[JsonObject], object]] = [
    lambda body: body.text("k"),
    lambda body: body.text_or("k", ""),
    lambda body: body.integer("k"),
    lambda body: body.integer_or_none("k"),
    lambda body: body.is_true("k"),
    lambda body: body.child("k"),
    lambda body: body.mapping("k"),
    lambda body: body.children("k"),
    lambda body: body.texts("k"),
]

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def parse(data: bytes | str) -> JsonObject:
    return JsonObject.parse(data, what="order")


@given(st.binary())
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        parse(data)
    except RemoteProtocolError:
        pass


@given(values)
def test_any_value_is_read_or_refused(value: object) -> None:
    body = JsonObject({"k": value}, what="order")  # type: ignore[dict-item]  # any JSON value

    for read in READERS:
        try:
            read(body)
        except RemoteProtocolError:
            pass


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(0, 2**63 - 1)))
def test_reads_back_what_it_wrote(fields: dict[str, int]) -> None:
    body = parse(write_json(fields))

    assert {key: body.integer(key) for key in fields} == fields


def test_null_is_absence() -> None:
    body = parse(b'{"k":null}')

    assert body.text_or("k", "x") == "x"
    assert body.integer_or_none("k") is None
    assert not body.is_true("k")
    assert not body.has("k")
    assert not body.mapping("k")
    assert not body.children("k")
    assert not body.texts("k")


@pytest.mark.parametrize(("text", "meant"), [("true", True), ('"TRUE"', True), ('"false"', False)])
def test_a_flag_may_be_text(text: str, *, meant: bool) -> None:
    assert parse(f'{{"k":{text}}}').is_true("k") is meant


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", "{", '{"a":NaN}', "[" * 100_000, "\ufeff{}", '{"a":' + "9" * 5000 + "}"],
)
def test_refuses_what_is_no_object(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="order is not"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"k":""}', lambda body: body.text("k")),
        ('{"k":1}', lambda body: body.text("k")),
        ('{"k":"\\ud800"}', lambda body: body.text("k")),
        ("{}", lambda body: body.integer("k")),
        ('{"k":true}', lambda body: body.integer("k")),
        ('{"k":1.0}', lambda body: body.integer("k")),
        ('{"k":-1}', lambda body: body.integer("k")),
        ('{"k":256}', lambda body: body.integer("k", most=255)),
        ('{"k":"yes"}', lambda body: body.is_true("k")),
        ('{"k":[]}', lambda body: body.child("k")),
        ('{"k":{}}', lambda body: body.children("k")),
        ('{"k":[1]}', lambda body: body.children("k")),
        ('{"k":[1]}', lambda body: body.texts("k")),
    ],
)
def test_refuses_a_field_of_another_type(text: str, read: Callable[[JsonObject], object]) -> None:
    with pytest.raises(RemoteProtocolError, match="`k`"):
        read(parse(text))
