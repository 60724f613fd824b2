"""Events as CloudTrail records, field by field as its user guide has them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mooring.api.cloudtrail_record import record_of, resources_of, user_name_of
from mooring.ports.records import AuditEvent

ACCOUNT = "111111111111"
BY_USER = AuditEvent(
    event_id="11111111-2222-4333-8444-555555555555",
    request_id="66666666-7777-4888-8999-000000000000",
    time=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    source="ssm.amazonaws.com",
    name="StartSession",
    region="ap-northeast-1",
    principal_arn=f"arn:aws:iam::{ACCOUNT}:user/team/bea",
    principal_id="AIDAEXAMPLE",
    access_key_id="AKIAEXAMPLE",
    source_address="192.0.2.7",
    user_agent="aws-cli/2",
    resources=(f"arn:aws:ec2:ap-northeast-1:{ACCOUNT}:instance/i-1",),
    request='{"target":"i-1"}',
    read_only=False,
)
BY_ROLE = replace(
    BY_USER,
    principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/ann",
    principal_id="AROAEXAMPLE:ann",
    access_key_id="ASIAEXAMPLE",
    issuer_arn=f"arn:aws:iam::{ACCOUNT}:role/path/Admin",
    issued_at=datetime(2026, 1, 2, 3, 0, tzinfo=UTC),
)


def test_a_users_call() -> None:
    assert record_of(BY_USER, ACCOUNT) == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/team/bea",
            "accountId": ACCOUNT,
            "accessKeyId": "AKIAEXAMPLE",
            "userName": "bea",
        },
        "eventTime": "2026-01-02T03:04:05Z",
        "eventSource": "ssm.amazonaws.com",
        "eventName": "StartSession",
        "awsRegion": "ap-northeast-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2",
        "requestParameters": {"target": "i-1"},
        "responseElements": None,
        "requestID": "66666666-7777-4888-8999-000000000000",
        "eventID": "11111111-2222-4333-8444-555555555555",
        "readOnly": False,
        "resources": [
            {
                "ARN": f"arn:aws:ec2:ap-northeast-1:{ACCOUNT}:instance/i-1",
                "accountId": ACCOUNT,
                "type": "AWS::EC2::Instance",
            }
        ],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def test_a_role_session_names_its_issuer() -> None:
    identity = record_of(BY_ROLE, ACCOUNT)["userIdentity"]

    assert identity == {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:ann",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/ann",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-01-02T03:00:00Z"},
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/path/Admin",
                "accountId": ACCOUNT,
                "userName": "Admin",
            },
        },
    }


def test_a_second_factor_is_told() -> None:
    event = replace(BY_ROLE, mfa_at=BY_ROLE.issued_at)

    identity = record_of(event, ACCOUNT)["userIdentity"]

    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


@pytest.mark.parametrize(
    ("arn", "identity", "name"),
    [
        (
            f"arn:aws:iam::{ACCOUNT}:root",
            {
                "type": "Root",
                "principalId": "id",
                "arn": f"arn:aws:iam::{ACCOUNT}:root",
                "accountId": ACCOUNT,
            },
            "root",
        ),
        (
            "anonymous",
            {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"},
            "anonymous",
        ),
        (
            "ssm.amazonaws.com",
            {"type": "AWSService", "invokedBy": "ssm.amazonaws.com"},
            "ssm.amazonaws.com",
        ),
    ],
)
def test_others(arn: str, identity: dict[str, str], name: str) -> None:
    event = replace(BY_USER, principal_arn=arn, principal_id="id", access_key_id="")

    assert record_of(event, ACCOUNT)["userIdentity"] == identity
    assert user_name_of(event) == name


def test_a_refusal_tells_code_and_message() -> None:
    event = replace(BY_USER, error_code="AccessDenied", error_message="User: …")

    record = record_of(event, ACCOUNT)

    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", "User: …")


def test_a_sign_in() -> None:
    event = replace(BY_USER, source="signin.amazonaws.com", name="ConsoleLogin", request_id="")

    record = record_of(event, ACCOUNT)

    assert record["eventType"] == "AwsConsoleSignIn"
    assert record["responseElements"] == {"ConsoleLogin": "Success"}
    failed = record_of(replace(event, error_code="Failed authentication"), ACCOUNT)
    assert failed["responseElements"] == {"ConsoleLogin": "Failure"}


def test_the_end_of_a_session_is_an_event_of_the_service() -> None:
    event = replace(
        BY_USER, name="SessionEnded", request_id="", response="Terminated", source_address=""
    )

    record = record_of(event, ACCOUNT)

    assert record["eventType"] == "AwsServiceEvent"
    assert record["responseElements"] == {"details": "Terminated"}
    assert record["sourceIPAddress"] == "ssm.amazonaws.com"


def test_a_response_that_is_an_object_is_one() -> None:
    event = replace(BY_USER, response='{"sessionId":"s"}')

    assert record_of(event, ACCOUNT)["responseElements"] == {"sessionId": "s"}


def test_resources_have_the_names_that_people_know() -> None:
    arns = (
        f"arn:aws:ssm:r:{ACCOUNT}:managed-instance/mi-1",
        f"arn:aws:ssm:r:{ACCOUNT}:session/ann-1",
        "arn:aws:ssm:r::document/AWS-StartPortForwardingSession",
        f"arn:aws:ssm:r:{ACCOUNT}:parameter/app/db",
        f"arn:aws:iam::{ACCOUNT}:user/team/bea",
        f"arn:aws:organizations::{ACCOUNT}:ou/o-1/ou-2",
        f"arn:aws:ssm:r:{ACCOUNT}:*",
        "*",
    )

    event = replace(BY_USER, resources=arns)

    assert resources_of(event) == [
        ("AWS::SSM::ManagedInstance", "mi-1"),
        ("AWS::SSM::Session", "ann-1"),
        ("AWS::SSM::Document", "AWS-StartPortForwardingSession"),
        ("AWS::SSM::Parameter", "app/db"),
        ("AWS::IAM::User", "bea"),
        ("AWS::Organizations::OrganizationalUnit", "ou-2"),
    ]
    shown = [resource["ARN"] for resource in record_of(event, ACCOUNT)["resources"]]
    assert shown == list(arns[:6])
