"""Documents are refused in AWS's words, with the place after them."""

import pytest
from tests.fakes.world import NODE_TRUST, policy

from mooring.iam.policy import PolicyKind
from mooring.operations.documents import check_document
from mooring.operations.problems import OperationRefused, Problem


@pytest.mark.parametrize(
    ("document", "message", "place"),
    [
        ("{", "Syntax errors in policy.", "line 1, column 2"),
        (policy("nonsense"), "Actions/Conditions must be prefaced by a vendor", "line 1"),
        (
            '{"Version":"2012-10-17",\n "Statement":[{"Effect":"Allow","Action":"a:b",\n'
            '  "Resource":"bucket"}]}',
            'Resource bucket must be in ARN format or "*".',
            "line 3, column 14",
        ),
    ],
)
def test_a_refusal_says_what_and_where(document: str, message: str, place: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        check_document(document)

    assert refused.value.problem is Problem.MALFORMED_POLICY
    assert refused.value.message.startswith(message)
    assert f"({place}" in refused.value.message


def test_the_size_counts_no_white_space() -> None:
    text = policy("ssm:*")

    assert check_document(text.replace(" ", "\n\t  ")) == len(text.replace(" ", ""))
    assert check_document(NODE_TRUST, PolicyKind.TRUST) == len(NODE_TRUST.replace(" ", ""))


def test_each_statement_that_is_wrong_has_its_place() -> None:
    wrong = '{"Effect": "Allow", "Action": "a:b"}'
    right = '{"Effect": "Allow", "Action": "a:b", "Resource": "*"}'
    document = f'{{"Statement": [\n{wrong},\n{right},\n{wrong}\n]}}'

    with pytest.raises(OperationRefused) as refused:
        check_document(document)

    assert refused.value.message == (
        "Policy statement must contain resources. "
        "(line 2, column 1: element `Resource` is missing; "
        "line 4, column 1: element `Resource` is missing)"
    )


def test_ten_errors_are_enough() -> None:
    document = '{"Statement": [' + ",".join(["{}"] * 1000) + "]}"

    with pytest.raises(OperationRefused) as refused:
        check_document(document)

    assert refused.value.message.count("line 1") == 10
