"""Patterns are matched as stock agents do, and no pattern can stop the server."""

import pytest

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.sessions.document_pattern import check_pattern, is_allowed


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^[0-9]+$", "80", True),
        ("^[0-9]+$", "80\n", False),
        ("^[0-9]+$", "8a", False),
        ("b", "abc", True),
        ("", "anything", True),
        (r"^[a-zA-Z0-9-_/]+(.log)$", "/var/log/x.log", True),
        ("^é$", "é", True),
        ("(?i)^abc$", "ABC", True),
    ],
)
def test_a_pattern_matches_anywhere_unless_it_is_anchored(
    pattern: str, text: str, *, expected: bool
) -> None:
    check_pattern(pattern)

    assert is_allowed(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*a){12}$"])
def test_patterns_that_stop_a_backtracking_engine_are_quick(pattern: str) -> None:
    check_pattern(pattern)

    assert not is_allowed(pattern, "a" * 60_000 + "b")


@pytest.mark.parametrize(
    "pattern", ["(?=a)", r"(a)\1", "[", "(" * 500, "((a{100}){100}){100}", "a" * 1025, "*"]
)
def test_what_cannot_be_matched_in_bounded_time_and_memory_is_refused(pattern: str) -> None:
    with pytest.raises(DocumentRefused, match="allowedPattern") as refused:
        check_pattern(pattern)

    assert refused.value.problem is DocumentProblem.CONTENT
