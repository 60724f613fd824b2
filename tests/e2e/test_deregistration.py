"""A node that is deregistered loses its line and its shells at once, and does not come back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from tests.e2e.dev import Dev
from tests.e2e.test_walk import PROMPT

SOON_S = 5.0


class ManagedNode:
    """Our agent as a hybrid node beside the sample nodes."""

    def __init__(self, dev: Dev, folder: Path) -> None:
        self.log = folder / "agent.log"
        self._state = str(folder / "state")
        self._environment = dev.environment()
        made = dev.answer(
            "admin", "ssm", "create-activation",
            "--iam-role", "service-role/AmazonEC2RunCommandRoleForManagedInstances",
        )  # fmt: skip
        self._run(
            "register", "--endpoint", dev.facts["endpoint_url"], "--region", dev.facts["region"],
            "--activation-id", made["ActivationId"], "--activation-code", made["ActivationCode"],
        ).wait(timeout=30)  # fmt: skip
        rows = dev.answer(
            "admin", "ssm", "describe-instance-information",
            "--filters", f"Key=ActivationIds,Values={made['ActivationId']}",
        )["InstanceInformationList"]  # fmt: skip
        self.node_id: str = rows[0]["InstanceId"]
        self.process = self._run("run")

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "mooring.agent", *words, "--state-dir", self._state],
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def connections(self) -> int:
        """Count the sockets that its main process holds."""
        links = Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]
        established = {row.split()[9] for row in links if row.split()[3] == "01"}
        held = {
            str(fd.readlink()).removeprefix("socket:[").removesuffix("]")
            for fd in Path(f"/proc/{self.process.pid}/fd").iterdir()
            if str(fd.readlink()).startswith("socket:[")
        }
        return len(established & held)


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def managed(dev: Dev, tmp_path: Path) -> Iterator[ManagedNode]:
    made = ManagedNode(dev, tmp_path)
    yield made
    made.process.terminate()
    made.process.wait(timeout=10)


def test_a_deregistered_node_loses_its_line_and_its_shells(dev: Dev, managed: ManagedNode) -> None:
    asked = ("ssm", "get-connection-status", "--target", managed.node_id)

    def is_online() -> bool:
        return str(dev.answer("admin", *asked)["Status"]) == "connected"

    wait_until(is_online, 30)
    assert managed.connections() == 1
    shell = dev.shell("admin", managed.node_id)
    shell.expect(PROMPT)

    dev.answer("admin", "ssm", "deregister-managed-instance", "--instance-id", managed.node_id)
    shell.expect_exact(f"{managed.node_id} was deregistered.", timeout=10)
    shell.expect(pexpect.EOF)
    shell.close()
    took = wait_until(lambda: managed.connections() == 0, 10)

    assert took < SOON_S
