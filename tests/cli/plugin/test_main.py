"""The version comes before everything else, and what is loaded for a session is little."""

import subprocess
import sys

from mooring.cli.plugin.conversation import CLIENT_VERSION
from mooring.cli.plugin.main import VERSION

RUN = "import sys; sys.argv = {argv!r}; from mooring.cli.plugin.main import main; main()"
HEAVY = {"typer", "rich", "click", "botocore", "boto3", "cryptography", "structlog", "h11"}


def loaded(code: str) -> tuple[str, set[str]]:
    """Run code; return what it printed and the modules it loaded."""
    tail = "; sys.stderr.write(' '.join(sys.modules))"
    result = subprocess.run(  # our own program
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return result.stdout, set(result.stderr.split())


def test_the_version_is_above_the_cli_s_gate_and_told_to_agents_too() -> None:
    assert VERSION == CLIENT_VERSION
    assert tuple(map(int, VERSION.split("."))) > (1, 2, 497, 0)


def test_the_version_is_answered_before_anything_is_loaded() -> None:
    _, bare = loaded("import sys")

    printed, modules = loaded(RUN.format(argv=["session-manager-plugin", "--version"]))

    ours = {"mooring", "mooring.cli", "mooring.cli.plugin", "mooring.cli.plugin.main"}
    assert printed == f"{VERSION}\n"
    assert modules - bare <= ours


def test_a_session_loads_none_of_the_slow_libraries() -> None:
    printed, modules = loaded(RUN.format(argv=["session-manager-plugin"]))

    assert "installed successfully" in printed
    assert "mooring.cli.plugin.session" in modules
    assert not HEAVY & modules
