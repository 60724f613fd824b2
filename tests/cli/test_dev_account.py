"""The sample policy is the one of the documentation with its placeholders replaced."""

import json

from mooring.cli.dev_account import policy_text


def test_only_the_placeholders_are_replaced() -> None:
    text = policy_text(
        region="moon-1", account_id="123456789012", instance_id="i-0000000000000000a"
    )

    arn = "arn:aws:ec2:moon-1:123456789012:instance/i-0000000000000000a"
    assert json.loads(text) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["ssm:StartSession"], "Resource": [arn]},
            {
                "Effect": "Allow",
                "Action": [
                    "ssm:DescribeSessions",
                    "ssm:GetConnectionStatus",
                    "ssm:DescribeInstanceInformation",
                    "ssm:DescribeInstanceProperties",
                    "ec2:DescribeInstances",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": ["ssm:TerminateSession", "ssm:ResumeSession"],
                "Resource": ["arn:aws:ssm:*:*:session/${aws:userid}-*"],
            },
        ],
    }
