"""Ports of a node through the stock AWS CLI and our own ends: forwards, ssh, and their record."""

import hashlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from bench.ssh import SshServer
from tests.e2e.dev import BIN, Dev
from tests.e2e.forwarding import echo_server, forwarded

MEBIBYTE = hashlib.sha256(b"seed").digest() * (2**20 // 32)


def mooring(dev: Dev, *words: str) -> str:
    done = subprocess.run(
        [str(BIN / "mooring"), *words],
        env=dev.environment() | {"AWS_PROFILE": "admin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_many_connections_at_once_and_the_record_of_them(dev: Dev) -> None:
    with echo_server() as port, forwarded(dev, port) as through:
        bodies = [MEBIBYTE + b"%d" % number for number in range(8)]

        assert through.ask_at_once(bodies) == bodies

        last = through.leave()
    record = mooring(dev, "play", through.session_id)
    assert f"Exiting session with sessionId: {through.session_id}" in last
    assert f"connects to localhost:{port}" in record
    assert "8 connections in all" in record
    assert "whole" in mooring(dev, "verify", through.session_id)


def test_a_target_that_does_not_listen_is_told_and_the_forward_stays(dev: Dev) -> None:
    with echo_server() as port:
        pass
    with forwarded(dev, port) as through:
        with pytest.raises(OSError, match=r"closed connection|reset|Remote end"):
            through.ask(b"anybody?")
        assert "Connection to destination port failed" in through.leave()


def test_a_forward_survives_a_crash_of_the_server(dev: Dev) -> None:
    with echo_server() as port, forwarded(dev, port) as through:
        assert through.ask(b"before") == b"before"

        os.kill(dev.server_pid(), signal.SIGKILL)

        assert through.ask(MEBIBYTE, timeout_s=60) == MEBIBYTE
        through.leave()


def test_ssh_and_scp_go_through_a_session(dev: Dev, tmp_path: Path) -> None:
    dev.wait_until_online()
    server = SshServer(tmp_path)
    try:
        proxy = (
            f"ProxyCommand={BIN}/aws --profile admin ssm start-session --target {dev.node(0)} "
            f"--document-name AWS-StartSSHSession --parameters portNumber={server.port}"
        )
        ran = subprocess.run(
            [*server.command("-o", proxy), "cat; echo over ssh"],
            env=dev.environment(), input=MEBIBYTE, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        server.stop()

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == MEBIBYTE + b"over ssh\n"
