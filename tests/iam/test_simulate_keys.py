"""The keys that policies ask for, as their authors spelled them."""

import json

from mooring.iam.policy import Policy, PolicyKind, parse_policy
from mooring.iam.simulate_keys import context_keys, keys_for_action


def policy(*statements: dict[str, object], version: str = "2012-10-17") -> Policy:
    text = json.dumps({"Version": version, "Statement": list(statements)})
    return parse_policy(text, kind=PolicyKind.IDENTITY)


ALLOW: dict[str, object] = {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}


def test_keys_of_conditions_and_variables_are_found_once_in_their_order() -> None:
    first = policy(
        ALLOW
        | {
            "Condition": {
                "StringLike": {"aws:ResourceTag/Owner": ["${aws:username}", "${*}x"]},
                "Bool": {"aws:SecureTransport": "true"},
            }
        },
        ALLOW | {"Resource": ["arn:aws:ssm:::session/${aws:userid, 'x'}-*"]},
    )
    second = policy(ALLOW | {"Condition": {"Null": {"AWS:username": "true"}}})

    assert context_keys([first, second]) == (
        "aws:ResourceTag/Owner",
        "aws:SecureTransport",
        "aws:username",
        "aws:userid",
    )


def test_under_the_old_version_variables_are_plain_text() -> None:
    old = policy(ALLOW | {"Resource": "arn:aws:ssm:::session/${aws:userid}"}, version="2008-10-17")

    assert context_keys([old]) == ()


def test_only_statements_on_an_action_matter_to_it() -> None:
    both = policy(
        ALLOW | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {
            "Effect": "Deny",
            "NotAction": "ssm:*",
            "NotResource": "arn:aws:iam:::${aws:userid}",
        },
    )

    assert keys_for_action([both], "SSM:StartSession") == ("aws:SecureTransport",)
    assert keys_for_action([both], "iam:GetUser") == ("aws:userid",)
