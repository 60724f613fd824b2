"""Each fault has the code, the status and the words that AWS gives it in each protocol."""

import pytest

from mooring.api.protocol.errors import Fault, fault_error

# fault, then code and status for: json, query, ec2, rest.
ROWS = [
    (
        Fault.ACCESS_DENIED,
        ("AccessDeniedException", 400),
        ("AccessDenied", 403),
        ("UnauthorizedOperation", 403),
        ("AccessDeniedException", 403),
    ),
    (
        Fault.UNKNOWN_KEY,
        ("UnrecognizedClientException", 400),
        ("InvalidClientTokenId", 403),
        ("AuthFailure", 401),
        ("UnrecognizedClientException", 403),
    ),
    (
        Fault.BAD_SIGNATURE,
        ("InvalidSignatureException", 400),
        ("SignatureDoesNotMatch", 403),
        ("AuthFailure", 401),
        ("InvalidSignatureException", 403),
    ),
    (
        Fault.EXPIRED_TOKEN,
        ("ExpiredTokenException", 400),
        ("ExpiredToken", 403),
        ("RequestExpired", 400),
        ("ExpiredTokenException", 403),
    ),
    (
        Fault.MISSING_AUTH,
        ("MissingAuthenticationTokenException", 400),
        ("MissingAuthenticationToken", 403),
        ("AuthFailure", 401),
        ("MissingAuthenticationTokenException", 403),
    ),
    (
        Fault.MALFORMED_AUTH,
        ("IncompleteSignatureException", 400),
        ("IncompleteSignature", 400),
        ("AuthFailure", 401),
        ("IncompleteSignatureException", 403),
    ),
    (
        Fault.UNKNOWN_OPERATION,
        ("UnknownOperationException", 400),
        ("InvalidAction", 400),
        ("InvalidAction", 400),
        ("UnknownOperationException", 404),
    ),
    (
        Fault.INVALID_INPUT,
        ("ValidationException", 400),
        ("ValidationError", 400),
        ("InvalidParameterValue", 400),
        ("ValidationException", 400),
    ),
]


@pytest.mark.parametrize(("fault", "json", "query", "ec2", "rest"), ROWS)
def test_a_fault_is_named_as_the_protocol_names_it(
    fault: Fault,
    json: tuple[str, int],
    query: tuple[str, int],
    ec2: tuple[str, int],
    rest: tuple[str, int],
) -> None:
    protocols = ("json", "query", "ec2", "rest-json", "rest-xml")

    made = [fault_error(protocol, fault) for protocol in protocols]

    assert [(error.code, error.status) for error in made] == [json, query, ec2, rest, rest]


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("protocol", ["json", "query", "ec2", "rest-json", "rest-xml"])
def test_every_fault_has_a_name_in_every_protocol(fault: Fault, protocol: str) -> None:
    error = fault_error(protocol, fault, "because")

    assert error.code
    assert 400 <= error.status < 600


@pytest.mark.parametrize(
    ("protocol", "fault", "text"),
    [
        ("json", Fault.UNKNOWN_KEY, "The security token included in the request is invalid."),
        ("json", Fault.EXPIRED_TOKEN, "The security token included in the request is expired"),
        ("json", Fault.MISSING_AUTH, "Missing Authentication Token"),
        ("query", Fault.MISSING_AUTH, "Request is missing Authentication Token"),
        ("ec2", Fault.EXPIRED_TOKEN, "Request has expired."),
        ("ec2", Fault.THROTTLED, "Request limit exceeded."),
    ],
)
def test_a_fault_has_the_usual_words(protocol: str, fault: Fault, text: str) -> None:
    assert fault_error(protocol, fault).message == text


def test_ec2_tells_nobody_what_was_wrong_with_a_signature() -> None:
    error = fault_error("ec2", Fault.SKEWED, "Signature expired: …")

    assert error.message == "AWS was not able to validate the provided access credentials"


def test_a_particular_text_replaces_the_usual_one() -> None:
    assert (
        fault_error("json", Fault.SKEWED, "Signature expired: …").message == "Signature expired: …"
    )
