"""AWS's own CLI, plugin and agent in every document that comes with the service."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from tests.stock.site import BIN, REGION, Site, StockAgent, free_port

ECHO = """
import socket, threading
def serve(peer):
    with peer:
        while data := peer.recv(65536):
            peer.sendall(data.upper())
with socket.create_server(("", {port})) as server:
    print("ready", flush=True)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


def environment(site: Site, binaries: Path) -> dict[str, str]:
    return {
        "PATH": f"{binaries}:{BIN}:/usr/bin:/bin",
        "HOME": str(site.folder),
        "AWS_ENDPOINT_URL": f"https://localhost:{site.port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": site.made["admin"]["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": site.made["admin"]["secret_access_key"],
        "AWS_CA_BUNDLE": site.made["ca_file"],
        "SSL_CERT_FILE": site.made["ca_file"],
        "TERM": "xterm",
        "LANG": "C.UTF-8",
    }


def words(agent: StockAgent, document: str, **parameters: str) -> list[str]:
    given = json.dumps({name: [value] for name, value in parameters.items()})
    return [
        "ssm", "start-session", "--target", agent.node_id,
        "--document-name", document, "--parameters", given,
    ]  # fmt: skip


Run = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def run(site: Site, agent: StockAgent, binaries: Path) -> Iterator[Run]:
    """Start sessions on terminals, and end them with the test."""
    children: list[pexpect.spawn[str]] = []

    def start(document: str, **parameters: str) -> pexpect.spawn[str]:
        child: pexpect.spawn[str] = pexpect.spawn(
            str(BIN / "aws"),
            words(agent, document, **parameters),
            env=environment(site, binaries),
            encoding="utf-8",
            timeout=30,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.close(force=True)


@pytest.fixture(scope="module")
def echo_port(agent: StockAgent) -> Iterator[int]:
    """Serve upper-case echoes on the node."""
    port = free_port()
    server = subprocess.Popen(
        ["ip", "netns", "exec", agent.namespace.name, sys.executable, "-c", ECHO.format(port=port)],
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    yield port
    server.kill()
    server.wait()
    server.stdout.close()


@contextmanager
def echo_here() -> Iterator[int]:
    """Serve one echo on this machine, which the node can reach."""
    with socket.create_server(("", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                while data := peer.recv(65536):
                    peer.sendall(data.upper())

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=30)


def ask(address: tuple[str, int] | str, text: bytes) -> bytes:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(30)
        client.connect(address)
        client.sendall(text)
        answer = b""
        while len(answer) < len(text):
            piece = client.recv(65536)
            assert piece, answer
            answer += piece
        return answer


def test_an_interactive_command_runs_on_a_terminal_and_ends(run: Run) -> None:
    child = run("AWS-StartInteractiveCommand", command="tty; echo it-$((40+2))-$USER")

    child.expect("/dev/pts/[0-9]+")
    child.expect("it-42-")
    child.expect("Exiting session with sessionId")
    child.expect(pexpect.EOF)


def test_a_command_without_a_terminal_keeps_its_streams_apart(run: Run) -> None:
    child = run(
        "AWS-StartNonInteractiveCommand",
        command='sh -c "echo one; echo two >&2; exit 7"',
        separateOutputStream="true",
        stdErrSeparatorPrefix="ERR:",
    )

    child.expect("EXIT_CODE: 7")
    seen = child.before or ""
    assert "one" in seen
    assert "ERR:two" in seen
    child.expect("Exiting session with sessionId")


def test_a_password_is_asked_for_on_the_node(run: Run) -> None:
    child = run("AWS-PasswordReset", username="nobody-of-this-name")

    child.expect("passwd: user 'nobody-of-this-name' does not exist")


def test_a_port_of_the_node_is_forwarded(run: Run, echo_port: int) -> None:
    local = free_port()
    child = run(
        "AWS-StartPortForwardingSession",
        portNumber=str(echo_port),
        localPortNumber=str(local),
    )
    child.expect("Waiting for connections")

    assert ask(("127.0.0.1", local), b"hello") == b"HELLO"
    assert ask(("127.0.0.1", local), b"again" * 9000) == b"AGAIN" * 9000


def test_a_port_of_another_host_is_forwarded(run: Run, agent: StockAgent) -> None:
    local = free_port()
    with echo_here() as port:
        child = run(
            "AWS-StartPortForwardingSessionToRemoteHost",
            host=agent.namespace.outside,
            portNumber=str(port),
            localPortNumber=str(local),
        )
        child.expect("Waiting for connections")

        assert ask(("127.0.0.1", local), b"hello") == b"HELLO"


def test_a_unix_socket_is_forwarded(run: Run, echo_port: int, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    child = run(
        "AWS-StartPortForwardingSessionToSocket", portNumber=str(echo_port), localUnixSocket=path
    )
    child.expect(f"Unix socket {path} opened")
    child.expect("Waiting for connections")

    assert ask(path, b"hello") == b"HELLO"


def test_an_ssh_session_is_one_stream(
    site: Site, agent: StockAgent, binaries: Path, echo_port: int
) -> None:
    client = subprocess.Popen(
        [str(BIN / "aws"), *words(agent, "AWS-StartSSHSession", portNumber=str(echo_port))],
        env=environment(site, binaries),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert client.stdin is not None
    assert client.stdout is not None

    # What ssh does: it speaks first, and skips the lines that come before the server's.
    client.stdin.write(b"SSH-2.0-test\r\n")
    client.stdin.flush()
    seen = b""
    while b"SSH-2.0-TEST\r\n" not in seen:
        line = client.stdout.readline()
        assert line, seen
        seen += line

    client.stdin.close()
    client.wait(timeout=30)
    client.stdout.close()
    assert client.returncode == 0


def test_preferences_reach_the_shell(site: Site, run: Run) -> None:
    ssm = site.client("ssm")
    content = {
        "schemaVersion": "1.0",
        "sessionType": "Standard_Stream",
        "inputs": {"shellProfile": {"linux": "echo profile-$((20+22))"}},
    }
    ssm.create_document(
        Name="SSM-SessionManagerRunShell", DocumentType="Session", Content=json.dumps(content)
    )

    child = run("SSM-SessionManagerRunShell")

    child.expect("profile-42")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    ssm.delete_document(Name="SSM-SessionManagerRunShell")


def test_a_document_of_the_account_bounds_what_may_be_run(site: Site, run: Run) -> None:
    content = {
        "schemaVersion": "1.0",
        "sessionType": "InteractiveCommands",
        "parameters": {"name": {"type": "String", "allowedPattern": "^[a-z]+$"}},
        "properties": {"linux": {"commands": "echo hello-{{ name }}", "runAsElevated": False}},
    }
    site.client("ssm").create_document(
        Name="Greet", DocumentType="Session", Content=json.dumps(content)
    )

    refused = run("Greet", name="x; id")
    greeted = run("Greet", name="world")

    refused.expect("InvalidParameters")
    greeted.expect("hello-world")
