"""A port of a node on a port of this machine, through the stock AWS CLI and any plugin."""

from __future__ import annotations

import http.server
import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pexpect
from tests.e2e.dev import BIN, Dev

__all__ = ["Forwarded", "echo_server", "forwarded"]


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echo_server() -> Iterator[int]:
    """Answer each POST with its body, on a port of loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class Forwarded:
    """A forward under way."""

    def __init__(self, dev: Dev, remote_port: int, plugin_folder: Path | None) -> None:
        parameters = {"portNumber": [str(remote_port)], "localPortNumber": ["0"]}
        self._child: pexpect.spawn[str] = pexpect.spawn(
            str(BIN / "aws"),
            ["--profile", "admin", "ssm", "start-session", "--target", dev.node(0),
             "--document-name", "AWS-StartPortForwardingSession",
             "--parameters", json.dumps(parameters)],
            env=dev.environment(plugin_folder=plugin_folder),
            encoding="utf-8",
            timeout=30,
        )  # fmt: skip
        self._child.expect("Port ([0-9]+) opened for sessionId ([^.\r\n]+)")
        found = self._child.match
        assert isinstance(found, re.Match)
        self.port, self.session_id = int(found.group(1)), str(found.group(2))
        self._child.expect("Waiting for connections")

    def ask(self, body: bytes, *, timeout_s: float = 30) -> bytes:
        """Send a body through the forward and return what came back."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", data=body)
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 loopback
            got: bytes = answer.read()
            return got

    def ask_at_once(self, bodies: list[bytes]) -> list[bytes]:
        """Send many bodies over connections of their own at the same time."""
        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(self.ask, bodies))

    def leave(self) -> str:
        """End it as Ctrl-C does, and return what was printed last."""
        self._child.sendintr()
        self._child.expect(pexpect.EOF)
        self._child.close()
        assert self._child.exitstatus == 0
        return self._child.before or ""

    def kill(self) -> None:
        """End it whatever happened."""
        self._child.close(force=True)


@contextmanager
def forwarded(
    dev: Dev, remote_port: int, *, plugin_folder: Path | None = None
) -> Iterator[Forwarded]:
    """Forward for as long as the block."""
    running = Forwarded(dev, remote_port, plugin_folder)
    try:
        yield running
    finally:
        running.kill()
