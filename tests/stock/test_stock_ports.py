"""AWS's own CLI, plugin and agent forward ports: what passes, how it ends, what is on record."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest
from tests.stock.site import BIN, Site, StockAgent, free_port
from tests.stock.test_stock_documents import environment, words

ROUNDS = 6
AT_ONCE = 6
BODY = bytes(range(256)) * 400

HTTP = """
import http.server, sys
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("", {port}), Echo)
print("ready", flush=True)
server.serve_forever()
"""

SSHD = """
mount -t tmpfs none /run && mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e -f {config}
"""

Mooring = Callable[..., str]


@pytest.fixture
def mooring(site: Site) -> Mooring:
    """Run our CLI as the administrator."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(BIN / "mooring"), *arguments, "--endpoint-url", f"https://localhost:{site.port}"],
            env=environment(site, Path("/nowhere")), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    return run


def served(command: list[str]) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return server


def stop(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait()
    for stream in (server.stdout, server.stderr):
        if stream is not None:
            stream.close()


@pytest.fixture(scope="module")
def node_http(agent: StockAgent) -> Iterator[int]:
    """Serve HTTP in the node's network."""
    port = free_port()
    program = [sys.executable, "-c", HTTP.format(port=port)]
    server = served(["ip", "netns", "exec", agent.namespace.name, *program])
    yield port
    stop(server)


@pytest.fixture(scope="module")
def other_http() -> Iterator[int]:
    """Serve HTTP on this machine, which the node can reach."""
    port = free_port()
    server = served([sys.executable, "-c", HTTP.format(port=port)])
    yield port
    stop(server)


@pytest.fixture(scope="module")
def sshd(agent: StockAgent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Run an SSH server in the node's network: its port, and a key that it takes."""
    folder = tmp_path_factory.mktemp("sshd")
    port = free_port()
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    config = folder / "config"
    config.write_text(
        f"Port {port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\n"
    )
    script = SSHD.format(config=config)
    server = subprocess.Popen(
        ["ip", "netns", "exec", agent.namespace.name, "unshare", "-m", "sh", "-c", script],
        stderr=subprocess.PIPE,
    )
    assert server.stderr is not None
    while b"listening" not in server.stderr.readline():
        assert server.poll() is None
    yield port, folder / "user"
    stop(server)


class Forward:
    """One session of a stock plugin that forwards a port."""

    def __init__(
        self, site: Site, agent: StockAgent, binaries: Path, document: str, **more: str
    ) -> None:
        self.port = free_port()
        self.child: pexpect.spawn[str] = pexpect.spawn(
            str(BIN / "aws"),
            words(agent, document, localPortNumber=str(self.port), **more),
            env=environment(site, binaries),
            encoding="utf-8",
            timeout=30,
        )
        self.child.expect("Starting session with SessionId: ([^\r\n]+)")
        self.session_id = site.matched(self.child)
        self.child.expect("Waiting for connections")

    def ask(self, number: int) -> bool:
        """Send a request on a connection of its own; whether its own answer came back."""
        body = b"%06d" % number + BODY
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/", body)
        answer = connection.getresponse().read()
        connection.close()
        return hashlib.sha256(answer).digest() == hashlib.sha256(body).digest()

    def ask_at_once(self) -> list[bool]:
        """Send several requests at the same time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.ask, range(AT_ONCE)))

    def interrupt(self) -> None:
        """Press Ctrl-C and wait for the end."""
        self.child.sendintr()
        self.child.expect("Exiting session with sessionId")
        self.child.expect(pexpect.EOF)
        self.child.close()


def ended(site: Site, session_id: str) -> str:
    """Wait until a session is over; return how it ended."""
    site.wait_until(lambda: site.session(session_id, "History"), "the session is over")
    details = site.session(session_id, "History")["Details"]
    assert isinstance(details, str)
    return details


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_forward_carries_several_requests_at_once(
    site: Site, agent: StockAgent, binaries: Path, node_http: int, mooring: Mooring, _round: int
) -> None:
    forward = Forward(
        site, agent, binaries, "AWS-StartPortForwardingSession", portNumber=str(node_http)
    )

    assert all(forward.ask_at_once())

    forward.interrupt()
    assert ended(site, forward.session_id) == "the user left"
    verdict = json.loads(mooring("verify", forward.session_id, "--output", "json"))
    assert (verdict["Whole"], verdict["Reason"]) == (True, "the user left")
    shown = mooring("play", forward.session_id, "--speed", "1000")
    opened = re.findall(r"connection \d+ to localhost:(\d+) opened by the client", shown)
    assert opened == [str(node_http)] * AT_ONCE
    counts = re.findall(r"closed: ([\d,]+) bytes sent, ([\d,]+) bytes received", shown)
    assert len(counts) == AT_ONCE
    assert all(int(n.replace(",", "")) > len(BODY) for pair in counts for n in pair)
    assert "not followed" not in shown


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_forward_reaches_another_host(
    site: Site, agent: StockAgent, binaries: Path, other_http: int, mooring: Mooring, _round: int
) -> None:
    host = agent.namespace.outside
    forward = Forward(
        site, agent, binaries, "AWS-StartPortForwardingSessionToRemoteHost",
        host=host, portNumber=str(other_http),
    )  # fmt: skip

    assert all(forward.ask_at_once())

    forward.interrupt()
    assert ended(site, forward.session_id) == "the user left"
    assert f"to {host}:{other_http} opened" in mooring("play", forward.session_id)


def test_a_port_that_nobody_listens_on_is_told_and_noted(
    site: Site, agent: StockAgent, binaries: Path, mooring: Mooring
) -> None:
    forward = Forward(
        site, agent, binaries, "AWS-StartPortForwardingSession", portNumber=str(free_port())
    )

    with pytest.raises((http.client.HTTPException, OSError)):
        forward.ask(0)

    forward.child.expect("Connection to destination port failed")
    forward.interrupt()
    assert ended(site, forward.session_id) == "the user left"
    assert "the node could not connect to localhost" in mooring("play", forward.session_id)


def ssh_command(agent: StockAgent, port: int, key: Path) -> list[str]:
    proxy = (
        f"{BIN}/aws ssm start-session --target {agent.node_id} "
        f"--document-name AWS-StartSSHSession --parameters portNumber={port}"
    )
    options = {
        "ProxyCommand": proxy, "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null",
        "IdentitiesOnly": "yes", "BatchMode": "yes", "LogLevel": "ERROR",
    }  # fmt: skip
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", "-i", str(key), *given, "root@node"]


def newest_ssh(site: Site) -> str:
    """Return the id of the session that was started last."""
    for state in ("Active", "History"):
        found = site.client("ssm").describe_sessions(State=state)["Sessions"]
        ours = [row for row in found if row["DocumentName"] == "AWS-StartSSHSession"]
        if ours:
            return str(max(ours, key=lambda row: row["StartDate"])["SessionId"])
    raise AssertionError("no session")


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_ssh_runs_a_command_and_leaves_nothing_behind(
    site: Site,
    agent: StockAgent,
    binaries: Path,
    sshd: tuple[int, Path],
    mooring: Mooring,
    _round: int,
) -> None:
    done = subprocess.run(
        [*ssh_command(agent, *sshd), "cat; echo it-$((40+2))"],
        env=environment(site, binaries), input=BODY, capture_output=True, timeout=60, check=True,
    )  # fmt: skip

    assert done.stdout == BODY + b"it-42\n"
    session_id = newest_ssh(site)
    assert ended(site, session_id) == "the connection on the node ended"
    assert json.loads(mooring("verify", session_id, "--output", "json"))["Whole"]
    shown = mooring("play", session_id)
    assert f"connection 1 to localhost:{sshd[0]} opened" in shown
    assert "1 connection in all" in shown
    assert "it-42" not in shown


def runs(agent: StockAgent, words: str) -> bool:
    """Whether a process with these words in its command runs on the node."""
    pids = subprocess.run(
        ["ip", "netns", "pids", agent.namespace.name], check=True, capture_output=True, text=True
    )
    for pid in pids.stdout.split():
        with suppress(FileNotFoundError, ProcessLookupError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            if words.encode() in command:
                return True
    return False


@pytest.mark.timeout(200)
def test_ssh_that_is_killed_leaves_nothing_behind(
    site: Site, agent: StockAgent, binaries: Path, sshd: tuple[int, Path]
) -> None:
    client = subprocess.Popen(
        [*ssh_command(agent, *sshd), "echo ready; sleep 600"],
        env=environment(site, binaries), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    session_id = newest_ssh(site)
    assert site.session(session_id, "Active")
    assert runs(agent, "@notty")

    os.killpg(client.pid, signal.SIGKILL)
    stop(client)

    assert client.stdin is not None
    client.stdin.close()
    site.wait_until(lambda: site.session(session_id, "History"), "the session is over", 120)
    assert site.session(session_id, "History")["Details"] == "the client did not come back"
    # What it started without a terminal goes on, as sshd has it; the connection is gone.
    site.wait_until(lambda: not runs(agent, "@notty"), "the node has let go of it")
