"""The audit log and an organization as a person with the stock AWS CLI sees them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.e2e.dev import BIN, Dev


def mooring(dev: Dev, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "mooring"), *words, "--profile", dev.facts["profiles"]["admin"]],
        env=dev.environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_call_and_its_refusal_are_looked_up(dev: Dev) -> None:
    denied = dev.aws("limited", "ssm", "start-session", "--target", dev.node(1))

    events = dev.answer(
        "admin", "cloudtrail", "lookup-events",
        "--lookup-attributes", "AttributeKey=EventName,AttributeValue=StartSession",
    )["Events"]  # fmt: skip

    assert "AccessDenied" in denied.stderr
    record = json.loads(events[0]["CloudTrailEvent"])
    assert record["errorCode"] == "AccessDeniedException"
    assert record["userIdentity"]["type"] == "IAMUser"
    assert record["requestParameters"]["target"] == dev.node(1)
    assert {row["ResourceName"] for row in events[0]["Resources"]} >= {dev.node(1)}


def test_a_refused_change_survives_a_kill_of_the_server(dev: Dev) -> None:
    dev.aws("limited", "iam", "create-user", "--user-name", "mallory")
    os.kill(dev.server_pid(), signal.SIGKILL)
    dev.wait_until_online()

    events = dev.answer(
        "admin", "cloudtrail", "lookup-events",
        "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateUser",
    )["Events"]  # fmt: skip

    assert "mallory" in events[0]["CloudTrailEvent"]


def test_a_member_account_is_bound_by_the_organization(dev: Dev) -> None:
    dev.answer("admin", "organizations", "create-organization")
    root_id = dev.answer("admin", "organizations", "list-roots")["Roots"][0]["Id"]
    made = dev.answer(
        "admin", "organizations", "create-account",
        "--account-name", "dev", "--email", "dev@mooring.example",
    )["CreateAccountStatus"]  # fmt: skip
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    policy = dev.answer(
        "admin", "organizations", "create-policy", "--name", "NoIam", "--description", "none",
        "--type", "SERVICE_CONTROL_POLICY",
        "--content", json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )["Policy"]["PolicySummary"]  # fmt: skip
    keys = dev.answer(
        "admin", "sts", "assume-role", "--role-session-name", "me",
        "--role-arn", f"arn:aws:iam::{made['AccountId']}:role/OrganizationAccountAccessRole",
    )["Credentials"]  # fmt: skip
    member = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_ENDPOINT_URL": dev.facts["endpoint_url"],
        "AWS_DEFAULT_REGION": dev.facts["region"],
        "PATH": dev.environment()["PATH"],
        "HOME": str(dev.data_dir),
    }

    def list_users() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "aws"), "iam", "list-users"],
            env=member, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    before = list_users()
    dev.answer(
        "admin", "organizations", "attach-policy",
        "--policy-id", policy["Id"], "--target-id", root_id,
    )  # fmt: skip
    after = list_users()

    assert before.returncode == 0, before.stderr
    assert "explicit deny in a service control policy" in after.stderr
    assert dev.aws("admin", "iam", "list-users").returncode == 0


def test_the_log_verifies_until_somebody_alters_it(dev: Dev, tmp_path: Path) -> None:
    kept = tmp_path / "audit.jsonl"
    whole = mooring(dev, "verify", "--audit", "--save", str(kept))
    with closing(sqlite3.connect(dev.data_dir / "server" / "mooring.db")) as database:
        database.execute("UPDATE audit_events SET source_address = '' WHERE sequence = 4")
        database.commit()

    altered = mooring(dev, "verify", "--audit", "--save", str(kept))

    assert whole.returncode == 0, whole.stderr + whole.stdout
    assert whole.stdout.startswith("audit log: whole")
    assert (altered.returncode, altered.stdout) == (
        1,
        "audit log: broken, event 4: the event was altered\n",
    )
    assert kept.exists()
    assert kept.with_name("audit.jsonl.broken").exists()
