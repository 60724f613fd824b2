"""A server with TLS that a namespace can reach, and a stock agent that is registered with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pexpect
from tests.stock.namespace import Namespace

__all__ = ["DOMAIN", "REGION", "Site", "StockAgent", "free_port"]

REGION = "ap-northeast-1"
DOMAIN = "mooring.test"
BIN = Path(sys.executable).parent
_WAIT_S = 60


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass
class Site:
    """``mooring-server`` on all addresses of this machine, with its own authority."""

    folder: Path
    port: int
    made: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def data_dir(self) -> Path:
        """The server's data directory."""
        return self.folder / "data"

    def create(self) -> None:
        """Make the data directory."""
        done = subprocess.run(
            [
                sys.executable, "-m", "mooring.server", "init", "--data-dir", str(self.data_dir),
                "--region", REGION, "--domain", DOMAIN, "--output", "json",
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        self.made = json.loads(done.stdout)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "mooring.server", "run", "--data-dir", str(self.data_dir),
                "--host", "0.0.0.0", "--port", str(self.port),
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        self.wait_until(self._answers, "the server answers")

    def _answers(self) -> bool:
        try:
            self.client("sts").get_caller_identity()
        except Exception:  # noqa: BLE001 - whatever it is, it does not answer yet
            return False
        return True

    def kill(self) -> None:
        """End the server as a crash does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End the server."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return a boto3 client of the administrator."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=f"https://localhost:{self.port}",
            verify=self.made["ca_file"],
            aws_access_key_id=self.made["admin"]["access_key_id"],
            aws_secret_access_key=self.made["admin"]["secret_access_key"],
        )

    def node(self, node_id: str) -> dict[str, Any]:
        """Return what DescribeInstanceInformation says of a node."""
        found: list[dict[str, Any]] = self.client("ssm").describe_instance_information(
            Filters=[{"Key": "InstanceIds", "Values": [node_id]}]
        )["InstanceInformationList"]
        return found[0] if found else {}

    def session(self, session_id: str, state: str) -> dict[str, Any]:
        """Return what DescribeSessions says of a session, or nothing."""
        found: list[dict[str, Any]] = self.client("ssm").describe_sessions(
            State=state, Filters=[{"key": "SessionId", "value": session_id}]
        )["Sessions"]
        return found[0] if found else {}

    def shell(self, target: str, *, plugin_folder: Path | None) -> pexpect.spawn[str]:
        """Open a shell through the stock AWS CLI on a terminal of its own."""
        first = f"{plugin_folder}:" if plugin_folder is not None else ""
        child: pexpect.spawn[str] = pexpect.spawn(
            str(BIN / "aws"),
            ["ssm", "start-session", "--target", target],
            env={
                "PATH": f"{first}{BIN}:/usr/bin:/bin",
                "HOME": str(self.folder),
                "AWS_ENDPOINT_URL": f"https://localhost:{self.port}",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": self.made["admin"]["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": self.made["admin"]["secret_access_key"],
                "AWS_CA_BUNDLE": self.made["ca_file"],
                "SSL_CERT_FILE": self.made["ca_file"],
                "TERM": "xterm",
                "LANG": "C.UTF-8",
            },
            encoding="utf-8",
            timeout=30,
            dimensions=(30, 100),
        )
        return child

    @staticmethod
    def matched(shell: pexpect.spawn[str]) -> str:
        """Return the first group of what was just expected."""
        found = shell.match
        assert isinstance(found, re.Match)
        return str(found.group(1)).strip()

    @staticmethod
    def wait_until(happens: Any, what: str, patience_s: float = _WAIT_S) -> None:  # noqa: ANN401 - a function of nothing
        """Wait for something that another process does."""
        deadline = time.monotonic() + patience_s
        while not happens():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited for: {what}")
            time.sleep(0.1)


@dataclass
class StockAgent:
    """An unmodified amazon-ssm-agent in a namespace of its own."""

    site: Site
    namespace: Namespace
    binaries: Path
    node_id: str = ""
    process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Lay the program out as a package does: workers beside it, its configuration below."""
        home = self._home
        (home / "configuration").mkdir(parents=True)
        for name in os.listdir(self.binaries):
            if name.startswith(("amazon-ssm-agent", "ssm-")) and "." not in name:
                shutil.copy(self.binaries / name, home / name)
                (home / name).chmod(0o755)
        settings = {
            "Agent": {"Region": REGION, "ServiceDomain": f"{DOMAIN}:{self.site.port}"},
            "Profile": {"ShareCreds": False},
        }
        (home / "configuration" / "amazon-ssm-agent.json").write_text(json.dumps(settings))

    def register(self) -> None:
        """Register by an activation, as a person does."""
        made = self.site.client("ssm").create_activation(
            IamRole="service-role/AmazonEC2RunCommandRoleForManagedInstances",
            DefaultInstanceName="stock-1",
        )
        self._run_agent(
            "-register", "-y", "-region", REGION,
            "-code", made["ActivationCode"], "-id", made["ActivationId"], wait=True,
        )  # fmt: skip
        activation = made["ActivationId"]
        found = self.site.client("ssm").describe_instance_information(
            Filters=[{"Key": "ActivationIds", "Values": [activation]}]
        )["InstanceInformationList"]
        self.node_id = found[0]["InstanceId"]

    def start(self) -> None:
        """Start the agent and wait until the server sees its line."""
        self.process = self._run_agent(wait=False)
        self.site.wait_until(
            lambda: self.site.node(self.node_id).get("PingStatus") == "Online",
            "the stock agent is online",
        )

    def reap(self) -> None:
        """Wait for the agent that its namespace has taken along."""
        if self.process is not None:
            self.process.wait(timeout=10)

    @property
    def _home(self) -> Path:
        return self.namespace.folder / "agent"

    def _run_agent(self, *words: str, wait: bool) -> subprocess.Popen[bytes]:
        names = (
            f"{service}.{REGION}.{DOMAIN}" for service in ("ssm", "ssmmessages", "ec2messages")
        )
        command = self.namespace.command(
            str(self._home / "amazon-ssm-agent"), *words,
            hosts=dict.fromkeys(names, self.namespace.outside),
        )  # fmt: skip
        log = (self.namespace.folder / "agent.log").open("ab")
        started = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root",
                "SSL_CERT_FILE": self.site.made["ca_file"],
            },
        )
        log.close()
        if wait and started.wait(timeout=60):
            raise RuntimeError((self.namespace.folder / "agent.log").read_text())
        return started
