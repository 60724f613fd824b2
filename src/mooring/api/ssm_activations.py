"""Systems Manager: hybrid activations."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.fleet.activation import Activation
from mooring.operations.activations import (
    ActivationFilter,
    NewActivation,
    create_activation,
    delete_activation,
    describe_activations,
)
from mooring.operations.call import Call

__all__ = ["OPERATIONS"]

_PAGE = 50


def tags_of(given: Input) -> dict[str, str]:
    """Return the tags of an input as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])}


async def _create(call: Call, given: Input) -> Output:
    wanted = NewActivation(
        role=given["IamRole"],
        description=given.get("Description", ""),
        default_instance_name=given.get("DefaultInstanceName", ""),
        registration_limit=given.get("RegistrationLimit", 1),
        expires_at=given.get("ExpirationDate"),
        tags=tags_of(given),
    )
    activation_id, code = await create_activation(call, wanted)
    return {"ActivationId": activation_id, "ActivationCode": code.reveal()}


async def _delete(call: Call, given: Input) -> Output:
    await delete_activation(call, given["ActivationId"])
    return {}


async def _describe(call: Call, given: Input) -> Output:
    filters = tuple(
        ActivationFilter(key=row["FilterKey"], values=tuple(row["FilterValues"]))
        for row in given.get("Filters", [])
    )
    page = await describe_activations(
        call,
        filters=filters,
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PAGE),
    )
    output: dict[str, object] = {
        "ActivationList": [_activation(row, call) for row in page.activations]
    }
    return output | ({"NextToken": page.next_token} if page.next_token else {})


def _activation(activation: Activation, call: Call) -> Output:
    return {
        "ActivationId": activation.activation_id,
        "Description": activation.description,
        "DefaultInstanceName": activation.default_instance_name,
        "IamRole": activation.role_name,
        "RegistrationLimit": activation.registration_limit,
        "RegistrationsCount": activation.registrations,
        "ExpirationDate": activation.expires_at,
        "Expired": activation.is_expired(call.time),
        "CreatedDate": activation.created_at,
        "Tags": [{"Key": key, "Value": value} for key, value in activation.tags.items()],
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateActivation": Operation(handler=_create),
    "DeleteActivation": Operation(handler=_delete),
    "DescribeActivations": Operation(handler=_describe, is_read_only=True),
}
