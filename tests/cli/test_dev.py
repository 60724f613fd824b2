"""``mooring dev`` brings everything up, tells scripts, keeps it up and takes it all down again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.cli.started import Started, driver, is_alive, wait_until

from mooring.cli.dev import node_names

MOORING = (sys.executable, "-m", "mooring.cli.main")
FILES = ("pid", "session")
KEYS = {
    "endpoint_url", "tls_endpoint_url", "console_url", "sign_in_url", "region", "account_id",
    "ca_file", "service_domain", "aws_config_file", "aws_shared_credentials_file", "profiles",
    "nodes",
}  # fmt: skip


def up(run: Started, folder: Path) -> dict[str, Any]:
    run.reads("Mooring is running")
    contract: dict[str, Any] = json.loads((folder / "dev.json").read_text())
    return contract


def known(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "server/known.json").read_text())
    return found


def number(path: Path) -> int:
    return int(path.read_text())


def test_it_tells_scripts_where_everything_is(tmp_path: Path) -> None:
    with driver("dev", str(tmp_path), "0", "2") as run:
        contract = up(run, tmp_path)
        line = run.reads("aws --profile limited ssm start-session")
        run.process.terminate()
        run.ends()

    port = contract["endpoint_url"].rpartition(":")[2]
    assert set(contract) == KEYS
    assert contract["console_url"] == f"http://localhost:{port}/console/"
    assert contract["sign_in_url"] == f"http://localhost:{port}/auth/sign-in?token=x"
    assert contract["service_domain"].startswith("mooring.test:")
    assert contract["profiles"] == {"admin": "admin", "limited": "limited"}
    assert [node["name"] for node in contract["nodes"]] == ["web-1", "db-1"]
    assert line.startswith("PATH=")
    assert line.rstrip().endswith(contract["nodes"][0]["instance_id"])


def test_the_profiles_are_ready_to_use(tmp_path: Path) -> None:
    with driver("dev", str(tmp_path), "0", "1") as run:
        contract = up(run, tmp_path)
        run.process.terminate()
        run.ends()

    config = Path(contract["aws_config_file"]).read_text()
    credentials = Path(contract["aws_shared_credentials_file"])
    assert (
        f"[profile limited]\nregion = moon-1\nendpoint_url = {contract['endpoint_url']}" in config
    )
    assert "[limited]\naws_access_key_id = AKIALIMITED" in credentials.read_text()
    assert credentials.stat().st_mode & 0o777 == 0o600


def test_the_limited_user_may_reach_the_first_node_and_nothing_else_is_changed(
    tmp_path: Path,
) -> None:
    with driver("dev", str(tmp_path), "0", "2") as run:
        contract = up(run, tmp_path)
        run.process.terminate()
        run.ends()

    statements = json.loads(known(tmp_path)["policies"][0])["Statement"]
    node = contract["nodes"][0]["instance_id"]
    assert statements[0]["Resource"] == [f"arn:aws:ec2:moon-1:123456789012:instance/{node}"]
    assert statements[1]["Resource"] == "*"
    assert statements[2]["Resource"] == ["arn:aws:ssm:*:*:session/${aws:userid}-*"]


def test_a_stop_leaves_no_process_and_no_contract(tmp_path: Path) -> None:
    with driver("dev", str(tmp_path), "0", "2") as run:
        up(run, tmp_path)
        wait_until(lambda: (tmp_path / "nodes/db-1/session").exists())
        left = [number(tmp_path / "server/pid")]
        left += [number(tmp_path / f"nodes/{n}/{f}") for n in ("web-1", "db-1") for f in FILES]
        began = time.monotonic()
        run.process.send_signal(signal.SIGINT)
        run.ends()
        took_s = time.monotonic() - began

    assert took_s < 5
    assert not any(is_alive(pid) for pid in left)
    assert not (tmp_path / "dev.json").exists()


def test_a_second_run_uses_what_is_there(tmp_path: Path) -> None:
    contract: dict[str, Any] = {}
    for _ in range(2):
        with driver("dev", str(tmp_path), "0", "2") as run:
            contract = up(run, tmp_path)
            run.process.terminate()
            run.ends()

    calls = known(tmp_path)["calls"]
    assert calls.count("CreateActivation") == 2
    assert calls.count("CreateAccessKey") == 1
    assert len(contract["nodes"]) == 2


def test_a_server_that_dies_is_back_on_the_same_port(tmp_path: Path) -> None:
    with driver("dev", str(tmp_path), "0", "0") as run:
        contract = up(run, tmp_path)
        first = number(tmp_path / "server/pid")
        os.kill(first, signal.SIGKILL)
        port = int(contract["endpoint_url"].rpartition(":")[2])
        # The listener outlives the server, so that even this moment is no refusal.
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        wait_until(lambda: number(tmp_path / "server/pid") != first)
        run.process.terminate()
        run.ends()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with driver("dev", str(tmp_path), str(port), "0") as run:
            told = run.ends()

    assert f"refused: port {port} on 127.0.0.1 is in use, choose another with --port" in told


def test_a_folder_in_use_is_named(tmp_path: Path) -> None:
    with driver("dev", str(tmp_path), "0", "0") as run:
        up(run, tmp_path)
        with driver("dev", str(tmp_path), "0", "0") as second:
            told = second.ends()
        run.process.terminate()
        run.ends()

    assert "runs in" in told
    assert "--data-dir" in told


def test_a_server_whose_keys_are_gone_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with driver("dev", str(tmp_path), "0", "0") as run:
        told = run.ends()

    assert "with its keys is gone" in told
    assert (tmp_path / "server").exists()


def test_an_interrupted_first_run_begins_again(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server.begun").touch()
    with driver("dev", str(tmp_path), "0", "0") as run:
        up(run, tmp_path)
        run.process.terminate()
        run.ends()


def test_nodes_have_names() -> None:
    assert node_names(0) == []
    assert node_names(1) == ["web-1"]
    assert node_names(4) == ["web-1", "db-1", "node-3", "node-4"]


def test_the_command_line_refuses_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = subprocess.run(  # our own program
            [
                *MOORING, "dev", "--data-dir", str(tmp_path), "--port", str(other.getsockname()[1])
            ],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip

    assert result.returncode == 1
    assert result.stderr.startswith("mooring: port ")
    assert result.stderr.count("\n") == 1
