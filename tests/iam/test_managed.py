"""The managed policies read as policies, and grant what their names promise."""

import pytest

from mooring.iam.evaluate import PolicySet, PolicySource, Request, decide
from mooring.iam.managed import MANAGED_POLICIES
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal

USER = Principal.user("111122223333", "ann", user_id="AIDAEXAMPLEEXAMPLEEXA")


def allows(name: str, action: str, resource: str = "*") -> bool:
    managed = MANAGED_POLICIES[f"arn:aws:iam::aws:policy/{name}"]
    policy = parse_policy(managed.document, kind=PolicyKind.IDENTITY)
    request = Request(action=action, resources=(resource,), principal=USER, context=USER.context())
    source = PolicySource(name=managed.arn, policy=policy)
    return decide(request, PolicySet(identity=(source,))).allowed


def test_every_policy_is_found_by_its_own_arn() -> None:
    assert {policy.name for policy in MANAGED_POLICIES.values()} == {
        *("AdministratorAccess", "ReadOnlyAccess", "AmazonSSMManagedInstanceCore"),
        *("AmazonSSMManagedEC2InstanceDefaultPolicy", "AmazonSSMFullAccess"),
        *("AmazonSSMReadOnlyAccess", "IAMFullAccess", "IAMUserChangePassword"),
    }
    for arn, policy in MANAGED_POLICIES.items():
        assert policy.arn == arn == f"arn:aws:iam::aws:policy{policy.path}{policy.name}"
        assert policy.description


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("AdministratorAccess", "iam:DeleteRole"),
        ("AmazonSSMManagedInstanceCore", "ssm:UpdateInstanceInformation"),
        ("AmazonSSMManagedInstanceCore", "ssm:ListInstanceAssociations"),
        ("AmazonSSMManagedInstanceCore", "ssmmessages:OpenControlChannel"),
        ("AmazonSSMManagedInstanceCore", "ssmmessages:CreateDataChannel"),
        ("AmazonSSMManagedInstanceCore", "ec2messages:GetMessages"),
        ("AmazonSSMManagedInstanceCore", "ssm:GetParameter"),
        ("AmazonSSMManagedEC2InstanceDefaultPolicy", "ssm:UpdateInstanceInformation"),
        ("AmazonSSMManagedEC2InstanceDefaultPolicy", "ssmmessages:OpenDataChannel"),
        ("AmazonSSMFullAccess", "ssm:StartSession"),
        ("AmazonSSMReadOnlyAccess", "ssm:DescribeSessions"),
        ("ReadOnlyAccess", "iam:ListUsers"),
        ("ReadOnlyAccess", "ec2:DescribeInstances"),
        ("ReadOnlyAccess", "cloudtrail:LookupEvents"),
        ("ReadOnlyAccess", "organizations:ListAccounts"),
        ("IAMFullAccess", "iam:CreateUser"),
        ("IAMFullAccess", "organizations:DescribePolicy"),
        ("IAMUserChangePassword", "iam:GetAccountPasswordPolicy"),
    ],
)
def test_grants_what_it_is_for(name: str, action: str) -> None:
    assert allows(name, action)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("AmazonSSMManagedInstanceCore", "ssm:StartSession"),
        ("AmazonSSMManagedInstanceCore", "ssm:SendCommand"),
        ("AmazonSSMManagedEC2InstanceDefaultPolicy", "ssm:GetParameter"),
        ("AmazonSSMFullAccess", "iam:CreateUser"),
        ("AmazonSSMReadOnlyAccess", "ssm:StartSession"),
        ("AmazonSSMReadOnlyAccess", "ssm:ResumeSession"),
        ("ReadOnlyAccess", "ec2:GetPasswordData"),
        ("ReadOnlyAccess", "iam:CreateUser"),
        ("ReadOnlyAccess", "ssm:TerminateSession"),
        ("IAMFullAccess", "ssm:StartSession"),
        ("IAMUserChangePassword", "iam:CreateAccessKey"),
    ],
)
def test_grants_no_more(name: str, action: str) -> None:
    assert not allows(name, action)


def test_a_user_changes_their_own_password_only() -> None:
    own, other = (f"arn:aws:iam::111122223333:user/{name}" for name in ["ann", "bob"])

    assert allows("IAMUserChangePassword", "iam:ChangePassword", own)
    assert not allows("IAMUserChangePassword", "iam:ChangePassword", other)
