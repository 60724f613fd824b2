"""A denied caller is told who, what, where and why, in AWS's words."""

import pytest

from mooring.iam.denial import denial_message
from mooring.iam.evaluate import Decision
from mooring.iam.policy import PolicyKind
from mooring.iam.principal import Principal

DOCUMENT = "arn:aws:ssm:ap-northeast-1:593793022993:document/SSM-SessionManagerRunShell"
USER = Principal.user("593793022993", "h", user_id="AIDAEXAMPLEEXAMPLEEXA")
SESSION = Principal.role_session(
    "arn:aws:iam::111122223333:role/R", "i-1", role_id="AROAEXAMPLEEXAMPLEEXA"
)


def denied(kind: PolicyKind, *, explicit: bool = False) -> Decision:
    return Decision(allowed=False, explicit=explicit, policy_type=kind)


def test_reads_as_aws_words_a_missing_allow() -> None:
    message = denial_message(USER, "ssm:StartSession", DOCUMENT, denied(PolicyKind.IDENTITY))

    assert message == (
        "User: arn:aws:iam::593793022993:user/h is not authorized to perform: ssm:StartSession "
        "on resource: arn:aws:ssm:ap-northeast-1:593793022993:document/SSM-SessionManagerRunShell "
        "because no identity-based policy allows the ssm:StartSession action"
    )


def test_reads_as_aws_words_an_explicit_deny() -> None:
    message = denial_message(
        SESSION,
        "ssmmessages:CreateDataChannel",
        "arn:aws:ssmmessages:us-east-1:111122223333:*",
        denied(PolicyKind.SCP, explicit=True),
    )

    assert message == (
        "User: arn:aws:sts::111122223333:assumed-role/R/i-1 is not authorized to perform: "
        "ssmmessages:CreateDataChannel on resource: arn:aws:ssmmessages:us-east-1:111122223333:* "
        "with an explicit deny in a service control policy"
    )


def test_leaves_the_resource_out_where_the_service_does() -> None:
    message = denial_message(USER, "ec2:DescribeInstances", None, denied(PolicyKind.IDENTITY))

    assert message == (
        "User: arn:aws:iam::593793022993:user/h is not authorized to perform: "
        "ec2:DescribeInstances because no identity-based policy allows the "
        "ec2:DescribeInstances action"
    )


@pytest.mark.parametrize(
    ("kind", "explicit", "implicit"),
    [
        (PolicyKind.IDENTITY, "an identity-based policy", "identity-based policy"),
        (PolicyKind.RESOURCE, "a resource-based policy", "resource-based policy"),
        (PolicyKind.BOUNDARY, "a permissions boundary", "permissions boundary"),
        (PolicyKind.SESSION, "a session policy", "session policy"),
        (PolicyKind.SCP, "a service control policy", "service control policy"),
        (PolicyKind.RCP, "a resource control policy", "resource control policy"),
        (PolicyKind.ENDPOINT, "a VPC endpoint policy", "VPC endpoint policy"),
        (PolicyKind.TRUST, "the role trust policy", "role trust policy"),
    ],
)
def test_names_the_kind_of_policy_that_decided(
    kind: PolicyKind, explicit: str, implicit: str
) -> None:
    with_deny = denial_message(USER, "ssm:X", "*", denied(kind, explicit=True))
    without_allow = denial_message(USER, "ssm:X", "*", denied(kind))

    assert with_deny.endswith(f" with an explicit deny in {explicit}")
    assert without_allow.endswith(f" because no {implicit} allows the ssm:X action")


@pytest.mark.parametrize("decision", [Decision(allowed=True), Decision(allowed=False)])
def test_has_no_words_where_nothing_was_denied(decision: Decision) -> None:
    with pytest.raises(ValueError, match="`ssm:X` was not denied"):
        denial_message(USER, "ssm:X", "*", decision)
