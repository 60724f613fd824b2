"""Documents are named and hashed as Systems Manager does."""

from mooring.sessions.document_record import content_hash, document_arn


def test_a_document_of_an_account_is_named_with_it() -> None:
    named = document_arn(region="r-1", account_id="111111111111", name="Mine")

    assert named == "arn:aws:ssm:r-1:111111111111:document/Mine"


def test_a_document_of_the_service_has_no_account() -> None:
    named = document_arn(region="r-1", account_id="", name="AWS-StartSSHSession")

    assert named == "arn:aws:ssm:r-1::document/AWS-StartSSHSession"


def test_the_hash_is_the_sha256_of_the_text() -> None:
    expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert content_hash("") == expected
