"""Parameters are filled in once, with their types, and within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.sessions.document import DocumentProblem, DocumentRefused, ParameterValue
from mooring.sessions.document_template import MAX_FILLED, fill, has_parameter

VALUES: dict[str, ParameterValue] = {
    "name": "a {{ other }}",
    "other": "b",
    "many": ("x", 'y"'),
    "flag": True,
    "count": 7,
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ name }}", "a {{ other }}"),
        ("{{name}}", "a {{ other }}"),
        ("[{{ other }}{{other}}]", "[bb]"),
        ("{{ many }}", ["x", 'y"']),
        ("-{{ many }}-", '-["x", "y\\""]-'),
        ("{{ flag }}", True),
        ("is {{ flag }}", "is true"),
        ("{{ count }}", 7),
        ("{{ unknown }}", "{{ unknown }}"),
        ("{{.Names}} {{ssm:x}} {{ other", "{{.Names}} {{ssm:x}} {{ other"),
        (["{{ other }}", {"k": "{{ other }}"}], ["b", {"k": "b"}]),
        (5, 5),
        (None, None),
    ],
)
def test_a_value_takes_the_place_of_its_parameter(template: object, expected: object) -> None:
    assert fill({"at": template}, VALUES) == {"at": expected}  # type: ignore[dict-item]


def test_keys_stay_as_they_are() -> None:
    assert fill({"{{ other }}": 1}, VALUES) == {"{{ other }}": 1}


def test_the_result_is_bounded() -> None:
    body = {"a": "{{ v }}" * 1000}

    with pytest.raises(DocumentRefused) as refused:
        fill(body, {"v": "x" * (MAX_FILLED // 999 + 1)})

    assert refused.value.problem is DocumentProblem.PARAMETERS


@given(value=st.text(max_size=50))
def test_what_is_filled_in_is_not_read_again(value: str) -> None:
    filled = fill({"a": "<{{ v }}>", "b": "{{ v }}"}, {"v": value, "w": "never"})

    assert filled == {"a": f"<{value}>", "b": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{{ a }}", True), ("x{{a}}x", True), ("{{ a", False), ("{{.a}}", False)],
)
def test_it_is_seen_whether_a_text_holds_a_parameter(text: str, *, expected: bool) -> None:
    assert has_parameter(text) is expected
