"""Shells beside OpenSSH's: time to the first prompt, and the echo of a key.

Time to the prompt leaves out the start of the AWS CLI, which is the same whatever it calls: the
StartSession call is made by a client that is warm, then our plugin is started as the CLI does.
"""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import boto3
from tests.e2e.dev import BIN, Dev

from bench.figures import Figure, percentile, show
from bench.ssh import SshServer

__all__ = ["main"]

_ROUNDS = 7
_KEYS = 300
_WAIT_S = 20.0
_PROMPT = b"BENCH> "

Spawn = Callable[[], tuple[int, int]]


def _spawn(command: list[str], env: dict[str, str]) -> tuple[int, int]:
    pid, master = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, env)
    return pid, master


def _until(master: int, wanted: bytes) -> None:
    seen = b""
    deadline = time.monotonic() + _WAIT_S
    while wanted not in seen:
        ready, _, _ = select.select([master], [], [], deadline - time.monotonic())
        if not ready:
            raise TimeoutError(f"waited for {wanted!r}, saw {seen[-200:]!r}")
        seen += os.read(master, 65536)


def _end(pid: int, master: int) -> None:
    os.write(master, b"exit\r")
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        try:
            if not os.read(master, 65536):
                break
        except OSError:
            break
    os.close(master)
    os.waitpid(pid, 0)


def _ours(dev: Dev) -> Spawn:
    env = dev.environment()
    session = boto3.Session(
        aws_access_key_id=_key(dev, "aws_access_key_id"),
        aws_secret_access_key=_key(dev, "aws_secret_access_key"),
        region_name=dev.facts["region"],
    )
    ssm = session.client("ssm", endpoint_url=dev.facts["endpoint_url"])
    ssm.describe_instance_information()

    def spawn() -> tuple[int, int]:
        answer = ssm.start_session(Target=dev.node(0))
        kept = {name: answer[name] for name in ("SessionId", "TokenValue", "StreamUrl")}
        command = [
            str(BIN / "session-manager-plugin"), "AWS_SSM_START_SESSION_RESPONSE",
            dev.facts["region"], "StartSession", dev.facts["profiles"]["admin"],
            json.dumps({"Target": dev.node(0)}), dev.facts["endpoint_url"],
        ]  # fmt: skip
        return _spawn(command, env | {"AWS_SSM_START_SESSION_RESPONSE": json.dumps(kept)})

    return spawn


def _key(dev: Dev, name: str) -> str:
    done = subprocess.run(
        [str(BIN / "aws"), "configure", "get", name, "--profile", dev.facts["profiles"]["admin"]],
        env=dev.environment(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def _first_prompt(spawn: Spawn) -> float:
    began = time.monotonic()
    pid, master = spawn()
    _until(master, b"# " if os.geteuid() == 0 else b"$ ")
    took = time.monotonic() - began
    _end(pid, master)
    return took


class _Typist:
    """Types one key at a time into a shell and waits for each echo."""

    def __init__(self, spawn: Spawn) -> None:
        self._pid, self._master = spawn()
        _until(self._master, b"# " if os.geteuid() == 0 else b"$ ")
        os.write(self._master, b"PS1='BENCH''> '\r")
        _until(self._master, _PROMPT)

    def key(self) -> float:
        began = time.perf_counter()
        os.write(self._master, b"x")
        _until(self._master, b"x")
        return time.perf_counter() - began

    def clear(self) -> None:
        os.write(self._master, b"\x15")
        time.sleep(0.02)
        while select.select([self._master], [], [], 0.02)[0]:
            os.read(self._master, 65536)

    def close(self) -> None:
        _end(self._pid, self._master)


def main() -> list[Figure]:
    """Measure, print and return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ssh = SshServer(folder)
        dev = Dev(folder / "data", "--nodes", "1")
        try:
            figures = _measure(_ours(dev), lambda: _spawn(ssh.command("-tt"), dev.environment()))
        finally:
            dev.stop()
            ssh.stop()
    for figure in figures:
        show(figure)
    return figures


def _measure(ours: Spawn, peer: Spawn) -> list[Figure]:
    prompts: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        prompts[0].append(_first_prompt(ours))
        prompts[1].append(_first_prompt(peer))
    typists = _Typist(ours), _Typist(peer)
    keys: tuple[list[float], list[float]] = ([], [])
    for count in range(_KEYS):
        for typist, taken in zip(typists, keys, strict=True):
            taken.append(typist.key())
            if count % 60 == 59:
                typist.clear()
    for typist in typists:
        typist.close()
    return [
        Figure(
            name="start session to first prompt", unit="s", ours=percentile(prompts[0], 0.5),
            peer=percentile(prompts[1], 0.5), peer_name="ssh", limit=1.0,
        ),
        Figure(
            name="key echo p50", unit="ms", ours=percentile(keys[0], 0.5) * 1000,
            peer=percentile(keys[1], 0.5) * 1000, peer_name="ssh", limit=2.5,
        ),
        Figure(
            name="key echo p99", unit="ms", ours=percentile(keys[0], 0.99) * 1000,
            peer=percentile(keys[1], 0.99) * 1000, peer_name="ssh", limit=2.5,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
