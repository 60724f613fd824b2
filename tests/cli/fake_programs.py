"""A server and an agent of a few lines, to see how ``mooring dev`` handles programs.

``python fake_programs.py server|agent …`` with the arguments of the real ones. The server keeps
what it was told in one file; no signature is checked.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from urllib.request import urlopen

IAM_ANSWERS = {
    "CreateUser": "<CreateUserResult><User><UserName>limited</UserName></User></CreateUserResult>",
    "PutUserPolicy": "",
    "ListAccessKeys": "<ListAccessKeysResult><AccessKeyMetadata/></ListAccessKeysResult>",
    "CreateAccessKey": (
        "<CreateAccessKeyResult><AccessKey><AccessKeyId>AKIALIMITED</AccessKeyId>"
        "<SecretAccessKey>limited secret</SecretAccessKey></AccessKey></CreateAccessKeyResult>"
    ),
}


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


class Known:
    """What the server keeps, over its restarts."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "known.json"
        self.all: dict[str, Any] = {"nodes": {}, "policies": [], "calls": []}
        with contextlib.suppress(FileNotFoundError):
            self.all = json.loads(self.path.read_text())

    def keep(self) -> None:
        self.path.write_text(json.dumps(self.all))


class Door(BaseHTTPRequestHandler):
    """Answers AWS's clients and the agents below."""

    known: Known

    def do_GET(self) -> None:
        """An agent says that it has registered, or is there."""
        what, activation = self.path.strip("/").split("/")
        node = self.known.all["nodes"].setdefault(activation, {})
        node[what] = True
        self.answer("application/json", "{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        target = self.headers.get("x-amz-target", "")
        if target:
            operation = target.partition(".")[2]
            self.note(operation)
            self.answer("application/x-amz-json-1.1", json.dumps(self.ssm(operation, body)))
            return
        form = parse_qs(body)
        operation = form["Action"][0]
        self.note(operation)
        if operation == "PutUserPolicy":
            self.known.all["policies"].append(form["PolicyDocument"][0])
        self.answer("text/xml", f"<X>{IAM_ANSWERS[operation]}</X>")

    def ssm(self, operation: str, body: str) -> dict[str, Any]:
        if operation == "CreateActivation":
            name = json.loads(body)["DefaultInstanceName"]
            return {"ActivationId": f"activation-of-{name}", "ActivationCode": "code"}
        return {
            "InstanceInformationList": [
                {
                    "InstanceId": f"i-{number:017x}",
                    "ActivationId": activation,
                    "PingStatus": "Online" if node.get("online") else "Inactive",
                }
                for number, (activation, node) in enumerate(self.known.all["nodes"].items(), 1)
            ]
        }

    def note(self, operation: str) -> None:
        self.known.all["calls"].append(operation)

    def answer(self, kind: str, body: str) -> None:
        self.known.keep()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


def serve() -> None:
    data_dir = Path(option("--data-dir"))
    if sys.argv[2] == "sign-in":
        sys.stdout.write(json.dumps({"sign_in_url_path": "/auth/sign-in?token=y"}))
        return
    if sys.argv[2] == "init":
        data_dir.mkdir()
        made = {
            "account_id": "123456789012",
            "region": option("--region"),
            "domain": "mooring.test",
            "sign_in_url_path": "/auth/sign-in?token=x",
            "admin": {"access_key_id": "AKIAADMIN", "secret_access_key": "admin secret"},
            "ca_file": str(data_dir / "ca.pem"),
        }
        sys.stdout.write(json.dumps(made))
        return
    Door.known = Known(data_dir)
    (data_dir / "pid").write_text(str(os.getpid()))
    server = HTTPServer(("", 0), Door, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(option("--plain-fd")))
    server.server_name, server.server_port = "localhost", 0
    socket.socket(fileno=int(option("--tls-fd"))).detach()
    server.serve_forever()


def act() -> None:
    state_dir = Path(option("--state-dir"))
    if sys.argv[2] == "register":
        state_dir.mkdir(parents=True)
        (state_dir / "activation").write_text(option("--activation-id"))
        tell(option("--endpoint"), f"registered/{option('--activation-id')}")
        return
    activation = (state_dir / "activation").read_text()
    tell(os.environ["MOORING_AGENT_ENDPOINT"], f"online/{activation}")
    (state_dir / "pid").write_text(str(os.getpid()))
    # A session process: it leaves the agent's session, and a hang-up is not for it.
    session = subprocess.Popen([sys.executable, __file__, "session"], start_new_session=True)
    (state_dir / "session").write_text(str(session.pid))
    time.sleep(600)


def tell(endpoint: str, what: str) -> None:
    urlopen(f"{endpoint}/{what}").close()  # noqa: S310  # our own server


def hold() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    time.sleep(600)


if __name__ == "__main__":
    {"server": serve, "agent": act, "session": hold}[sys.argv[1]]()
