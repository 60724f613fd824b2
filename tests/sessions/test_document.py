"""A refusal says which kind it is and what the author reads."""

from mooring.sessions.document import DEFAULT_DOCUMENT, DocumentProblem, DocumentRefused


def test_a_refusal_carries_its_kind_and_its_text() -> None:
    refused = DocumentRefused(DocumentProblem.CONTENT, "what is wrong")

    assert (refused.problem, refused.message) == (DocumentProblem.CONTENT, "what is wrong")
    assert str(refused) == "what is wrong"


def test_the_default_document_has_the_name_that_stock_clients_leave_out() -> None:
    assert DEFAULT_DOCUMENT == "SSM-SessionManagerRunShell"
