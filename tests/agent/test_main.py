"""The command line, as a person types it."""

import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from tests.agent.fake_server import fake_server
from tests.agent.nodes import NODE_ID

from mooring.agent.identity import load_registration
from mooring.agent.main import main
from mooring.agent.state import StateDir

AGENT = [sys.executable, "-P", "-m", "mooring.agent"]
ACTIVATION = ["--activation-id", "0f4cd1a2-4d0a-4e7c-8bb8-aaaaaaaaaaaa", "--activation-code"]


def test_says_its_version_without_importing_what_sessions_need() -> None:
    done = subprocess.run(
        [*AGENT, "--version"], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout == "0.1.0\n"


def test_status_without_a_registration_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["status", "--state-dir", str(tmp_path)])

    assert code == 1
    assert "run `mooring-agent register`" in capsys.readouterr().err


def test_run_without_a_registration_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["run", "--state-dir", str(tmp_path)])

    assert code == 1
    assert "no registration" in capsys.readouterr().err


def test_wrong_settings_are_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOORING_AGENT_SESSIONS_LIMIT", "many")

    assert main(["status"]) == 2
    assert "MOORING_AGENT_SESSIONS_LIMIT: `sessions.limit`" in capsys.readouterr().err


def test_register_needs_an_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["register", *ACTIVATION, "x" * 20, "--state-dir", str(tmp_path)])

    assert code == 1
    assert "expected --endpoint" in capsys.readouterr().err


async def test_registers_with_a_code_from_standard_input(tmp_path: Path) -> None:
    async with fake_server() as server:
        server.answers["RegisterManagedInstance"] = lambda _: (200, {"InstanceId": NODE_ID})

        done = await anyio.run_process(
            [
                *AGENT, "register", "--endpoint", server.url, *ACTIVATION, "-",
                "--region", "eu-west-9", "--state-dir", str(tmp_path / "state"),
            ],
            input=b"a code of twenty letters\n",
            env={**os.environ, "MOORING_AGENT_SESSIONS_RUN_AS": "self"},
        )  # fmt: skip

        assert done.stdout == f"{NODE_ID}\n".encode()
        assert b"act as the node" in done.stderr
        assert server.calls[0].fields["ActivationCode"] == "a code of twenty letters"
        assert load_registration(StateDir(tmp_path / "state")).region == "eu-west-9"
