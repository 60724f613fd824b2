"""Any text is compared or called foreign; nothing makes a family raise or crawl."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.iam import operands
from mooring.iam.operands import Builder, Outcome
from mooring.iam.pattern import Syntax

BUILDERS: list[Builder] = [
    operands.text_equals,
    operands.text_equals_ignoring_case,
    operands.text_like,
    operands.bool_equals,
    operands.binary_equals,
    operands.in_network,
    operands.arn_like,
    operands.compare_numbers(operator.lt),
    operands.compare_dates(operator.lt),
]
texts = st.text(max_size=20) | st.text("0123456789.+-:TZeE/arn*?", max_size=20)


@pytest.mark.parametrize("builder", BUILDERS)
@given(policy=texts, value=texts)
def test_any_two_texts_have_an_outcome(builder: Builder, policy: str, value: str) -> None:
    assert builder((policy,), Syntax.NONE)(value, {}) in set(Outcome)


@pytest.mark.parametrize(
    ("builder", "foreign", "own"),
    [
        (operands.bool_equals, "yes", "true"),
        (operands.binary_equals, "%", "YQ=="),
        (operands.in_network, "host", "10.0.0.1"),
        (operands.arn_like, "host", "arn:aws:iam::1:root"),
        (operands.compare_numbers(operator.eq), "one", "1"),
        (operands.compare_dates(operator.eq), "soon", "2020-01-01"),
    ],
)
def test_tells_a_foreign_request_value_from_a_broken_policy_value(
    builder: Builder, foreign: str, own: str
) -> None:
    assert builder((own,), Syntax.NONE)(own, {}) is Outcome.HIT
    assert builder((own,), Syntax.NONE)(foreign, {}) is Outcome.ALIEN
    assert builder((foreign,), Syntax.NONE)(own, {}) is Outcome.BROKEN
    assert builder((), Syntax.NONE)(own, {}) is Outcome.MISS
