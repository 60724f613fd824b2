"""An audit event as a CloudTrail record.

Source: CloudTrail User Guide, "CloudTrail record contents", "userIdentity element" and "AWS
Management Console sign-in events".
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from mooring.ports.records import AuditEvent

__all__ = ["record_of", "resources_of", "user_name_of"]

_VERSION = "1.11"
_SIGN_IN = "signin.amazonaws.com"
_ARN_PARTS = 6

_KINDS = {
    ("ec2", "instance"): "AWS::EC2::Instance",
    ("ec2", "key-pair"): "AWS::EC2::KeyPair",
    ("iam", "group"): "AWS::IAM::Group",
    ("iam", "instance-profile"): "AWS::IAM::InstanceProfile",
    ("iam", "mfa"): "AWS::IAM::MFADevice",
    ("iam", "oidc-provider"): "AWS::IAM::OIDCProvider",
    ("iam", "policy"): "AWS::IAM::Policy",
    ("iam", "role"): "AWS::IAM::Role",
    ("iam", "user"): "AWS::IAM::User",
    ("organizations", "account"): "AWS::Organizations::Account",
    ("organizations", "organization"): "AWS::Organizations::Organization",
    ("organizations", "ou"): "AWS::Organizations::OrganizationalUnit",
    ("organizations", "policy"): "AWS::Organizations::Policy",
    ("organizations", "root"): "AWS::Organizations::Root",
    ("ssm", "document"): "AWS::SSM::Document",
    ("ssm", "managed-instance"): "AWS::SSM::ManagedInstance",
    ("ssm", "parameter"): "AWS::SSM::Parameter",
    ("ssm", "session"): "AWS::SSM::Session",
}


def user_name_of(event: AuditEvent) -> str:
    """Return who CloudTrail says it was: a user, or the session of a role."""
    if not event.principal_arn.startswith("arn:"):
        return event.principal_arn
    return event.principal_arn.rpartition(":")[2].rpartition("/")[2]


def resources_of(event: AuditEvent) -> list[tuple[str, str]]:
    """Return kind and name of each resource that is one thing."""
    found = []
    for arn in event.resources:
        service, resource = _service_and_resource(arn)
        kind = _KINDS.get((service, resource.partition("/")[0]))
        if kind is not None:
            found.append((kind, _short_name(service, resource)))
    return found


def _service_and_resource(arn: str) -> tuple[str, str]:
    parts = arn.split(":", _ARN_PARTS - 1)
    return (parts[2], parts[5]) if len(parts) == _ARN_PARTS else ("", "")


def _short_name(service: str, resource: str) -> str:
    """IAM names stand after a path, and organization ids after the organization's."""
    if service in ("iam", "organizations"):
        return resource.rpartition("/")[2]
    return resource.partition("/")[2]


def record_of(event: AuditEvent, account_id: str) -> dict[str, Any]:
    """Return the record of an event in an account's log."""
    kind = _kind_of(event)
    record: dict[str, Any] = {
        "eventVersion": _VERSION,
        "userIdentity": _identity(event),
        "eventTime": _time(event.time),
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": event.region,
        "sourceIPAddress": event.source_address or event.source,
        "userAgent": event.user_agent or event.source,
        "requestParameters": json.loads(event.request) or None,
        "responseElements": _response(event),
        "requestID": event.request_id,
        "eventID": event.event_id,
        "readOnly": event.read_only,
        "resources": [_resource(arn) for arn in event.resources if _is_one(arn)],
        "eventType": kind,
        "managementEvent": True,
        "recipientAccountId": account_id,
        "eventCategory": "Management",
    }
    if event.error_code:
        record |= {"errorCode": event.error_code, "errorMessage": event.error_message}
    return record


def _is_one(arn: str) -> bool:
    """Tell the name of a thing from ``*`` and from ``arn:…:*``, which name none."""
    return arn.startswith("arn:") and not arn.endswith(":*")


def _kind_of(event: AuditEvent) -> str:
    if event.source == _SIGN_IN:
        return "AwsConsoleSignIn"
    return "AwsApiCall" if event.request_id else "AwsServiceEvent"


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _resource(arn: str) -> dict[str, str]:
    service, resource = _service_and_resource(arn)
    account_id = arn.split(":")[4]
    shown = {"ARN": arn}
    if account_id:
        shown["accountId"] = account_id
    kind = _KINDS.get((service, resource.partition("/")[0]))
    return shown | ({"type": kind} if kind is not None else {})


def _response(event: AuditEvent) -> Any:  # noqa: ANN401 - an object, or None
    if event.source == _SIGN_IN and not event.response:
        return {event.name: "Failure" if event.error_code else "Success"}
    if not event.response:
        return None
    try:
        value = json.loads(event.response)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"details": event.response}


def _identity(event: AuditEvent) -> dict[str, Any]:
    arn = event.principal_arn
    service, resource = _service_and_resource(arn)
    if not service:
        if arn.endswith(".amazonaws.com"):
            return {"type": "AWSService", "invokedBy": arn}
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    identity: dict[str, Any] = {
        "type": _type(resource),
        "principalId": event.principal_id,
        "arn": arn,
        "accountId": arn.split(":")[4],
    }
    if event.access_key_id:
        identity["accessKeyId"] = event.access_key_id
    if identity["type"] == "IAMUser":
        identity["userName"] = user_name_of(event)
    if event.issued_at is not None or event.issuer_arn:
        identity["sessionContext"] = _session(event)
    return identity


def _type(resource: str) -> str:
    kinds = {
        "root": "Root",
        "user": "IAMUser",
        "assumed-role": "AssumedRole",
        "federated-user": "FederatedUser",
    }
    return kinds.get(resource.partition("/")[0], "Unknown")


def _session(event: AuditEvent) -> dict[str, Any]:
    context: dict[str, Any] = {
        "attributes": {"mfaAuthenticated": str(event.mfa_at is not None).lower()}
    }
    if event.issued_at is not None:
        context["attributes"]["creationDate"] = _time(event.issued_at)
    if event.issuer_arn:
        context["sessionIssuer"] = {
            "type": "Role",
            "principalId": event.principal_id.partition(":")[0],
            "arn": event.issuer_arn,
            "accountId": event.issuer_arn.split(":")[4],
            "userName": event.issuer_arn.rpartition("/")[2],
        }
    return context
