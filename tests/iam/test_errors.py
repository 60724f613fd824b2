"""Errors carry AWS's words as their text, and ours beside them."""

from mooring.iam.errors import SYNTAX_ERRORS, MalformedPolicy, Place, PolicySyntaxError


def test_a_malformed_policy_reads_as_aws_words_it() -> None:
    error = MalformedPolicy(SYNTAX_ERRORS, place=Place(line=2, column=3), detail="`x` is odd")

    assert str(error) == "Syntax errors in policy."
    assert (error.place.line, error.place.column, error.detail) == (2, 3, "`x` is odd")


def test_an_element_error_is_a_syntax_error_unless_aws_has_a_better_word() -> None:
    assert PolicySyntaxError("odd").message == SYNTAX_ERRORS
    assert PolicySyntaxError("odd", message="Better.").message == "Better."
