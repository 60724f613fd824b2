"""Texts of documents are read strictly, bounded, and come back as they were."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.sessions.document_text import DocumentFormat, read_text, write_text

JSON, YAML = DocumentFormat.JSON, DocumentFormat.YAML
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("written", DocumentFormat)
@given(body=st.dictionaries(TEXT, PLAIN, max_size=4))
def test_a_body_comes_back_as_it_was(
    written: DocumentFormat, body: dict[str, bool | int | str | None]
) -> None:
    assert read_text(write_text(body, written), written) == body


@pytest.mark.parametrize("written", DocumentFormat)
@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(written: DocumentFormat, text: str) -> None:
    with suppress(DocumentRefused):
        json.dumps(read_text(text, written), ensure_ascii=False).encode()


def test_a_text_beyond_the_limit_is_too_large() -> None:
    text = json.dumps({"a": "é" * 32 * 1024})

    with pytest.raises(DocumentRefused) as refused:
        read_text(json.dumps({"a": "é" * 32 * 1024}, ensure_ascii=False), JSON)

    assert refused.value.problem is DocumentProblem.TOO_LARGE
    assert "the limit is 65536" in refused.value.message
    assert len(text) > 65536


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"a": 1, "a": 2}', JSON),
        ("a: 1\na: 2\n", YAML),
        ("b: {a: 1, a: 2}\n", YAML),
        ("a: &x [1]\nb: *x\n", YAML),
        ("a: !!python/object/apply:os.getcwd []\n", YAML),
        ("a: 2026-01-02\n", YAML),
        ("1: a\n", YAML),
        ("? [a]\n: b\n", YAML),
        ("a: .nan\n", YAML),
        ("a: 1\n---\nb: 2\n", YAML),
        ("a: 1" + ":1" * 32_000, YAML),
        ("a:\n" + "- a\n" * 16_000, YAML),
        ("a: " + "[" * 30_000, YAML),
        ("a: " + "[" * 30 + "]" * 30, YAML),
        ('{"a": NaN}', JSON),
        ('{"a": 1e999}', JSON),
        ('{"a": "\\ud800"}', JSON),
        ('{"a": "\\u0000"}', JSON),
        ("[" * 30_000, JSON),
        ('{"a": ' + "[" * 30 + "]" * 30 + "}", JSON),
        ("[]", JSON),
        ("just words", YAML),
        ("", YAML),
        ("\ud800", JSON),
    ],
)
def test_what_is_no_single_plain_object_is_refused(text: str, written: DocumentFormat) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_text(text, written)

    assert refused.value.problem is DocumentProblem.CONTENT


def test_a_page_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]

    with pytest.raises(DocumentRefused, match="aliases"):
        read_text("\n".join(lines), YAML)


def test_a_long_number_in_quotes_is_a_text() -> None:
    digits = "1" * 200

    assert read_text(f"a: '{digits}'", YAML) == {"a": digits}


def test_yaml_lists_and_objects_in_any_order_keep_their_keys_apart() -> None:
    text = "a:\n- {b: 1, c: [x, y]}\n- {b: 2}\nb:\n  a: {}\n"

    assert read_text(text, YAML) == {
        "a": [{"b": 1, "c": ["x", "y"]}, {"b": 2}],
        "b": {"a": {}},
    }
