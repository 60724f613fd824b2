"""Our agent on a machine of its own: a network and a mount namespace, TLS, and a pinned CA."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from tests.stock.namespace import Namespace
from tests.stock.site import DOMAIN, REGION, Site

__all__ = ["OwnNode"]


@dataclass
class OwnNode:
    """A registered ``mooring-agent``."""

    site: Site
    namespace: Namespace
    node_id: str = ""
    process: subprocess.Popen[bytes] | None = None

    def register(self) -> None:
        """Register by an activation, pinning the authority by its fingerprint."""
        made = self.site.client("ssm").create_activation(
            IamRole="service-role/AmazonEC2RunCommandRoleForManagedInstances",
            DefaultInstanceName="own-1",
        )
        done = self._start(
            "register", "--endpoint", self._endpoint, "--region", REGION,
            "--activation-id", made["ActivationId"], "--activation-code", made["ActivationCode"],
            "--ca-fingerprint", self.site.made["ca_fingerprint"],
        )  # fmt: skip
        if done.wait(timeout=30):
            raise RuntimeError((self.namespace.folder / "agent.log").read_text())
        found = self.site.client("ssm").describe_instance_information(
            Filters=[{"Key": "ActivationIds", "Values": [made["ActivationId"]]}]
        )["InstanceInformationList"]
        self.node_id = found[0]["InstanceId"]

    @property
    def _endpoint(self) -> str:
        return f"https://ssm.{REGION}.{DOMAIN}:{self.site.port}"

    def start(self) -> None:
        """Start the agent and wait for its line."""
        self.process = self._start("run")
        self.site.wait_until(lambda: self.status() == "Online", "our agent is online")

    def status(self) -> str:
        """Return its ping status."""
        return str(self.site.node(self.node_id).get("PingStatus", ""))

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        names = (f"{service}.{REGION}.{DOMAIN}" for service in ("ssm", "ssmmessages"))
        command = self.namespace.command(
            sys.executable, "-m", "mooring.agent", *words,
            "--state-dir", str(self.namespace.folder / "state"),
            hosts=dict.fromkeys(names, self.namespace.outside),
        )  # fmt: skip
        with (self.namespace.folder / "agent.log").open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": "/root"},
            )  # fmt: skip
