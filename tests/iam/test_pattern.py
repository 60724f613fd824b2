"""Globs, variables and the cut of an ARN."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.iam.errors import PolicySyntaxError
from mooring.iam.pattern import Syntax, Template, Variable, Wild, compile_glob, split_arn

BOTH = Syntax.WILDCARDS | Syntax.VARIABLES


def matches(pattern: str, text: str) -> bool:
    tokens = Template.parse(pattern, Syntax.WILDCARDS).fill({})
    assert tokens is not None
    return compile_glob(tokens).matches(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        *[("", ""), ("a", "a"), ("*", ""), ("*", "anything:/at all"), ("**", "x"), ("a*", "a")],
        *[("*a", "bca"), ("a*c", "ac"), ("a*c", "abbc"), ("a*b*c", "a-b-b-c"), ("?", ":")],
        *[("a?c", "abc"), ("?*", "a"), ("*?", "ab"), ("a?*c?", "axxxcd"), ("[ab]", "[ab]")],
        *[("a.c", "a.c"), ("*ab*ab", "abab"), ("\\*", "\\x"), ("?ab*", "xab")],
    ],
)
def test_pattern_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        *[("", "a"), ("a", "A"), ("a", "ab"), ("a*", "ba"), ("*a", "ab"), ("a*a", "a"), ("?", "")],
        *[("a?c", "ac"), ("?", "ab"), ("[ab]", "a"), ("a.c", "abc"), ("*ab*ab", "ab")],
        *[("a*b*c", "acb"), ("ab*b", "ab"), ("?b*", "ba")],
    ],
)
def test_pattern_does_not_match(pattern: str, text: str) -> None:
    assert not matches(pattern, text)


@pytest.mark.parametrize("run", ["*a", "*a?", "*?"])
def test_a_hostile_pattern_costs_no_more_than_its_length(run: str) -> None:
    # A matcher that tries every split would not finish within the life of the machine.
    assert not matches(run * 300 + "b", "a" * 2000)


@given(st.text("ab*?[", max_size=10))
def test_a_text_matches_itself_when_it_is_taken_literally(text: str) -> None:
    tokens = Template.parse(text, Syntax.NONE).fill({})

    assert tokens is not None
    assert compile_glob(tokens).matches(text)


def test_reads_wildcards_variables_and_escapes() -> None:
    template = Template.parse("a*${aws:UserName}?${*}${k:x, 'd}'}", BOTH)

    assert template.tokens == (
        *("a", Wild.RUN, Variable("aws:username", None), Wild.ONE, "*"),
        Variable("k:x", "d}"),
    )
    assert not template.is_fixed


def test_without_variables_a_reference_is_plain_text() -> None:
    assert Template.parse("${aws:username}", Syntax.WILDCARDS).tokens == ("${aws:username}",)


def test_a_value_brings_no_wildcards() -> None:
    template = Template.parse("${k:a}*", BOTH)

    assert template.fill({"k:a": ("x*",)}) == ("x*", Wild.RUN)


@pytest.mark.parametrize("values", [(), ("a", "b")])
def test_a_default_stands_in_for_a_key_without_one_value(values: tuple[str, ...]) -> None:
    facts = {"k:a": values} if values else {}

    assert Template.parse("${k:a, 'd'}", BOTH).fill(facts) == ("d",)
    assert Template.parse("${k:a}", BOTH).fill(facts) is None


@pytest.mark.parametrize("text", ["${", "${}", "a${k:a", "${k:a, d}", "${k:a, 'd}", "${${k:a}}"])
def test_refuses_what_opens_like_a_variable_and_is_none(text: str) -> None:
    with pytest.raises(PolicySyntaxError, match="no policy variable"):
        Template.parse(text, BOTH)


def test_cuts_an_arn_at_its_first_five_colons() -> None:
    tokens = Template.parse("arn:aws:s?:*::a:b*", BOTH).fill({})

    assert tokens is not None
    assert split_arn(tokens) == (
        *(("arn",), ("aws",), ("s", Wild.ONE, ""), ("", Wild.RUN, ""), ("",)),
        ("a:b", Wild.RUN),
    )


def test_cuts_inside_a_value_too() -> None:
    assert split_arn(["arn:aws:iam", "::1:root"]) is not None
    assert split_arn(["arn:aws:iam", "::1"]) is None


def test_equal_patterns_are_equal_and_hash() -> None:
    for text in ["a", "a*b", "a?b*"]:
        one, two = (compile_glob(Template.parse(text, BOTH).fill({}) or ()) for _ in range(2))
        assert one == two
        assert hash(one) == hash(two)
