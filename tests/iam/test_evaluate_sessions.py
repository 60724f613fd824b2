"""The policies people copy from AWS for Session Manager decide here as they read.

The vectors are policies for shells and remote desktops with their placeholders filled in.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from mooring.iam.denial import denial_message
from mooring.iam.evaluate import Decision, PolicySet, PolicySource, Request, decide
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal

VECTORS = Path(__file__).parent.parent / "vectors/iam"
ACCOUNT = "111122223333"
NO_KEYS: Mapping[str, str] = {}
REGION = "ap-northeast-1"
OWN = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0"
WINDOWS = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-00000000000000001"
HYBRID = f"arn:aws:ssm:{REGION}:{ACCOUNT}:managed-instance/mi-0123456789abcdef0"
SHELL_DOCUMENT = f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/SSM-SessionManagerRunShell"
PORT_DOCUMENT = f"arn:aws:ssm:{REGION}::document/AWS-StartPortForwardingSession"
ACCOUNT_WIDE = (f"arn:aws:ssm:{REGION}:{ACCOUNT}:*", "*")
ANN = Principal.user(ACCOUNT, "ann", user_id="AIDAEXAMPLEEXAMPLEANN")
BOB = Principal.user(ACCOUNT, "bob", user_id="AIDAEXAMPLEEXAMPLEBOB")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Ops"
CAROL = Principal.role_session(ROLE, "carol", role_id="AROAEXAMPLEEXAMPLEOPS")
DAVE = Principal.role_session(ROLE, "dave", role_id="AROAEXAMPLEEXAMPLEOPS")


def policy(text: str) -> PolicySet:
    parsed = parse_policy(text, kind=PolicyKind.IDENTITY)
    return PolicySet(identity=(PolicySource(name="inline", policy=parsed),))


SHELL = policy((VECTORS / "policy-shell-one-instance.json").read_text())
DESKTOP = policy((VECTORS / "policy-remote-desktop.json").read_text())


def ask(
    policies: PolicySet,
    action: str,
    *resources: str,
    principal: Principal = ANN,
    keys: Mapping[str, str] = NO_KEYS,
) -> Decision:
    context = {f"ssm:{key}": (value,) for key, value in keys.items()}
    request = Request(
        action=action,
        resources=resources,
        principal=principal,
        context=principal.context() | context,
        resource_account=ACCOUNT,
    )
    return decide(request, policies)


def session_of(owner: Principal, suffix: str = "0123456789abcdef0") -> tuple[str, str]:
    """Return both names of a session: by its id, and by its owner's user id."""
    name = owner.user_name or owner.session_name
    base = f"arn:aws:ssm:{REGION}:{ACCOUNT}:session"
    return f"{base}/{name}-{suffix}", f"{base}/{owner.user_id}-{suffix}"


def test_a_shell_is_allowed_on_the_one_instance() -> None:
    assert ask(SHELL, "ssm:StartSession", OWN).allowed


@pytest.mark.parametrize("resource", [WINDOWS, HYBRID, SHELL_DOCUMENT, "*"])
def test_a_shell_is_denied_on_anything_else(resource: str) -> None:
    assert not ask(SHELL, "ssm:StartSession", resource).allowed


def test_the_denial_names_user_action_resource_and_reason() -> None:
    decision = ask(SHELL, "ssm:StartSession", WINDOWS)

    assert denial_message(ANN, "ssm:StartSession", WINDOWS, decision) == (
        f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: ssm:StartSession "
        f"on resource: {WINDOWS} because no identity-based policy allows the ssm:StartSession "
        "action"
    )


@pytest.mark.parametrize(
    "action",
    [
        *("ssm:DescribeSessions", "ssm:GetConnectionStatus", "ssm:DescribeInstanceInformation"),
        *("ssm:DescribeInstanceProperties", "ec2:DescribeInstances"),
    ],
)
def test_listing_is_allowed_on_everything(action: str) -> None:
    assert ask(SHELL, action, *ACCOUNT_WIDE).allowed
    assert ask(SHELL, action, WINDOWS).allowed


@pytest.mark.parametrize("action", ["ssm:TerminateSession", "ssm:ResumeSession"])
@pytest.mark.parametrize(("owner", "stranger"), [(ANN, BOB), (CAROL, DAVE), (CAROL, ANN)])
def test_a_session_is_ended_and_resumed_by_its_owner_only(
    action: str, owner: Principal, stranger: Principal
) -> None:
    assert ask(SHELL, action, *session_of(owner), principal=owner).allowed
    assert not ask(SHELL, action, *session_of(owner), principal=stranger).allowed


def test_a_session_is_reached_by_its_id_and_by_the_user_name_too() -> None:
    def granting(resource: str) -> PolicySet:
        statement = {"Effect": "Allow", "Action": "ssm:ResumeSession", "Resource": resource}
        return policy(json.dumps({"Version": "2012-10-17", "Statement": statement}))

    names = session_of(ANN)
    by_name = granting("arn:aws:ssm:*:*:session/${aws:username}-*")

    assert ask(granting(names[0]), "ssm:ResumeSession", *names).allowed
    assert ask(by_name, "ssm:ResumeSession", *names).allowed
    assert not ask(by_name, "ssm:ResumeSession", *session_of(BOB)).allowed


