"""Error bodies are AWS's to the byte, and botocore reads code and message in each."""

import pytest
from tests.api.protocol.shapes import MODELS, read_by_botocore

from mooring.api.protocol.error_bodies import error_response
from mooring.api.protocol.errors import WireError

DENIED = WireError(code="AccessDeniedException", message="User: <a> & b", status=403)


def body_of(service: str, error: WireError) -> bytes:
    model = MODELS[service]
    return error_response(model.protocol, model, error, "RID").body


def test_json_body() -> None:
    response = error_response(
        "json",
        MODELS["ssm"],
        WireError(code="AccessDeniedException", message="User: x", status=400),
        "RID",
    )

    assert response.status == 400
    assert response.body == b'{"__type":"AccessDeniedException","Message":"User: x"}'
    assert ("content-type", "application/x-amz-json-1.1") in response.headers
    assert ("x-amzn-requestid", "RID") in response.headers


def test_json_body_of_a_signature_error_has_a_small_message() -> None:
    error = WireError(code="InvalidSignatureException", message="m", status=400)

    assert body_of("ssm", error) == b'{"__type":"InvalidSignatureException","message":"m"}'


def test_json_body_of_a_modelled_error_spells_the_message_as_the_model() -> None:
    error = WireError(code="TargetNotConnected", message="m", status=400)

    assert body_of("ssm", error) == b'{"__type":"TargetNotConnected","Message":"m"}'


def test_further_members_go_along() -> None:
    error = WireError(
        code="InvalidItemContentException", message="m", status=400, fields={"TypeName": "AWS:File"}
    )

    assert body_of("ssm", error) == (
        b'{"__type":"InvalidItemContentException","Message":"m","TypeName":"AWS:File"}'
    )


@pytest.mark.parametrize(
    ("service", "namespace"),
    [
        ("iam", b"https://iam.amazonaws.com/doc/2010-05-08/"),
        ("sts", b"https://sts.amazonaws.com/doc/2011-06-15/"),
    ],
)
def test_query_body(service: str, namespace: bytes) -> None:
    error = WireError(code="AccessDenied", message="User: <x>", status=403)

    assert body_of(service, error) == (
        b'<ErrorResponse xmlns="' + namespace + b'"><Error><Type>Sender</Type>'
        b"<Code>AccessDenied</Code><Message>User: &lt;x&gt;</Message></Error>"
        b"<RequestId>RID</RequestId></ErrorResponse>"
    )


def test_ec2_body() -> None:
    error = WireError(code="UnauthorizedOperation", message="No.", status=403)

    assert body_of("ec2", error) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        b"<Code>UnauthorizedOperation</Code><Message>No.</Message></Error></Errors>"
        b"<RequestID>RID</RequestID></Response>"
    )


def test_rest_json_body() -> None:
    response = error_response("rest-json", MODELS["ssm-quicksetup"], DENIED, "RID")

    assert response.body == b'{"Message":"User: <a> & b"}'
    assert ("x-amzn-errortype", "AccessDeniedException") in response.headers
    assert ("content-type", "application/json") in response.headers


def test_rest_json_body_spells_the_message_as_the_model() -> None:
    assert body_of("ssm-guiconnect", DENIED) == b'{"message":"User: <a> & b"}'


def test_rest_xml_body_holds_what_the_stock_agent_looks_for() -> None:
    assert body_of("ssmmessages", DENIED) == (
        b"<AccessDeniedException><Message>User: &lt;a&gt; &amp; b</Message></AccessDeniedException>"
    )


@pytest.mark.parametrize("service", [name for name in sorted(MODELS) if name != "ssmmessages"])
@pytest.mark.parametrize("message", ["plain", "<&>\"'", "with \x00 in it", "é…", ""])
def test_botocore_reads_code_and_message(service: str, message: str) -> None:
    model = MODELS[service]
    error = WireError(code="SomeCode", message=message, status=400)

    response = error_response(model.protocol, model, error, "RID")

    parsed = read_by_botocore(model.protocol, response, None)
    seen = message if "json" in model.protocol else message.replace("\x00", "\ufffd")
    assert parsed["Error"]["Code"] == "SomeCode"
    assert (parsed["Error"].get("Message") or "") == seen
    assert parsed["ResponseMetadata"]["RequestId"] == "RID"


def test_iam_errors_are_found_by_code() -> None:
    error = WireError(code="NoSuchEntity", message="gone", status=404)
    model = MODELS["iam"]

    response = error_response("query", model, error, "RID")

    assert read_by_botocore("query", response, None)["Error"] == {
        "Type": "Sender",
        "Code": "NoSuchEntity",
        "Message": "gone",
    }


def test_no_service_is_answered_in_json() -> None:
    error = WireError(code="UnknownOperationException", message="", status=400)

    response = error_response("json", None, error, "RID")

    assert response.body == b'{"__type":"UnknownOperationException","message":""}'
