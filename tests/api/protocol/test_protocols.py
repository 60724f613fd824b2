"""The door as a whole: what the stock agent sent, and what an operation answers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.api.protocol.shapes import MODELS, a_post, read_by_botocore

from mooring.api.protocol.errors import Fault, InvalidInput, UnknownOperation
from mooring.api.protocol.models import load_extra_models
from mooring.api.protocol.protocols import Protocols

PROTOCOLS = Protocols(load_extra_models())
NODE = "mi-730a75e28eb7c7146"
PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0afsqY1SjZ1cCp7gnSaowsab4EtRHyuUdgLzuDqslx6GCED0"
    "dkYzt6xdW8o7RETW9FCFBzyEllIB67Duz9KdUjObTa8g4aSNie2nl3ku64YPvbh4jv60j/c6ALVRh9YIQhtUztlk1aZc"
    "N6E5FEVIuhjIYDBi516Pu2lRG+VQ9JHFSQsa1ZRU5TzP5fzbxTaJ1K1KzXjMTitPIeIDRAAUiKTlGYHdKKSmPu1CzRL6"
    "RPemlik9SjgzrBYi69LEaZ7NiR7S4Y48xsoXrdUpXER7mleQekcnUUlJdePLhy6o+Ri0Oca7AD6TsFeVH58S1d5FniTG"
    "ELJ8Z9X4l8n/rPDl2QIDAQAB"
)
ASSOCIATION = "aaaaaaaa-1111-2222-3333-444444444444"

# What an unmodified amazon-ssm-agent 3.3.0.0 posted, one of each kind.
CAPTURED: list[tuple[str, Mapping[str, Any]]] = [
    (
        "AmazonSSM.RegisterManagedInstance",
        {
            "ActivationCode": "samplecode0123456789A",
            "ActivationId": "11111111-2222-3333-4444-555555555555",
            "Fingerprint": "a8f81914-94c3-43be-8c7c-8f1f513c5a2a",
            "PublicKey": PUBLIC_KEY,
            "PublicKeyType": "Rsa",
        },
    ),
    (
        "AmazonSSM.RegisterManagedInstance",
        {"Fingerprint": "i-0feedface12345678", "PublicKey": PUBLIC_KEY, "PublicKeyType": "Rsa"},
    ),
    (
        "AmazonSSM.RequestManagedInstanceRoleToken",
        {"Fingerprint": "a8f81914-94c3-43be-8c7c-8f1f513c5a2a"},
    ),
    (
        "AmazonSSM.UpdateManagedInstancePublicKey",
        {"NewPublicKey": PUBLIC_KEY, "NewPublicKeyType": "Rsa"},
    ),
    (
        "AmazonSSM.UpdateInstanceInformation",
        {
            "AgentName": "amazon-ssm-agent",
            "AgentVersion": "3.3.0.0",
            "InstanceId": NODE,
            "PlatformType": "Linux",
        },
    ),
    (
        "AmazonSSM.UpdateInstanceInformation",
        {
            "AgentName": "amazon-ssm-agent",
            "AgentStatus": "Active",
            "AgentVersion": "3.3.0.0",
            "AvailabilityZone": "",
            "AvailabilityZoneId": "",
            "ComputerName": "vm",
            "IPAddress": "127.0.0.1",
            "InstanceId": NODE,
            "PlatformName": "Debian GNU/Linux",
            "PlatformType": "Linux",
            "PlatformVersion": "12",
            "SSMConnectionChannel": "",
        },
    ),
    ("AmazonSSM.ListInstanceAssociations", {"InstanceId": NODE, "MaxResults": 20}),
    ("AmazonSSM.GetDocument", {"DocumentVersion": "1", "Name": "AWS-GatherSoftwareInventory"}),
    (
        "AmazonSSM.UpdateInstanceAssociationStatus",
        {
            "AssociationId": ASSOCIATION,
            "ExecutionResult": {
                "ErrorCode": "",
                "ExecutionDate": 1795451349.668,
                "ExecutionSummary": "Association is pending",
                "Status": "Pending",
            },
            "InstanceId": NODE,
        },
    ),
    (
        "AmazonSSM.PutInventory",
        {
            "InstanceId": NODE,
            "Items": [
                {
                    "CaptureTime": "2026-11-23T16:29:09Z",
                    "Content": [],
                    "ContentHash": "N6YlnMDB2uKZp4Zkid/wvQ==",
                    "SchemaVersion": "1.0",
                    "TypeName": "AWS:Network",
                }
            ],
        },
    ),
    (
        "AmazonSSM.PutComplianceItems",
        {
            "ComplianceType": "Association",
            "ExecutionSummary": {
                "ExecutionId": "",
                "ExecutionTime": 1795451354.318,
                "ExecutionType": "",
            },
            "ItemContentHash": "ykT3I4IClW1df/I7iryv4g==",
            "Items": [
                {
                    "Details": {
                        "DocumentName": "AWS-GatherSoftwareInventory",
                        "DocumentVersion": "1",
                    },
                    "Id": ASSOCIATION,
                    "Severity": "UNSPECIFIED",
                    "Status": "COMPLIANT",
                    "Title": "",
                }
            ],
            "ResourceId": NODE,
            "ResourceType": "ManagedInstance",
        },
    ),
    (
        "EC2WindowsMessageDeliveryService.GetMessages",
        {
            "Destination": NODE,
            "MessagesRequestId": "986d7ad2-e16f-4f1a-bad5-1608f30faabb",
            "VisibilityTimeoutInSeconds": 10,
        },
    ),
    (
        "EC2WindowsMessageDeliveryService.SendReply",
        {
            "MessageId": f"aws.ssm.f3f40324-de7f-467e-92c1-ace0b8f3c5ea.{NODE}",
            "Payload": '{"documentStatus":"InProgress"}',
            "ReplyId": "4c0304e6-c81b-40be-a3b2-91ca6d450251",
        },
    ),
    (
        "EC2WindowsMessageDeliveryService.AcknowledgeMessage",
        {"MessageId": f"aws.ssm.f3f40324-de7f-467e-92c1-ace0b8f3c5ea.{NODE}"},
    ),
]


def without_times(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: without_times(item) if isinstance(item, dict) else item
        for key, item in value.items()
        if key not in ("ExecutionDate", "ExecutionTime")
    }


@pytest.mark.parametrize(("target", "body"), CAPTURED)
def test_reads_what_the_stock_agent_posted(target: str, body: Mapping[str, Any]) -> None:
    request = a_post(json.dumps(body).encode(), x_amz_target=target)

    call = PROTOCOLS.identify(request)
    found = PROTOCOLS.parse_input(call, request)

    assert call.operation == target.rpartition(".")[2]
    assert without_times(found) == without_times(body)


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        (
            f"/v1/control-channel/{NODE}",
            b'{"MessageSchemaVersion":"1.0","RequestId":"f7ba2ccf-558c-4b94-83aa-89e66608b72a"}',
            {
                "ChannelId": NODE,
                "MessageSchemaVersion": "1.0",
                "RequestId": "f7ba2ccf-558c-4b94-83aa-89e66608b72a",
            },
        ),
        (
            "/v1/data-channel/alice-418a996f891345879",
            b'{"MessageSchemaVersion":"1.0","RequestId":"529300a8-3427-481d-94b0-7e348e4ba466",'
            b'"ClientId":""}',
            {
                "SessionId": "alice-418a996f891345879",
                "MessageSchemaVersion": "1.0",
                "RequestId": "529300a8-3427-481d-94b0-7e348e4ba466",
                "ClientId": "",
            },
        ),
    ],
)
def test_reads_how_the_stock_agent_opens_a_channel(
    path: str, body: bytes, found: Mapping[str, Any]
) -> None:
    request = a_post(body, path=path, host="localhost:21000", content_type="application/json")

    assert PROTOCOLS.parse_input(PROTOCOLS.identify(request), request) == found


def test_refuses_a_channel_of_no_name_a_shell_would_like() -> None:
    request = a_post(b"{}", path="/v1/control-channel/a%00b", host="localhost")

    with pytest.raises(InvalidInput, match="3 validation errors detected"):
        PROTOCOLS.parse_input(PROTOCOLS.identify(request), request)


def test_a_segment_of_a_recording_travels_as_base64() -> None:
    call = PROTOCOLS.call("mooring", "GetRecordingSegment")

    response = PROTOCOLS.serialize_output(call, {"Content": b"\x00\xff"}, "RID")

    assert response.status == 200
    assert response.body == b'{"Content":"AP8="}'
    assert ("x-amzn-requestid", "RID") in response.headers
    assert ("content-length", "18") in response.headers


def test_an_invalid_input_is_told_in_the_protocol_of_its_service() -> None:
    request = a_post(b'{"Target":""}', x_amz_target="AmazonSSM.StartSession")
    call = PROTOCOLS.identify(request)
    with pytest.raises(InvalidInput) as refused:
        PROTOCOLS.parse_input(call, request)

    error = PROTOCOLS.refusal_error(call.service, refused.value)
    response = PROTOCOLS.serialize_error(call.service, error, "RID")

    assert response.status == 400
    assert json.loads(response.body) == {
        "__type": "ValidationException",
        "Message": "1 validation error detected: Value '' at 'target' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1",
    }


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ssm", "UnknownOperationException", 400),
        ("iam", "InvalidAction", 400),
        ("ec2", "InvalidAction", 400),
        ("ssmmessages", "UnknownOperationException", 404),
        (None, "UnknownOperationException", 400),
    ],
)
def test_an_unknown_operation_is_told_as_aws_does(
    service: str | None, code: str, status: int
) -> None:
    error = PROTOCOLS.refusal_error(service, UnknownOperation(service, "no such"))
    response = PROTOCOLS.serialize_error(service, error, "RID")

    protocol = MODELS[service].protocol if service else "json"
    assert response.status == status
    if service != "ssmmessages":
        assert read_by_botocore(protocol, response, None)["Error"]["Code"] == code


def test_a_fault_is_told_in_the_words_of_its_service() -> None:
    denied = [PROTOCOLS.fault_error(name, Fault.ACCESS_DENIED, "x") for name in ("ssm", "iam")]

    assert [(error.code, error.status) for error in denied] == [
        ("AccessDeniedException", 400),
        ("AccessDenied", 403),
    ]


def test_the_models_can_be_asked() -> None:
    assert PROTOCOLS.service_model("ssm").signing_name == "ssm"
