"""Logging in and out as commands: what they write, and what they leave behind."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.login_server import KEYS, Answers, serving
from typer.testing import CliRunner

from mooring.cli.login_commands import process_line
from mooring.cli.main import app

GRANT = {
    "refresh_token": "111122223333.g.s",
    "region": "ap-northeast-1",
    "account_id": "111122223333",
    "user_name": "ann",
}


class Shell:
    """A person's shell, with a home of its own."""

    def __init__(self, home: Path, answers: Answers) -> None:
        self.home, self.answers = home, answers
        self.config = home / "aws" / "config"

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments])
        return result.exit_code, result.output

    def log_in(self, *more: str) -> tuple[int, str]:
        self.answers.of["device_authorization"][0][1]["interval"] = 0.01
        self.answers.of["token"] = [(400, {"error": "authorization_pending"}), (200, GRANT)]
        return self.run("login", "--endpoint-url", self.answers.url, "--no-browser", *more)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws" / "config"))
    with serving() as answers:
        yield Shell(tmp_path, answers)


def test_logging_in_shows_the_code_and_writes_a_profile(shell: Shell) -> None:
    code, told = shell.log_in()

    assert code == 0, told
    assert "BCDF-GHJK" in told
    assert "You are ann of account 111122223333" in told
    text = shell.config.read_text()
    assert f"credential_process = {process_line('mooring')}" in text
    assert "region = ap-northeast-1" in text
    assert f"endpoint_url = {shell.answers.url}" in text
    assert GRANT["refresh_token"] not in text + told


def test_a_server_writes_no_lines_of_its_own_into_the_configuration(shell: Shell) -> None:
    bent = {**GRANT, "region": "a\n[profile other]\ncredential_process = evil"}
    shell.answers.of["device_authorization"][0][1]["interval"] = 0.01
    shell.answers.of["token"] = [(200, bent)]

    code, told = shell.run("login", "--endpoint-url", shell.answers.url, "--no-browser")

    assert code == 1
    assert "expected the name of a region" in told
    assert not shell.config.exists()
    assert not list((shell.home / "config").rglob("*.json"))


def test_keys_are_printed_for_whoever_is_logged_in(shell: Shell) -> None:
    before = shell.run("credentials")
    shell.log_in("--profile", "work")
    shell.answers.of["token"] = [(200, KEYS)]

    code, told = shell.run("credentials", "--profile", "work")

    assert before[0] == 1
    assert (code, KEYS["SessionToken"] in told) == (0, True)


def test_logging_out_leaves_nothing(shell: Shell) -> None:
    shell.log_in()
    shell.answers.of["revoke"] = [(200, {})]

    code, told = shell.run("logout")

    assert code == 0, told
    assert shell.answers.asked[-1] == ("revoke", {"token": GRANT["refresh_token"]})
    assert shell.config.read_text() == ""
    assert not list((shell.home / "config").rglob("*.json"))


def test_the_secret_goes_even_when_the_server_is_away(shell: Shell) -> None:
    shell.log_in()
    shell.answers.of["revoke"] = [(500, {"message": "no"})]

    code, _ = shell.run("logout")

    assert code == 1
    assert not list((shell.home / "config").rglob("*.json"))


def test_a_profile_with_keys_of_its_own_is_left_alone_before_anything_is_asked(
    shell: Shell,
) -> None:
    shell.config.parent.mkdir()
    shell.config.write_text("[profile mooring]\naws_access_key_id = AKIA\n")

    code, told = shell.log_in()

    assert (code, shell.answers.asked) == (1, [])
    assert "choose another name" in told


def test_the_aws_cli_finds_our_program_wherever_it_runs() -> None:
    assert shlex.split(process_line("a")) == [
        sys.executable,
        "-P",
        "-m",
        "mooring.cli.credential_process",
        "a",
    ]
