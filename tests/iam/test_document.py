"""JSON is read as it stands, with its places, or refused."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.iam.document import Leaf, Listing, Node, Structure, place_of, read_document
from mooring.iam.errors import MalformedPolicy, Place

json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def unwrap(node: Node) -> object:
    match node:
        case Structure(members=members):
            return {key: unwrap(member) for key, member in members.items()}
        case Listing(items=items):
            return [unwrap(item) for item in items]
        case Leaf(value=value, is_number=True):
            return int(str(value))
        case Leaf(value=value):
            return value


@given(json_values, st.sampled_from([None, 2]))
def test_reads_what_the_standard_writer_wrote(value: object, indent: int | None) -> None:
    assert unwrap(read_document(json.dumps(value, indent=indent))) == value


@given(st.text('{}[]":,0a \n\\', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_document(text)
    except MalformedPolicy:
        pass


def test_knows_where_each_value_stands() -> None:
    text = '{\n  "a": [1.50,\n   {"b": "x"} ]}'

    root = read_document(text)

    assert isinstance(root, Structure)
    listing = root.members["a"]
    assert isinstance(listing, Listing)
    number, inner = listing.items
    assert number == Leaf(value="1.50", is_number=True, start=text.index("1.50"))
    assert isinstance(inner, Structure)
    assert text[inner.start : inner.end] == '{"b": "x"}'
    assert place_of(text, inner.start) == Place(line=3, column=4)


@pytest.mark.parametrize(
    ("text", "detail", "column"),
    [
        ('{"a":1,"a":2}', "key `a` comes twice in one object", 8),
        ('{"a":1} x', "text behind the end of the document", 9),
        ('{"a" 1}', "expected `:` after a key", 6),
        ("{1:2}", "expected a key in double quotes", 2),
        ("{[[1]]:2}", "expected a key in double quotes", 2),
        ('{"a":1,}', "expected a key in double quotes", 8),
        ("[1 2]", "expected `,` or `]`", 4),
        ('{"a":1', "expected `,` or `}`", 7),
    ],
)
def test_says_what_is_wrong_and_where(text: str, detail: str, column: int) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        read_document(text)

    assert refused.value.detail == detail
    assert refused.value.place == Place(line=1, column=column)


@pytest.mark.parametrize("text", ["", "NaN", "[Infinity]", "01", "'a'", '"\n"', "[,]", "tru"])
def test_refuses_what_is_no_json(text: str) -> None:
    with pytest.raises(MalformedPolicy):
        read_document(text)


@pytest.mark.parametrize(
    "nest", [lambda n: "[" * n + "]" * n, lambda n: '{"a":' * n + "1" + "}" * n, lambda n: "[" * n]
)
def test_refuses_to_follow_brackets_without_end(nest: Callable[[int], str]) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        read_document(nest(50_000))

    assert refused.value.detail == "nested deeper than 16 levels"
