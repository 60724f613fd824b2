"""Java's patterns match in Python what they match in Java."""

import pytest
from tests.api.protocol.shapes import MODELS

from mooring.api.protocol.patterns import compile_pattern

TAG = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"
ROLE = r"^arn:aws[a-z0-9-]*:iam::\d{12}:role\/[\w-\/.@+=,]{1,1017}$"


@pytest.mark.parametrize("service", sorted(MODELS))
def test_every_pattern_of_every_model_is_understood(service: str) -> None:
    model = MODELS[service]

    for name in model.shape_names:
        pattern = model.shape_for(name).metadata.get("pattern")
        if pattern is not None:
            compile_pattern(pattern)


@pytest.mark.parametrize("text", ["", "web-1", "Größe", "日本 語", "a_b.c:/=+-@", "½"])
def test_classes_of_unicode_are_understood(text: str) -> None:
    assert compile_pattern(TAG).fullmatch(text)


@pytest.mark.parametrize("text", ["a!", "a\n", "a\t", "#", "😀"])
def test_classes_of_unicode_leave_the_rest_out(text: str) -> None:
    assert not compile_pattern(TAG).fullmatch(text)


def test_a_hyphen_after_a_class_is_a_hyphen() -> None:
    assert compile_pattern(ROLE).fullmatch("arn:aws:iam::123456789012:role/a-b/c")


def test_word_and_digit_are_ascii() -> None:
    assert not compile_pattern(r"\w+").fullmatch("é")
    assert not compile_pattern(r"\d+").fullmatch("٣")


def test_a_surrogate_pair_is_one_character() -> None:
    beyond = compile_pattern(r"[\uD800\uDC00-\uDBFF\uDFFF]")

    assert beyond.fullmatch("😀")
    assert not beyond.fullmatch("a")
