"""The policies that AWS manages and everybody attaches by ARN, as far as we have the services.

The documents are written from the purpose that AWS documents for each name ("AWS managed
policies" in the IAM and Systems Manager user guides); they grant that and no more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MANAGED_POLICIES", "ManagedPolicy"]

_EVERYWHERE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """A policy owned by AWS's own account, here by the server; ``document`` is its JSON text."""

    arn: str
    name: str
    path: str
    description: str
    document: str


def _allow(actions: list[str], resource: str = _EVERYWHERE) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


_NODE_CALLS = [
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
]
_CHANNELS = _allow(
    [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ]
)
_MESSAGES = _allow(
    [
        "ec2messages:AcknowledgeMessage",
        "ec2messages:DeleteMessage",
        "ec2messages:FailMessage",
        "ec2messages:GetEndpoint",
        "ec2messages:GetMessages",
        "ec2messages:SendReply",
    ]
)
_ORGANIZATION_READS = [
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribePolicy",
    "organizations:ListChildren",
    "organizations:ListParents",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListTargetsForPolicy",
]
_READ = ["Describe*", "Get*", "List*"]


def _reads(*services: str) -> list[str]:
    return [f"{service}:{verb}" for service in services for verb in _READ]


_POLICIES: list[tuple[str, str, list[dict[str, object]]]] = [
    (
        "AdministratorAccess",
        "Provides full access to all services and resources.",
        [_allow(["*"])],
    ),
    (
        "ReadOnlyAccess",
        "Provides read-only access to all services and resources.",
        [
            _allow(
                [
                    *_reads("ssm", "iam", "ssm-quicksetup"),
                    "cloudtrail:LookupEvents",
                    "organizations:Describe*",
                    "organizations:List*",
                    "iam:GenerateCredentialReport",
                    "iam:SimulateCustomPolicy",
                    "iam:SimulatePrincipalPolicy",
                    "ec2:Describe*",
                    "ssm-guiconnect:ListConnections",
                    "sts:GetAccessKeyInfo",
                    "sts:GetCallerIdentity",
                ]
            )
        ],
    ),
    (
        "AmazonSSMManagedInstanceCore",
        "The core calls by which a node takes part in Systems Manager.",
        [
            _allow([*_NODE_CALLS, "ssm:GetParameter", "ssm:GetParameters"]),
            _CHANNELS,
            _MESSAGES,
        ],
    ),
    (
        "AmazonSSMManagedEC2InstanceDefaultPolicy",
        "The calls of instances that Default Host Management makes managed nodes.",
        [_allow(_NODE_CALLS), _CHANNELS, _MESSAGES],
    ),
    (
        "AmazonSSMFullAccess",
        "Provides full access to Systems Manager.",
        [
            _allow(["ssm:*", "ec2messages:*", "ec2:DescribeInstanceStatus"]),
            _CHANNELS,
        ],
    ),
    (
        "AmazonSSMReadOnlyAccess",
        "Provides read-only access to Systems Manager.",
        [_allow(_reads("ssm"))],
    ),
    (
        "IAMFullAccess",
        "Provides full access to IAM.",
        [_allow(["iam:*"]), _allow(_ORGANIZATION_READS)],
    ),
    (
        "IAMUserChangePassword",
        "Lets an IAM user change their own password.",
        [
            _allow(["iam:ChangePassword"], "arn:aws:iam::*:user/${aws:username}"),
            _allow(["iam:GetAccountPasswordPolicy"]),
        ],
    ),
]


def _managed(name: str, description: str, statements: list[dict[str, object]]) -> ManagedPolicy:
    document = {"Version": "2012-10-17", "Statement": statements}
    return ManagedPolicy(
        arn=f"arn:aws:iam::aws:policy/{name}",
        name=name,
        path="/",
        description=description,
        document=json.dumps(document, indent=4),
    )


MANAGED_POLICIES: Mapping[str, ManagedPolicy] = {
    policy.arn: policy for policy in (_managed(*row) for row in _POLICIES)
}
"""Every policy of ours by its ARN."""
