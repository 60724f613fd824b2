"""What we answer, botocore reads back as it was."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import OperationModel, ServiceModel
from hypothesis import HealthCheck, given, settings
from tests.api.protocol.shapes import MODELS, names, read_by_botocore, values, without_limits

from mooring.api.protocol.serialize import response_writer
from mooring.wire.errors import LocalProtocolError

OPERATIONS = {
    "ssm": [
        "StartSession",
        "DescribeSessions",
        "DescribeInstanceInformation",
        "DescribeActivations",
        "RequestManagedInstanceRoleToken",
        "ListInstanceAssociations",
        "GetInventory",
    ],
    "iam": ["GetUser", "ListUsers", "SimulateCustomPolicy", "CreateVirtualMFADevice", "DeleteUser"],
    "sts": ["AssumeRole", "GetCallerIdentity"],
    "ec2": ["DescribeInstances", "DescribeTags", "CreateTags"],
    "ssm-quicksetup": names("ssm-quicksetup"),
    "ssm-guiconnect": names("ssm-guiconnect"),
    "ec2messages": names("ec2messages"),
    "ssmmessages": names("ssmmessages"),
    "mooring": names("mooring"),
}


@pytest.mark.parametrize(
    ("service", "operation"), [(s, o) for s in OPERATIONS for o in OPERATIONS[s]]
)
def test_botocore_reads_back_what_we_wrote(service: str, operation: str) -> None:
    model = without_limits(service).operation_model(operation)
    protocol = model.service_model.protocol
    write = response_writer(model, protocol)

    @settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
    @given(values(model.output_shape, "any"))
    def check(value: dict[str, Any]) -> None:
        response = write(value, "11111111-2222")
        parsed = read_by_botocore(protocol, response, model.output_shape)
        metadata = parsed.pop("ResponseMetadata")
        assert parsed == value
        assert metadata["RequestId"] == "11111111-2222"

    check()


@pytest.mark.parametrize("service", sorted(MODELS))
def test_every_operation_can_be_written(service: str) -> None:
    model = MODELS[service]

    writers = [response_writer(model.operation_model(n), model.protocol) for n in names(service)]

    assert len(writers) == len(names(service))


@pytest.mark.parametrize(("service", "operation"), [("ssm", "StartSession"), ("iam", "GetUser")])
def test_refuses_a_member_that_the_model_lacks(service: str, operation: str) -> None:
    write = response_writer(MODELS[service].operation_model(operation), MODELS[service].protocol)

    with pytest.raises(LocalProtocolError, match="no member `Oops`"):
        write({"Oops": "x"}, "r")


def test_absent_members_are_left_out() -> None:
    write = response_writer(MODELS["ssm"].operation_model("StartSession"), "json")

    assert write({"SessionId": "a", "TokenValue": None}, "r").body == b'{"SessionId":"a"}'


def test_json_times_are_epoch_seconds() -> None:
    model = MODELS["ssm"].operation_model("RequestManagedInstanceRoleToken")
    expiry = datetime(2026, 11, 23, 17, 24, 25, 165015, UTC)

    response = response_writer(model, "json")({"TokenExpirationDate": expiry}, "r")

    assert response.body == b'{"TokenExpirationDate":1795454665.165015}'


def test_writes_the_document_of_a_query_service() -> None:
    write = response_writer(MODELS["sts"].operation_model("GetCallerIdentity"), "query")

    response = write({"UserId": "AIDA", "Account": "123456789012"}, "11111111")

    assert response.body == (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        b"<GetCallerIdentityResult><UserId>AIDA</UserId><Account>123456789012</Account>"
        b"</GetCallerIdentityResult><ResponseMetadata><RequestId>11111111</RequestId>"
        b"</ResponseMetadata></GetCallerIdentityResponse>"
    )


def test_answers_the_stock_agent_with_created_and_xml() -> None:
    model = MODELS["ssmmessages"].operation_model("CreateControlChannel")

    response = response_writer(model, "rest-xml")(
        {"TokenValue": "t", "MessageSchemaVersion": "1.0"}, "r"
    )

    assert response.status == 201
    assert response.body == (
        b'<?xml version="1.0" encoding="UTF-8"?><CreateControlChannelResponse>'
        b"<TokenValue>t</TokenValue><MessageSchemaVersion>1.0</MessageSchemaVersion>"
        b"</CreateControlChannelResponse>"
    )


def test_iam_policies_travel_percent_encoded() -> None:
    write = response_writer(MODELS["iam"].operation_model("GetUserPolicy"), "query")

    body = write({"PolicyDocument": '{"a": "*"}'}, "r").body

    assert b"<PolicyDocument>%7B%22a%22%3A%20%22%2A%22%7D</PolicyDocument>" in body


BOUND: dict[str, dict[str, Any]] = {
    "Output": {
        "type": "structure",
        "members": {
            "Code": {"shape": "Number", "location": "statusCode"},
            "On": {"shape": "Flag", "location": "header", "locationName": "X-On"},
            "At": {"shape": "Time", "location": "header", "locationName": "X-At"},
            "List": {"shape": "List", "location": "header", "locationName": "X-List"},
            "Name": {"shape": "Text", "location": "header", "locationName": "X-Name"},
            "Meta": {"shape": "Map", "location": "headers", "locationName": "X-Meta-"},
            "Content": {"shape": "Content"},
        },
    },
    "Text": {"type": "string"},
    "Number": {"type": "integer"},
    "Flag": {"type": "boolean"},
    "Time": {"type": "timestamp"},
    "List": {"type": "list", "member": {"shape": "Text"}},
    "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "Content": {"type": "structure", "members": {"A": {"shape": "Text"}}},
}


def bound(protocol: str, content: dict[str, Any], *, payload: bool = True) -> OperationModel:
    output = {**BOUND["Output"], **({"payload": "Content"} if payload else {})}
    described = {
        "metadata": {"protocol": protocol},
        "operations": {
            "Get": {
                "name": "Get",
                "http": {"method": "GET", "requestUri": "/", "responseCode": 201},
                "output": {"shape": "Output"},
            },
            "Ping": {"name": "Ping", "http": {"method": "GET", "requestUri": "/ping"}},
        },
        "shapes": {**BOUND, "Output": output, "Content": content},
    }
    return ServiceModel(described, "x").operation_model("Get")


@pytest.mark.parametrize("protocol", ["rest-json", "rest-xml"])
@pytest.mark.parametrize("payload", [True, False])
def test_rest_members_go_to_their_places(protocol: str, *, payload: bool) -> None:
    model = bound(protocol, BOUND["Content"], payload=payload)
    value = {
        "Code": 202,
        "On": True,
        "At": datetime(2026, 11, 24, tzinfo=UTC),
        "List": ["a", "b"],
        "Name": "n",
        "Meta": {"one": "1"},
        "Content": {"A": "x"},
    }

    response = response_writer(model, protocol)(value, "RID")

    parsed = read_by_botocore(protocol, response, model.output_shape)
    assert response.status == 202
    assert {key: parsed[key] for key in value} == value


@pytest.mark.parametrize("protocol", ["rest-json", "rest-xml"])
@pytest.mark.parametrize(("kind", "content"), [("blob", b"\x00\xff"), ("string", "text")])
def test_a_rest_payload_is_the_whole_body(protocol: str, kind: str, content: bytes | str) -> None:
    write = response_writer(bound(protocol, {"type": kind}), protocol)

    assert write({"Content": content}, "r").body == (
        content if isinstance(content, bytes) else content.encode()
    )


def test_an_output_without_members_has_no_body() -> None:
    model = bound("rest-json", BOUND["Content"]).service_model.operation_model("Ping")

    assert response_writer(model, "rest-json")({}, "r").body == b""
