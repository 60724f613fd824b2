"""Systems Manager: what nodes call to register and to stay registered."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output, Proof
from mooring.fleet.node import Platform
from mooring.operations.call import Call
from mooring.operations.registration import (
    register_managed_instance,
    request_role_token,
    update_instance_information,
    update_public_key,
)

__all__ = ["OPERATIONS"]


async def _register(call: Call, given: Input) -> Output:
    node_id = await register_managed_instance(
        call,
        activation_id=given.get("ActivationId", ""),
        activation_code=given.get("ActivationCode", ""),
        public_key=given["PublicKey"],
        fingerprint=given.get("Fingerprint", ""),
    )
    return {"InstanceId": node_id}


async def _role_token(call: Call, given: Input) -> Output:
    token = await request_role_token(call, fingerprint=given.get("Fingerprint", ""))
    credentials = token.credentials
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret.reveal(),
        "SessionToken": credentials.session_token.reveal(),
        "TokenExpirationDate": credentials.expires_at,
        "UpdateKeyPair": token.rotate_key,
    }


async def _update_key(call: Call, given: Input) -> Output:
    await update_public_key(call, public_key=given["NewPublicKey"])
    return {}


async def _update_information(call: Call, given: Input) -> Output:
    platform = Platform(
        agent_name=given.get("AgentName", ""),
        agent_version=given.get("AgentVersion", ""),
        platform_type=given.get("PlatformType", ""),
        platform_name=given.get("PlatformName", ""),
        platform_version=given.get("PlatformVersion", ""),
        computer_name=given.get("ComputerName", ""),
        ip_address=given.get("IPAddress", ""),
    )
    await update_instance_information(call, node_id=given["InstanceId"], platform=platform)
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "RegisterManagedInstance": Operation(handler=_register, proof=Proof.NONE),
    "RequestManagedInstanceRoleToken": Operation(handler=_role_token, proof=Proof.NODE_KEY),
    "UpdateManagedInstancePublicKey": Operation(handler=_update_key, proof=Proof.NODE_KEY),
    "UpdateInstanceInformation": Operation(handler=_update_information),
}
