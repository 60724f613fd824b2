"""What a node says of itself."""

from pathlib import Path

from tests.agent.nodes import NODE_ID

from mooring.agent.machine import (
    Machine,
    full_report,
    own_address,
    read_machine,
    short_report,
)


def test_reads_name_and_version_of_the_platform(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text(
        '# comment\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nBROKEN="\nHOME_URL=\'x\'\n'
    )

    machine = read_machine((tmp_path / "missing", file))

    assert (machine.platform_name, machine.platform_version) == ("Debian GNU/Linux", "12")
    assert machine.name


def test_a_platform_without_a_name_is_linux(tmp_path: Path) -> None:
    assert read_machine((tmp_path / "missing",)).platform_name == "Linux"


async def test_knows_its_address_towards_the_server() -> None:
    assert await own_address("http://127.0.0.1:1") == "127.0.0.1"


async def test_has_no_address_towards_a_name_that_does_not_exist() -> None:
    assert await own_address("http://name.invalid") == ""


def test_the_full_report_holds_the_short_one() -> None:
    machine = Machine(name="web-1", platform_name="Debian", platform_version="12")

    full = full_report(NODE_ID, "1.2.3", machine, "10.0.0.1")

    assert short_report(NODE_ID, "1.2.3").items() <= full.items()
    assert full["ComputerName"] == "web-1"
    assert full["IPAddress"] == "10.0.0.1"
