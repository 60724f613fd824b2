"""The AWS CLI gets keys on standard output, or a reason on standard error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.login_server import KEYS, serving

from mooring.cli.credential_process import main
from mooring.cli.login import Login, write_login


def keep(folder: Path, url: str) -> None:
    write_login(
        folder / "mooring" / "logins" / "ann.json",
        Login(
            endpoint_url=url,
            ca_file="",
            region="r",
            account_id="1",
            user_name="ann",
            refresh_token="1.2.3",  # noqa: S106
        ),
    )


def test_keys_are_printed_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with serving() as answers:
        answers.of["token"] = [(200, KEYS)]
        keep(tmp_path, answers.url)

        code = main(["ann"])

    assert code == 0
    assert json.loads(capsys.readouterr().out) == {"Version": 1, **KEYS}


@pytest.mark.parametrize(("arguments", "code"), [(["nobody"], 1), ([], 2), (["a", "b"], 2)])
def test_without_a_login_there_is_a_reason_and_no_output(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert main(arguments) == code

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("mooring: ")


def test_it_starts_without_the_libraries_of_people() -> None:
    program = (
        "import sys, mooring.cli.credential_process; "
        "sys.exit(bool({'typer', 'rich', 'botocore'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
