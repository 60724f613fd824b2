"""No secret of any registered operation reaches its event, whoever forgot what."""

import json
import re
from collections.abc import Iterator

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from tests.api.protocol.shapes import MODELS

from mooring.api.audit_text import HARMLESS, HIDDEN, MAX_TEXT, audit_text, is_secret
from mooring.api.operations import OPERATIONS

REGISTERED = [(service, name) for service, rows in OPERATIONS.items() for name in rows]
# Written anew, not taken from the code: what a reviewer would look twice at.
SUSPICIOUS = re.compile(r"pass(word|phrase)|secret|token|code|seed|private|credential", re.I)
# Reviewed here too: none of them lets anybody in.
REVIEWED = {
    "AllowUsersToChangePassword",
    "ClientRequestToken",
    "ClientToken",
    "MaxPasswordAge",
    "MinimumPasswordLength",
    "NextToken",
    "PasswordResetRequired",
    "PasswordReusePrevention",
    "PrivateDnsEnabled",
    "PrivateIpAddress",
    "ResponseCode",
    "StatusCode",
}


def input_shape(service: str, operation: str) -> Shape | None:
    return MODELS[service].operation_model(operation).input_shape


def members(shape: Shape | None, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape]]:
    """Walk every member, each shape once on a way down."""
    if shape is None or shape.name in above:
        return
    here = (*above, shape.name)
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield name, member
            yield from members(member, here)
    elif isinstance(shape, ListShape):
        yield from members(shape.member, here)
    elif isinstance(shape, MapShape):
        yield from members(shape.value, here)


@pytest.mark.parametrize(("service", "operation"), REGISTERED)
def test_every_member_that_sounds_secret_is_hidden_or_was_reviewed(
    service: str, operation: str
) -> None:
    found = list(members(input_shape(service, operation)))

    shown = {name for name, shape in found if not is_secret(name, shape)}
    sensitive = {name for name, shape in found if shape.metadata.get("sensitive")}

    assert {name for name in shown if SUSPICIOUS.search(name)} <= REVIEWED
    assert not shown & sensitive


def test_the_two_reviews_agree() -> None:
    assert HARMLESS == REVIEWED


@pytest.mark.parametrize(
    ("service", "operation", "given", "kept"),
    [
        (
            "ssm",
            "RegisterManagedInstance",
            {"ActivationId": "a", "ActivationCode": "the code", "PublicKey": "p"},
            {"activationId": "a", "activationCode": HIDDEN, "publicKey": "p"},
        ),
        (
            "iam",
            "CreateUser",
            {"UserName": "bea", "Tags": [{"Key": "Team", "Value": "A"}]},
            {"userName": "bea", "tags": [{"key": "Team", "value": "A"}]},
        ),
        (
            "iam",
            "ChangePassword",
            {"OldPassword": "one", "NewPassword": "two"},
            {"oldPassword": HIDDEN, "newPassword": HIDDEN},
        ),
        (
            "iam",
            "EnableMFADevice",
            {"UserName": "bea", "AuthenticationCode1": "123456", "SerialNumber": "arn"},
            {"userName": "bea", "authenticationCode1": HIDDEN, "serialNumber": "arn"},
        ),
        (
            "sts",
            "AssumeRole",
            {"RoleArn": "r", "RoleSessionName": "s", "TokenCode": "123456"},
            {"roleArn": "r", "roleSessionName": "s", "tokenCode": HIDDEN},
        ),
        (
            "sts",
            "AssumeRoleWithWebIdentity",
            {"RoleArn": "r", "WebIdentityToken": "ey..."},
            {"roleArn": "r", "webIdentityToken": HIDDEN},
        ),
        (
            "ssm",
            "PutParameter",
            {"Name": "/a", "Value": "secret"},
            {"name": "/a", "value": HIDDEN},
        ),
        (
            "ssm",
            "StartSession",
            {"Target": "i-1", "Parameters": {"portNumber": ["22"], "apiToken": ["x"]}},
            {"target": "i-1", "parameters": {"portNumber": ["22"], "apiToken": HIDDEN}},
        ),
        ("ssm", "StartSession", {"Target": "i-1", "Unknown": "x"}, {"target": "i-1"}),
    ],
)
def test_an_input_is_kept_as_cloudtrail_spells_it(
    service: str, operation: str, given: dict[str, object], kept: dict[str, object]
) -> None:
    assert json.loads(audit_text(given, input_shape(service, operation))) == kept


def test_a_large_input_is_left_out_whole() -> None:
    text = audit_text({"UserName": "x" * MAX_TEXT}, input_shape("iam", "CreateUser"))

    assert json.loads(text) == {"omitted": "too large"}


def test_an_operation_without_input_keeps_nothing() -> None:
    assert audit_text({}, None) == "{}"
