"""The command line as a process, against a server that answers from a table."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.cli.plugin.gateway import ROOT, environment
from tests.cli.test_audit import exported
from tests.cli.test_recording import PARTS, PUBLIC, SESSION, recorded

from mooring import __version__

NODES = [
    {"InstanceId": "i-0000000000000000a", "Name": "web-1", "PingStatus": "Online"},
    {"InstanceId": "i-0000000000000000b", "Name": "db-1", "PingStatus": "Online"},
    {"InstanceId": "i-0000000000000000c", "Name": "db-1", "ComputerName": "web-1"},
]


class Table(BaseHTTPRequestHandler):
    """Answers by the operation's name; two pages of nodes."""

    segments = recorded(*PARTS)
    calls: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012  # shared on purpose

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/mooring/keys.json":
            self.answer({"keys": {"key-1": PUBLIC}})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        operation = self.headers["x-amz-target"].partition(".")[2]
        self.calls.append((operation, body))
        self.answer(self.table(operation, body))

    def table(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "DescribeInstanceInformation":
            first = {"InstanceInformationList": NODES[:1], "NextToken": "more"}
            return {"InstanceInformationList": NODES[1:]} if body.get("NextToken") else first
        if operation == "DescribeSessions":
            return {"Sessions": [{"SessionId": SESSION, "StartDate": 1.7e9, "Status": "Connected"}]}
        if operation == "GetRecording":
            return {"Segments": [{"Index": 1}, {"Index": 0}]}
        if operation == "ExportAuditEvents":
            return exported(body["After"], body["HeadsAfter"])
        if operation == "GetRecordingSegment":
            return {"Content": base64.b64encode(self.segments[body["Index"]]).decode()}
        return {
            "SessionId": SESSION,
            "TokenValue": "t",
            "StreamUrl": f"ws://{self.headers['host']}/x",
        }

    def answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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


def mooring(*arguments: str, endpoint: str = "") -> subprocess.CompletedProcess[str]:
    where = ["--endpoint-url", endpoint, "--region", "moon-1"] if endpoint else []
    return subprocess.run(  # our own program
        [sys.executable, "-m", "mooring.cli.main", *arguments, *where],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(),
        timeout=30,
    )


def test_the_version() -> None:
    result = mooring("--version")

    assert (result.stdout, result.returncode) == (f"mooring {__version__}\n", 0)


def test_nodes_of_all_pages_are_listed(endpoint: str) -> None:
    table = mooring("nodes", endpoint=endpoint)
    listed = mooring("nodes", "--output", "json", endpoint=endpoint)

    assert "web-1" in table.stdout
    assert [node["InstanceId"] for node in json.loads(listed.stdout)] == [
        node["InstanceId"] for node in NODES
    ]


@pytest.mark.parametrize(("more", "state"), [([], "Active"), (["--history"], "History")])
def test_sessions_are_listed(endpoint: str, more: list[str], state: str) -> None:
    result = mooring("sessions", *more, endpoint=endpoint)

    assert SESSION in result.stdout
    assert Table.calls == [("DescribeSessions", {"State": state})]


def test_a_session_is_started_by_name_and_held_by_our_plugin(endpoint: str) -> None:
    result = mooring("start", "web-1", "--reason", "look", endpoint=endpoint)

    body = {"Target": "i-0000000000000000a", "Reason": "look"}
    assert ("StartSession", body) in Table.calls
    assert f"Starting session with SessionId: {SESSION}" in result.stdout
    assert "Cannot perform start session: expected status 101, got 404" in result.stderr
    assert result.returncode == 1


def test_an_id_needs_no_look_up(endpoint: str) -> None:
    mooring("start", "mi-0000000000000000a", endpoint=endpoint)

    assert Table.calls[0] == ("StartSession", {"Target": "mi-0000000000000000a"})


@pytest.mark.parametrize(
    ("name", "text"), [("nobody", "no node is named `nobody`"), ("db-1", "2 nodes are named")]
)
def test_a_name_that_is_none_or_many_is_told(endpoint: str, name: str, text: str) -> None:
    result = mooring("start", name, endpoint=endpoint)

    assert result.stderr.startswith(f"mooring: {text}")
    assert result.returncode == 1


def test_a_recording_is_replayed(endpoint: str) -> None:
    result = mooring("play", SESSION, "--idle-limit", "0", endpoint=endpoint)

    assert result.stdout == "one\ntwo three\nend"


def test_the_exact_bytes_go_to_a_file(endpoint: str) -> None:
    result = mooring("play", SESSION, "--raw", endpoint=endpoint)

    assert "\x1b]52;c;eA==\x07" in result.stdout


def test_a_whole_recording_verifies(endpoint: str) -> None:
    result = mooring("verify", SESSION, endpoint=endpoint)

    assert result.stdout == f"{SESSION}: whole, 2 segments, signed\n"
    assert result.returncode == 0


def test_a_broken_one_does_not(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [Table.segments[0].replace(b"one", b"two"), Table.segments[1]]
    monkeypatch.setattr(Table, "segments", changed)

    text = mooring("verify", SESSION, endpoint=endpoint)
    listed = mooring("verify", SESSION, "--output", "json", endpoint=endpoint)

    assert "altered, segment 0" in text.stdout
    assert (text.returncode, listed.returncode) == (1, 1)
    assert json.loads(listed.stdout)["BrokenSegment"] == 0


def test_pinned_keys_count_and_not_the_server_s(endpoint: str, tmp_path: Path) -> None:
    pinned = tmp_path / "keys.json"
    pinned.write_text(json.dumps({"keys": {"key-1": base64.b64encode(bytes(32)).decode()}}))

    result = mooring("verify", SESSION, "--keys", str(pinned), endpoint=endpoint)

    assert "wrong key" in result.stdout
    assert result.returncode == 1


def test_the_audit_log_verifies_and_is_kept_for_a_check_without_a_server(
    endpoint: str, tmp_path: Path
) -> None:
    kept, pinned = tmp_path / "audit.jsonl", tmp_path / "keys.json"
    pinned.write_text(json.dumps({"keys": {"key-1": PUBLIC}}))

    online = mooring("verify", "--audit", "--save", str(kept), endpoint=endpoint)
    again = mooring("verify", "--audit", "--save", str(kept), endpoint=endpoint)
    offline = mooring("verify", "--audit", "--file", str(kept), "--keys", str(pinned))

    expected = "audit log: whole, 5 events, signed up to event 3 at 2026-01-02T03:04:05+00:00\n"
    assert [result.stdout for result in (online, again, offline)] == [expected] * 3
    assert online.returncode == again.returncode == offline.returncode == 0


def test_an_altered_audit_log_exits_with_1_and_names_the_event(
    endpoint: str, tmp_path: Path
) -> None:
    kept, pinned = tmp_path / "audit.jsonl", tmp_path / "keys.json"
    pinned.write_text(json.dumps({"keys": {"key-1": PUBLIC}}))
    mooring("verify", "--audit", "--save", str(kept), endpoint=endpoint)
    kept.write_text(kept.read_text().replace("Event 4", "Event X"))

    text = mooring("verify", "--audit", "--file", str(kept), "--keys", str(pinned))
    listed = mooring(
        "verify", "--audit", "--file", str(kept), "--keys", str(pinned), "--output", "json"
    )

    assert text.stdout == "audit log: broken, event 4: the event was altered\n"
    assert (text.returncode, listed.returncode) == (1, 1)
    assert json.loads(listed.stdout)["BrokenEvent"] == 4


@pytest.mark.parametrize(
    "arguments", [(), (SESSION, "--audit"), ("--audit", "--file", "f"), ("--file", "f")]
)
def test_verify_wants_one_thing_to_verify(arguments: tuple[str, ...]) -> None:
    assert mooring("verify", *arguments).returncode == 2


def test_a_server_that_is_away_is_told_in_one_line() -> None:
    result = mooring("nodes", endpoint="http://127.0.0.1:1")

    assert result.stderr.startswith("mooring: cannot reach `127.0.0.1:1`")
    assert result.stderr.count("\n") == 1
    assert result.returncode == 1


def test_a_wrong_command_line_is_told() -> None:
    assert mooring("nodes", "--output", "xml").returncode == 2
