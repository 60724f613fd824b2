"""What the server explains is told in lines, certain things first."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from tests.cli.plugin.gateway import ROOT, environment

from mooring.cli.explain import ContextUnreadable, read_context, who_lines, why_lines

ANN = "arn:aws:iam::111122223333:user/ann"
NODE, NODE_ARN = "i-0123456789abcdef0", "arn:aws:ec2:r:111122223333:instance/i-0123456789abcdef0"
SHELL, SSH = "SSM-SessionManagerRunShell", "AWS-StartSSHSession"
STATEMENT = {
    "PolicyName": "inline-0",
    "PolicyKind": "identity",
    "AttachedTo": "user/ann",
    "Number": 1,
    "Sid": "Start",
    "Effect": "Allow",
    "Answer": "only-if",
    "StartPosition": {"Line": 3, "Column": 17},
    "EndPosition": {"Line": 8, "Column": 6},
    "Text": "{}",
}
DOUBT = {
    "PrincipalArn": ANN,
    "Action": "ssm:StartSession",
    "Resources": [NODE_ARN],
    "Answer": "only-if",
    "Requirements": ["aws:sourceip is in `10.0.0.0/8`"],
    "Statements": [STATEMENT],
}
DENIAL = {
    "PrincipalArn": ANN,
    "Action": "ssm:StartSession",
    "Resources": [NODE_ARN],
    "Answer": "no",
    "Message": "User: ann is not authorized",
    "NearMisses": [
        {"PolicyName": "p", "Number": 2, "Text": "{}", "Because": "it is for other resources"}
    ],
    "Changes": [
        {"Kind": "add", "PolicyKind": "identity", "Text": "allow it", "Statement": "{...}"},
        {"Kind": "replace", "PolicyKind": "scp", "Text": "spare her", "Statement": "{}"},
    ],
}


def session(document: str, answer: str, **more: object) -> dict[str, object]:
    return {"DocumentName": document, "Answer": answer, **more}


ACCESS: dict[str, Any] = {
    "NodeId": NODE,
    "NodeArn": NODE_ARN,
    "Principals": [
        {
            "PrincipalArn": ANN,
            "PrincipalType": "user",
            "Sessions": [
                session(SHELL, "yes", Statements=[STATEMENT]),
                session(SSH, "yes", Statements=[STATEMENT]),
            ],
        },
        {
            "PrincipalArn": ANN.replace("ann", "team/bob"),
            "PrincipalType": "user",
            "Sessions": [
                session(SHELL, "only-if", Requirements=["x is `1`", "y is there"]),
                session(SSH, "no", DeniedBy="identity", Explicit=False),
            ],
            "Paths": [
                {
                    "Steps": [
                        {"RoleArn": "arn:aws:iam::111122223333:role/First", "Answer": "yes"},
                        {
                            "RoleArn": "arn:aws:iam::111122223333:role/Ops",
                            "Answer": "only-if",
                            "Requirements": ["z is `2`"],
                        },
                    ],
                    "Sessions": [session(SHELL, "no"), session(SSH, "only-if")],
                }
            ],
        },
        {
            "PrincipalArn": ANN.replace("ann", "eve"),
            "PrincipalType": "user",
            "Sessions": [session(SHELL, "no", DeniedBy="scp", Explicit=True)],
        },
    ],
    "Outsiders": [
        {
            "Name": "999999999999",
            "Kind": "account",
            "RoleArn": "arn:aws:iam::111122223333:role/Ops",
            "Sessions": [session(SHELL, "only-if")],
        }
    ],
}


def test_a_doubt_is_told_with_all_that_must_be_so() -> None:
    assert list(why_lines(DOUBT)) == [
        f"only if: {ANN} may ssm:StartSession on {NODE_ARN}",
        "only if all of this is so:",
        "  - aws:sourceip is in `10.0.0.0/8`",
        "these statements speak:",
        "  - Allow by identity policy inline-0 of user/ann, statement 1 `Start` (line 3), "
        "if what is above is so",
    ]


def test_a_denial_is_told_with_what_to_change() -> None:
    assert list(why_lines(DENIAL)) == [
        f"no: {ANN} may not ssm:StartSession on {NODE_ARN}",
        "  User: ann is not authorized",
        "these nearly allow it:",
        "  - policy p, statement 2: it is for other resources",
        "to allow it, do all of this:",
        "  - allow it: add {...}",
        "  - spare her: put in its place {}",
    ]


def test_who_reaches_a_node_is_told_line_by_line() -> None:
    assert list(who_lines(ACCESS, with_all=False)) == [
        f"{NODE} ({NODE_ARN})",
        f"yes      user/ann: {SHELL}, {SSH} (by policy inline-0 statement 1)",
        f"only if  user/team/bob: {SHELL} if x is `1`; y is there",
        f"only if  user/team/bob taking First -> Ops: {SSH} if z is `2`",
        "whom roles that reach it trust, from outside the account:",
        "  - account 999999999999, by the role Ops",
        "1 more may start no session; --all shows them",
    ]


def test_who_may_not_is_told_when_asked_for() -> None:
    lines = list(who_lines(ACCESS, with_all=True))

    assert f"no       user/eve: {SHELL} (a deny in the scp policies)" in lines
    assert f"no       user/team/bob: {SSH} (nothing allows it in the identity policies)" in lines


def test_context_is_read_key_by_key() -> None:
    assert read_context(["aws:TagKeys=a", "aws:TagKeys=b", "aws:SourceIp=::1"]) == [
        {"Key": "aws:TagKeys", "Values": ["a", "b"]},
        {"Key": "aws:SourceIp", "Values": ["::1"]},
    ]
    with pytest.raises(ContextUnreadable, match="context `SourceIp=1`, expected"):
        read_context(["SourceIp=1"])


class Table(BaseHTTPRequestHandler):
    """Answers by the operation's name; two pages of principals."""

    calls: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012  # shared on purpose
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        operation = self.headers["x-amz-target"].partition(".")[2]
        self.calls.append((operation, body))
        content = json.dumps(self.table(operation, body)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def table(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "DescribeInstanceInformation":
            return {"InstanceInformationList": [{"InstanceId": NODE, "Name": "web-1"}]}
        if operation == "ExplainAccess":
            return DENIAL
        if "NextToken" in body:
            return {**ACCESS, "Principals": ACCESS["Principals"][2:], "Outsiders": []}
        return {**ACCESS, "Principals": ACCESS["Principals"][:2], "NextToken": "more"}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    Table.calls.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Table)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def mooring(*arguments: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    where = ["--endpoint-url", endpoint, "--region", "moon-1"]
    return subprocess.run(  # our own program
        [sys.executable, "-m", "mooring.cli.main", *arguments, *where],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(),
        timeout=30,
    )


def test_why_asks_for_a_node_by_its_name(endpoint: str) -> None:
    asked = ["--principal", ANN, "--action", "ssm:StartSession", "--resource", "web-1"]
    more = ["--document", SSH, "--context", "aws:SourceIp=10.0.0.1"]

    result = mooring("why", *asked, *more, endpoint=endpoint)

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == list(why_lines(DENIAL))
    assert Table.calls[-1] == (
        "ExplainAccess",
        {
            "PrincipalArn": ANN,
            "Action": "ssm:StartSession",
            "Resource": NODE,
            "DocumentName": SSH,
            "Context": [{"Key": "aws:SourceIp", "Values": ["10.0.0.1"]}],
        },
    )


def test_who_shows_every_page_as_one(endpoint: str) -> None:
    lines = mooring("who", "--node", NODE, endpoint=endpoint)
    whole = mooring("who", "--node", "web-1", "--output", "json", endpoint=endpoint)

    assert lines.stdout.splitlines() == list(who_lines(ACCESS, with_all=False))
    assert json.loads(whole.stdout)["Principals"] == ACCESS["Principals"]


def test_a_context_that_cannot_be_read_is_told_in_one_line(endpoint: str) -> None:
    asked = ["--principal", ANN, "--action", "ssm:StartSession", "--context", "x"]

    result = mooring("why", *asked, endpoint=endpoint)

    assert (result.returncode, result.stderr) == (
        1,
        "mooring: context `x`, expected `aws:Key=value`\n",
    )
