"""The walk of a person with the stock AWS CLI, from the list of nodes to the kept history."""

import json
import re

import pexpect
from tests.e2e.dev import Dev

PROMPT = r"[$#] "


def open_shell(dev: Dev, profile: str = "limited") -> "pexpect.spawn[str]":
    shell = dev.shell(profile, dev.node(0))
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    shell.expect(PROMPT)
    return shell


def session_of(shell: "pexpect.spawn[str]") -> str:
    found = shell.match
    assert isinstance(found, re.Match)
    return str(found.group(1)).strip()


def test_lists_both_nodes_and_says_that_they_are_online(dev: Dev) -> None:
    found = dev.answer("limited", "ssm", "describe-instance-information")

    rows = {row["InstanceId"]: row for row in found["InstanceInformationList"]}
    assert set(rows) >= {dev.node(0), dev.node(1)}
    assert {row["PingStatus"] for row in rows.values()} == {"Online"}


def test_refuses_the_second_node_and_says_what_was_missing(dev: Dev) -> None:
    done = dev.aws("limited", "ssm", "start-session", "--target", dev.node(1))

    region, account = dev.facts["region"], dev.facts["account_id"]
    assert done.returncode == 255
    assert "(AccessDeniedException)" in done.stderr
    assert (
        f"ssm:StartSession on resource: arn:aws:ec2:{region}:{account}:instance/{dev.node(1)} "
        "because no identity-based policy allows the ssm:StartSession action"
    ) in done.stderr


def test_opens_a_shell_and_leaves_it_with_exit(dev: Dev) -> None:
    shell = open_shell(dev)
    shell.sendline("echo $((6*7)); stty size")
    shell.expect("42")
    shell.expect("30 100")

    shell.sendline("exit")
    shell.expect("Exiting session with sessionId")
    shell.expect(pexpect.EOF)
    shell.close()

    assert shell.exitstatus == 0


def test_keeps_the_session_in_the_history_with_its_owner(dev: Dev) -> None:
    shell = dev.shell("limited", dev.node(0))
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    session_id = session_of(shell)
    shell.expect(PROMPT)
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()

    found = dev.answer("limited", "ssm", "describe-sessions", "--state", "History")

    rows = {row["SessionId"]: row for row in found["Sessions"]}
    assert rows[session_id]["Owner"].endswith(":user/limited")
    assert rows[session_id]["Status"] == "Terminated"
    assert rows[session_id]["Target"] == dev.node(0)


def test_lets_the_owner_terminate_and_nobody_else(dev: Dev) -> None:
    shell = dev.shell("admin", dev.node(0))
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    session_id = session_of(shell)
    shell.expect(PROMPT)

    refused = dev.aws("limited", "ssm", "terminate-session", "--session-id", session_id)
    ended = dev.aws("admin", "ssm", "terminate-session", "--session-id", session_id)
    shell.expect(pexpect.EOF)
    shell.close()

    assert "(AccessDeniedException)" in refused.stderr
    assert json.loads(ended.stdout) == {"SessionId": session_id}
    assert shell.exitstatus == 0