def test_a_deny_outside_ones_own_sessions_does_not_lock_the_owner_out() -> None:
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"},
                {
                    "Effect": "Deny",
                    "Action": "ssm:TerminateSession",
                    "NotResource": "arn:aws:ssm:*:*:session/${aws:userid}-*",
                },
            ],
        }
    )

    assert ask(policy(text), "ssm:TerminateSession", *session_of(ANN)).allowed
    assert ask(policy(text), "ssm:TerminateSession", *session_of(BOB)).explicit


def test_a_deny_by_either_name_of_a_session_denies() -> None:
    for name in session_of(ANN):
        text = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"},
                    {"Effect": "Deny", "Action": "ssm:TerminateSession", "Resource": name},
                ],
            }
        )

        assert ask(policy(text), "ssm:TerminateSession", *session_of(ANN)).explicit


def test_a_session_is_reached_by_the_tag_of_its_owner() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "ssm:TerminateSession",
        "Resource": "*",
        "Condition": {
            "StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": ["${aws:userid}"]}
        },
    }
    tagged = policy(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    tags = {"resourceTag/aws:ssmmessages:session-id": CAROL.user_id}

    for principal, expected in [(CAROL, True), (DAVE, False)]:
        decision = ask(
            tagged, "ssm:TerminateSession", *session_of(CAROL), principal=principal, keys=tags
        )
        assert decision.allowed is expected


def test_an_action_without_resources_is_reached_by_an_account_wide_pattern() -> None:
    for pattern, expected in [(f"arn:aws:ssm:*:{ACCOUNT}:*", True), (OWN, False), ("*", True)]:
        statement = {"Effect": "Allow", "Action": "ssm:DescribeSessions", "Resource": pattern}
        listing = policy(json.dumps({"Version": "2012-10-17", "Statement": statement}))

        assert ask(listing, "ssm:DescribeSessions", *ACCOUNT_WIDE).allowed is expected


def checking(value: str, *resources: str) -> PolicySet:
    statement = {
        "Effect": "Allow",
        "Action": "ssm:StartSession",
        "Resource": resources,
        "Condition": {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": value}},
    }
    return policy(json.dumps({"Version": "2012-10-17", "Statement": statement}))


@pytest.mark.parametrize(
    ("policies", "target", "document"),
    [
        # (key false, key true) on the target; key true on the document
        (checking("true", OWN), (False, True), False),
        (checking("true", OWN, SHELL_DOCUMENT), (False, True), True),
        (checking("false", OWN), (True, False), False),
        (SHELL, (True, True), False),
    ],
)
def test_the_document_check_tells_who_opted_in(
    policies: PolicySet, target: tuple[bool, bool], *, document: bool
) -> None:
    def start(resource: str, check: str) -> bool:
        keys = {"SessionDocumentAccessCheck": check}
        return ask(policies, "ssm:StartSession", resource, keys=keys).allowed

    assert (start(OWN, "false"), start(OWN, "true")) == target
    assert start(SHELL_DOCUMENT, "true") is document


def test_the_document_check_with_if_exists_does_not_need_its_key() -> None:
    assert ask(checking("true", OWN), "ssm:StartSession", OWN).allowed


def test_a_tag_condition_on_target_and_document_fails_on_the_untagged_one() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "ssm:StartSession",
        "Resource": [OWN, SHELL_DOCUMENT],
        "Condition": {"StringEquals": {"ssm:ResourceTag/Env": "prod"}},
    }
    tagged = policy(json.dumps({"Version": "2012-10-17", "Statement": statement}))

    assert ask(tagged, "ssm:StartSession", OWN, keys={"resourceTag/env": "prod"}).allowed
    assert not ask(tagged, "ssm:StartSession", SHELL_DOCUMENT).allowed


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        *[("ssm:StartSession", WINDOWS), ("ssm:StartSession", PORT_DOCUMENT)],
        *[("ssm-guiconnect:StartConnection", WINDOWS), ("ec2:GetPasswordData", WINDOWS)],
        ("ssm-guiconnect:GetConnection", "*"),
    ],
)
def test_a_remote_desktop_is_allowed_with_its_document(action: str, resource: str) -> None:
    assert ask(DESKTOP, action, resource).allowed


def test_a_remote_desktop_is_cancelled_by_its_owner_only() -> None:
    action = "ssm-guiconnect:CancelConnection"

    assert ask(DESKTOP, action, *session_of(ANN)).allowed
    assert not ask(DESKTOP, action, *session_of(ANN), principal=BOB).allowed


def test_the_desktop_policy_opens_no_other_document() -> None:
    assert not ask(DESKTOP, "ssm:StartSession", SHELL_DOCUMENT).allowed
    assert not ask(DESKTOP, "ssm:StartSession", HYBRID).allowed
