"""Policies as AWS publishes them for Session Manager and Quick Setup mean what AWS says of them.

The vectors are policies of the kinds in the user guide ("Additional sample IAM policies for Session
Manager", "Quickstart default IAM policies", "Quick Setup: permissions"), written from the meaning
that is documented there, each with cases: by simulation, with exactly the context that they give.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.simulate import Simulation, simulate

VECTORS = Path(__file__).parent.parent / "vectors/iam"
ROWS: list[dict[str, Any]] = json.loads((VECTORS / "session-manager-policies.json").read_text())
CASES = [
    pytest.param(row["policy"], case, id=f"{row['name']}: {case['says']}")
    for row in ROWS
    for case in row["cases"]
]
ACCOUNT, REGION = "111122223333", "ap-northeast-1"
LINUX = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0"
WINDOWS = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-00000000000000001"
FORWARD = f"arn:aws:ssm:{REGION}::document/AWS-StartPortForwardingSession"
OWN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:session/AIDAEXAMPLEEXAMPLEANN-0a1"
OTHER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:session/AIDAEXAMPLEEXAMPLEBOB-0a1"
ANN = {"aws:userid": ("AIDAEXAMPLEEXAMPLEANN",)}


def decided(text: str, action: str, resource: str, context: Mapping[str, tuple[str, ...]]) -> str:
    policy = parse_policy(text, kind=PolicyKind.IDENTITY)
    policies = PolicySet(identity=(PolicySource(name="PolicyInputList.1", policy=policy),))
    simulation = Simulation(policies=policies, context=context)
    return simulate(simulation, action, resource).decision


@pytest.mark.parametrize(("policy", "case"), CASES)
def test_a_published_policy_has_its_documented_meaning(
    policy: dict[str, Any], case: dict[str, Any]
) -> None:
    context = {key: tuple(values) for key, values in case["context"].items()}

    answer = decided(json.dumps(policy), case["action"], case["resource"], context)

    assert answer == case["expected"]


SHELL = (VECTORS / "policy-shell-one-instance.json").read_text()
DESKTOP = (VECTORS / "policy-remote-desktop.json").read_text()


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ssm:StartSession", LINUX, "allowed"),
        ("ssm:StartSession", WINDOWS, "implicitDeny"),
        ("ssm:DescribeInstanceInformation", "*", "allowed"),
        ("ec2:DescribeInstances", "*", "allowed"),
        ("ssm:TerminateSession", OWN, "allowed"),
        ("ssm:ResumeSession", OWN, "allowed"),
        ("ssm:TerminateSession", OTHER, "implicitDeny"),
        ("ssm:SendCommand", LINUX, "implicitDeny"),
    ],
)
def test_the_policy_for_a_shell_on_one_instance(action: str, resource: str, expected: str) -> None:
    assert decided(SHELL, action, resource, ANN) == expected


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ssm:StartSession", LINUX, "allowed"),
        ("ssm:StartSession", FORWARD, "allowed"),
        ("ssm-guiconnect:StartConnection", WINDOWS, "allowed"),
        ("ssm-guiconnect:GetConnection", "*", "allowed"),
        ("ssm-guiconnect:CancelConnection", OWN, "allowed"),
        ("ssm-guiconnect:CancelConnection", OTHER, "implicitDeny"),
        ("ec2:GetPasswordData", WINDOWS, "allowed"),
        (
            "ssm:StartSession",
            f"arn:aws:ssm:{REGION}::document/AWS-StartSSHSession",
            "implicitDeny",
        ),
        (
            "ssm:StartSession",
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:managed-instance/mi-1",
            "implicitDeny",
        ),
    ],
)
def test_the_policy_for_remote_desktops(action: str, resource: str, expected: str) -> None:
    assert decided(DESKTOP, action, resource, ANN) == expected
