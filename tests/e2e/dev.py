"""``mooring dev`` as a process, and the programs that a person would use against it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pexpect

__all__ = ["Dev", "DevFailed"]

BIN = Path(sys.executable).parent
_READY_S = 60
_STOP_S = 10


class DevFailed(Exception):
    """``mooring dev`` did not come up; the text is what it printed."""


class Dev:
    """A running ``mooring dev`` with its data directory."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self._log = data_dir.with_suffix(".log")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    str(BIN / "mooring"), "dev", "--data-dir", str(data_dir),
                    "--port", "0", "--tls-port", "0", *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
            )  # fmt: skip
        self.facts = self._wait()

    def _wait(self) -> dict[str, Any]:
        file = self.data_dir / "dev.json"
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if file.exists():
                facts: dict[str, Any] = json.loads(file.read_text())
                return facts
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.process.kill()
        self.process.wait()
        raise DevFailed(self._log.read_text())

    def node(self, number: int) -> str:
        """Return the id of a sample node."""
        instance_id: str = self.facts["nodes"][number]["instance_id"]
        return instance_id

    def environment(self, *, plugin_folder: Path | None = None) -> dict[str, str]:
        """Return the environment of the line that ``mooring dev`` prints."""
        first = f"{plugin_folder}:" if plugin_folder is not None else ""
        return {
            "PATH": f"{first}{BIN}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.data_dir),
            "AWS_CONFIG_FILE": self.facts["aws_config_file"],
            "AWS_SHARED_CREDENTIALS_FILE": self.facts["aws_shared_credentials_file"],
            "TERM": "xterm",
            "LANG": "C.UTF-8",
        }

    def aws(self, profile: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the stock AWS CLI to its end."""
        return subprocess.run(
            [str(BIN / "aws"), "--profile", self.facts["profiles"][profile], *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def key(self, profile: str, name: str) -> str:
        """Return one line of a profile's credentials."""
        return self.aws(profile, "configure", "get", name).stdout.strip()

    def answer(self, profile: str, *words: str) -> Mapping[str, Any]:
        """Run the stock AWS CLI and return what it printed as JSON."""
        done = self.aws(profile, *words, "--output", "json")
        if done.returncode:
            raise AssertionError(done.stderr)
        found: Mapping[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        return found

    def shell(
        self, profile: str, target: str, *, plugin_folder: Path | None = None
    ) -> pexpect.spawn[str]:
        """Open a shell through the stock AWS CLI on a terminal of its own."""
        child: pexpect.spawn[str] = pexpect.spawn(
            str(BIN / "aws"),
            ["--profile", self.facts["profiles"][profile], "ssm", "start-session",
             "--target", target],
            env=self.environment(plugin_folder=plugin_folder),
            encoding="utf-8",
            timeout=30,
            dimensions=(30, 100),
        )  # fmt: skip
        return child

    def wait_until_online(self) -> None:
        """Wait until every sample node holds its line."""
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            done = self.aws("admin", "ssm", "describe-instance-information", "--output", "json")
            rows = json.loads(done.stdout)["InstanceInformationList"] if not done.returncode else []
            if rows and all(row["PingStatus"] == "Online" for row in rows):
                return
            time.sleep(0.2)
        raise DevFailed("the sample nodes did not come back")

    def server_pid(self) -> int:
        """Return the pid of the server process."""
        return self._child("mooring.server")

    def agent_pid(self, name: str) -> int:
        """Return the pid of a node's main process."""
        return self._child(f"/{name}")

    def _child(self, word: str) -> int:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if int(status[1]) == self.process.pid and word in words:
                return int(entry.name)
        raise LookupError(word)

    def stop(self) -> float:
        """Stop it as Ctrl-C does, and return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=_STOP_S)
        return time.monotonic() - began
