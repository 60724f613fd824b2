"""The documentation equals the code: settings, operations, the commands that the README types."""

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from mooring.api.operations import OPERATIONS
from mooring.settings import SETTINGS, ServerSettings

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def table(name: str) -> list[list[str]]:
    """Return the rows of the page's one table, without its head."""
    lines = (ROOT / "docs" / name).read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return rows[1:]


def takes(setting: str) -> str:
    """Return what a setting says it expects."""
    with pytest.raises(ValueError, match=r"^expected ") as refused:
        SETTINGS[setting](None)
    return str(refused.value).removeprefix("expected ")


def test_the_table_of_settings_equals_the_settings() -> None:
    defaults = ServerSettings()

    rows = table("settings.md")

    assert [row[:4] for row in rows] == [
        [f"`{name}`", f"`MOORING_{name.upper()}`", f"`{getattr(defaults, name)}`", takes(name)]
        for name in SETTINGS
    ]
    assert all(len(row) == 5 and row[4] for row in rows)


def test_the_table_of_operations_equals_the_registry() -> None:
    wanted = [
        [service, name, operation.proof.value, "no" if operation.is_read_only else "yes"]
        for service, operations in OPERATIONS.items()
        for name, operation in sorted(operations.items())
    ]

    assert table("operations.md") == wanted, "\n".join(f"| {' | '.join(row)} |" for row in wanted)


def typed_in_readme() -> list[str]:
    """Return the command lines of the README's indented blocks, without their comments."""
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return [line.partition("#")[0].strip() for line in lines]


COMMANDS = typed_in_readme()
PROGRAMS = [line for line in COMMANDS if line.split()[0] in PROJECT["scripts"]]


def test_the_readme_opens_with_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make run", "make test"]


def test_every_make_target_exists() -> None:
    wanted = {line.split()[1] for line in COMMANDS if line.startswith("make ")}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert wanted <= targets


def test_every_extra_that_is_installed_exists() -> None:
    text = (ROOT / "README.md").read_text()
    extras = set(re.findall(r"pip install '\.\[([a-z]+)\]'", text))

    assert extras
    assert extras <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("line", PROGRAMS)
def test_every_program_knows_its_command_and_flags(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, command, *rest = shlex.split(line)
    module, _, function = PROJECT["scripts"][program].partition(":")
    monkeypatch.setattr("sys.argv", [program, command, "--help"])
    monkeypatch.setenv("COLUMNS", "200")

    with pytest.raises(SystemExit) as ended:
        getattr(import_module(module), function)()

    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert ended.value.code in {0, None}
    assert [word for word in rest if word.startswith("--") and word not in shown] == []


def test_every_page_that_the_readme_links_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
