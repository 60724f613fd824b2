"""Access that is taken away ends the shells that were opened by it, and everybody is told why."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pexpect
import pytest
from tests.e2e.dev import BIN, Dev
from tests.e2e.test_walk import PROMPT, session_of

SOON_S = 5.0


def a_shell(dev: Dev) -> tuple[pexpect.spawn[str], str]:
    shell = dev.shell("limited", dev.node(0))
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    session_id = session_of(shell)
    shell.expect(PROMPT)
    return shell, session_id


def seconds_until_told(shell: pexpect.spawn[str], why: str) -> float:
    began = time.monotonic()
    shell.expect_exact("access revoked: " + why, timeout=20)
    took = time.monotonic() - began
    shell.expect(pexpect.EOF)
    shell.close()
    return took


def details(dev: Dev, session_id: str) -> str:
    found = dev.answer("admin", "ssm", "describe-sessions", "--state", "History")
    rows = {row["SessionId"]: row for row in found["Sessions"]}
    return str(rows[session_id]["Details"])


def seal(dev: Dev, session_id: str) -> str:
    """Return why a session ended, as its recording says under the server's signature."""
    done = subprocess.run(
        [str(BIN / "mooring"), "verify", session_id, "--output", "json",
         "--profile", dev.facts["profiles"]["admin"]],
        env=dev.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["Reason"])


@pytest.fixture
def policy_name(dev: Dev) -> Iterator[str]:
    """Name the limited user's one policy, and put it back afterwards."""
    user = ("--user-name", "limited")
    (name,) = dev.answer("admin", "iam", "list-user-policies", *user)["PolicyNames"]
    named = (*user, "--policy-name", name)
    document = dev.answer("admin", "iam", "get-user-policy", *named)["PolicyDocument"]
    yield name
    dev.answer("admin", "iam", "put-user-policy", *named, "--policy-document", json.dumps(document))


def test_a_policy_taken_away_ends_the_shell_and_says_so_everywhere(
    dev: Dev, policy_name: str
) -> None:
    shell, session_id = a_shell(dev)

    dev.answer("admin", "iam", "delete-user-policy", "--user-name", "limited",
               "--policy-name", policy_name)  # fmt: skip
    took = seconds_until_told(shell, "User: arn:aws:iam::")

    node = f"arn:aws:ec2:{dev.facts['region']}:{dev.facts['account_id']}:instance/{dev.node(0)}"
    why = (
        f"access revoked: User: arn:aws:iam::{dev.facts['account_id']}:user/limited is not "
        f"authorized to perform: ssm:StartSession on resource: {node} because no identity-based "
        "policy allows the ssm:StartSession action"
    )
    assert took < SOON_S
    assert details(dev, session_id) == why
    assert seal(dev, session_id) == why


def test_a_key_that_is_deactivated_ends_the_shells_it_opened(dev: Dev) -> None:
    key_id = dev.key("limited", "aws_access_key_id")
    change = ("iam", "update-access-key", "--user-name", "limited", "--access-key-id", key_id)
    shell, session_id = a_shell(dev)

    dev.answer("admin", *change, "--status", "Inactive")
    took = seconds_until_told(shell, f"access key {key_id} was deactivated")
    dev.answer("admin", *change, "--status", "Active")

    assert took < SOON_S
    assert details(dev, session_id) == f"access revoked: access key {key_id} was deactivated"
    assert seal(dev, session_id) == f"access revoked: access key {key_id} was deactivated"
