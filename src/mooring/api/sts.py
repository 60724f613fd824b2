"""Security Token Service: who am I, and keys that end by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mooring.api.registry import Input, Operation, Output, Proof
from mooring.operations.assume_role import AssumedRole, RoleRequest, SecondFactor, assume_role
from mooring.operations.call import Call
from mooring.operations.credentials import TemporaryCredentials
from mooring.operations.federation import get_federation_token, get_session_token
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_requests import SessionRequest
from mooring.operations.token_questions import account_of_key, decode_message
from mooring.operations.web_identity import assume_role_with_web_identity
from mooring.secret import Secret

__all__ = ["OPERATIONS"]


async def _get_caller_identity(call: Call, _: Input) -> Output:
    principal = call.caller.principal
    return {
        "UserId": principal.user_id,
        "Account": call.caller.account_id,
        "Arn": principal.arn,
    }


def _duration(given: Input) -> timedelta | None:
    seconds = given.get("DurationSeconds")
    return None if seconds is None else timedelta(seconds=seconds)


def _second_factor(given: Input) -> SecondFactor | None:
    serial, code = given.get("SerialNumber", ""), given.get("TokenCode", "")
    if not serial and not code:
        return None
    if not serial or not code:
        raise OperationRefused(
            Problem.ACCESS_DENIED,
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time "
            "pass code.",
        )
    return SecondFactor(serial=serial, code=code)


def _session(given: Input) -> SessionRequest:
    return SessionRequest(
        policy=given.get("Policy", ""),
        policy_arns=tuple(row.get("arn", "") for row in given.get("PolicyArns", [])),
        tags=tuple((tag["Key"], tag["Value"]) for tag in given.get("Tags", [])),
        transitive=tuple(given.get("TransitiveTagKeys", [])),
        source_identity=given.get("SourceIdentity", ""),
    )


def _credentials(issued: TemporaryCredentials) -> Output:
    return {
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret.reveal(),
        "SessionToken": issued.session_token.reveal(),
        "Expiration": issued.expires_at,
    }


def _role_session(opened: AssumedRole) -> dict[str, object]:
    principal = opened.principal
    output: dict[str, object] = {
        "Credentials": _credentials(opened.credentials),
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
    }
    if opened.packed_percent is not None:
        output["PackedPolicySize"] = opened.packed_percent
    if opened.source_identity:
        output["SourceIdentity"] = opened.source_identity
    return output


async def _assume_role(call: Call, given: Input) -> Output:
    if given.get("ProvidedContexts"):
        raise OperationRefused(Problem.INVALID_VALUE, "ProvidedContexts is not supported")
    asked = RoleRequest(
        role_arn=given["RoleArn"],
        session_name=given["RoleSessionName"],
        duration=_duration(given),
        external_id=given.get("ExternalId", ""),
        second_factor=_second_factor(given),
        session=_session(given),
    )
    return _role_session(await assume_role(call, asked))


async def _assume_role_with_web_identity(call: Call, given: Input) -> Output:
    if given.get("ProviderId"):
        raise OperationRefused(
            Problem.INVALID_IDENTITY_TOKEN, "OAuth 2.0 access tokens are not supported"
        )
    asked = RoleRequest(
        role_arn=given["RoleArn"],
        session_name=given["RoleSessionName"],
        duration=_duration(given),
        session=_session(given),
    )
    token = Secret(given["WebIdentityToken"])
    session = await assume_role_with_web_identity(call, asked, token)
    return {
        **_role_session(session.opened),
        "SubjectFromWebIdentityToken": session.identity.subject,
        "Provider": session.identity.provider.arn,
        "Audience": session.identity.audience,
    }


async def _get_session_token(call: Call, given: Input) -> Output:
    issued = await get_session_token(
        call, duration=_duration(given), second_factor=_second_factor(given)
    )
    return {"Credentials": _credentials(issued)}


async def _get_federation_token(call: Call, given: Input) -> Output:
    federated = await get_federation_token(
        call, name=given["Name"], duration=_duration(given), given=_session(given)
    )
    principal = federated.principal
    output: dict[str, object] = {
        "Credentials": _credentials(federated.credentials),
        "FederatedUser": {"FederatedUserId": principal.user_id, "Arn": principal.arn},
    }
    if federated.packed_percent is not None:
        output["PackedPolicySize"] = federated.packed_percent
    return output


async def _get_access_key_info(call: Call, given: Input) -> Output:
    return {"Account": await account_of_key(call, given["AccessKeyId"])}


async def _decode_authorization_message(call: Call, given: Input) -> Output:
    return {"DecodedMessage": await decode_message(call, given["EncodedMessage"])}


OPERATIONS: Mapping[str, Operation] = {
    "AssumeRole": Operation(handler=_assume_role, is_read_only=True),
    "AssumeRoleWithWebIdentity": Operation(
        handler=_assume_role_with_web_identity, proof=Proof.NONE, is_read_only=True
    ),
    "DecodeAuthorizationMessage": Operation(
        handler=_decode_authorization_message, is_read_only=True
    ),
    "GetAccessKeyInfo": Operation(handler=_get_access_key_info, is_read_only=True),
    "GetCallerIdentity": Operation(handler=_get_caller_identity, is_read_only=True),
    "GetFederationToken": Operation(handler=_get_federation_token, is_read_only=True),
    "GetSessionToken": Operation(handler=_get_session_token, is_read_only=True),
}
