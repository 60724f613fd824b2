"""What botocore sends is read back as it was; what nobody should send is refused."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.protocol.shapes import (
    MODELS,
    a_post,
    names,
    sent_by_botocore,
    values,
    without_limits,
)

from mooring.api.protocol.errors import Fault, InvalidInput
from mooring.api.protocol.parse import request_reader

OPERATIONS = {
    "ssm": [
        "StartSession",
        "CreateActivation",
        "DescribeInstanceInformation",
        "SendCommand",
        "PutInventory",
        "PutComplianceItems",
        "GetInventory",
        "RegisterManagedInstance",
        "UpdateInstanceAssociationStatus",
    ],
    "iam": ["CreateRole", "PutUserPolicy", "SimulateCustomPolicy", "EnableMFADevice", "GetUser"],
    "sts": ["AssumeRole", "GetCallerIdentity", "GetSessionToken"],
    "ec2": ["DescribeInstances", "RunInstances", "CreateTags", "DescribeInstanceStatus"],
    "ssm-quicksetup": names("ssm-quicksetup"),
    "ssm-guiconnect": names("ssm-guiconnect"),
    "ec2messages": names("ec2messages"),
    "mooring": names("mooring"),
}


@pytest.mark.parametrize(
    ("service", "operation"), [(s, o) for s in OPERATIONS for o in OPERATIONS[s]]
)
def test_reads_back_what_botocore_sent(service: str, operation: str) -> None:
    model = without_limits(service).operation_model(operation)
    read = request_reader(model, model.service_model.protocol)

    @settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
    @given(values(model.input_shape, model.service_model.protocol))
    def check(value: dict[str, Any]) -> None:
        assert read(sent_by_botocore(model, value)) == value

    check()


@pytest.mark.parametrize("service", sorted(MODELS))
def test_every_operation_can_be_read(service: str) -> None:
    model = MODELS[service]

    readers = [
        request_reader(model.operation_model(name), model.protocol) for name in names(service)
    ]

    assert len(readers) == len(names(service))


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b'{"Target": 7}',
        b'{"Target": ["x"]}',
        b'{"Target": {}}',
        b'{"Target": "\\ud800"}',
        b'{"Target": "x", "Parameters": []}',
        b'{"Target": "x", "Parameters": {"a": "b"}}',
        b'{"Target": "x", "Parameters": {"a": [null]}}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'{"Target": 1e999}',
        b"NaN",
    ],
)
def test_refuses_json_that_does_not_fit(body: bytes) -> None:
    read = request_reader(MODELS["ssm"].operation_model("StartSession"), "json")

    with pytest.raises(InvalidInput) as refused:
        read(a_post(body))

    assert refused.value.fault in (Fault.MALFORMED_INPUT, Fault.MISSING_INPUT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Target", "Parameters", "InstanceId", "Filters", "Items", "Key"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from(["StartSession", "PutInventory", "DescribeSessions"]))
def test_any_json_is_read_or_refused(value: object, operation: str) -> None:
    body = json.dumps(value).encode()
    read = request_reader(MODELS["ssm"].operation_model(operation), "json")

    try:
        read(a_post(body))
    except InvalidInput:
        pass


@given(st.binary(max_size=60), st.sampled_from(["ssm", "iam", "ec2"]))
def test_any_bytes_are_read_or_refused(body: bytes, service: str) -> None:
    operation = {"ssm": "StartSession", "iam": "CreateRole", "ec2": "RunInstances"}[service]
    model = MODELS[service].operation_model(operation)
    read = request_reader(model, model.service_model.protocol)

    try:
        read(a_post(body, content_type="application/x-www-form-urlencoded"))
    except InvalidInput:
        pass


@pytest.mark.parametrize("depth", [400, 900])
def test_nesting_beyond_the_stack_is_refused(depth: int) -> None:
    read = request_reader(without_limits("ssm").operation_model("GetInventory"), "json")
    deep = b'{"Aggregators":[' * depth + b"]}" * depth

    with pytest.raises(InvalidInput):
        read(a_post(deep))


def test_an_operation_without_input_reads_nothing() -> None:
    read = request_reader(MODELS["iam"].operation_model("GetAccountSummary"), "query")

    assert read(a_post(b"Action=GetAccountSummary")) == {}
