"""An unmodified amazon-ssm-agent over TLS with our authority, under the stock AWS CLI."""

from pathlib import Path

import pexpect
import pytest
from tests.stock.site import Site, StockAgent

PROMPT = r"[$#] "


@pytest.fixture(params=["own plugin", "stock plugin"])
def plugin_folder(request: pytest.FixtureRequest, binaries: Path) -> Path | None:
    """Return the folder that comes first in PATH: AWS's plugin, or ours in its place."""
    return binaries if request.param == "stock plugin" else None


def open_shell(
    site: Site, agent: StockAgent, plugin_folder: Path | None
) -> tuple["pexpect.spawn[str]", str]:
    site.wait_until(
        lambda: site.node(agent.node_id).get("PingStatus") == "Online", "the node is online"
    )
    shell = site.shell(agent.node_id, plugin_folder=plugin_folder)
    shell.expect("Starting session with SessionId: ([^\r\n]+)")
    session_id = site.matched(shell)
    shell.expect(PROMPT)
    return shell, session_id


def test_the_node_is_listed_as_a_managed_instance(site: Site, agent: StockAgent) -> None:
    row = site.node(agent.node_id)

    assert row["PingStatus"] == "Online"
    assert row["ResourceType"] == "ManagedInstance"
    assert row["AgentVersion"] == "3.3.0.0"
    assert row["Name"] == "stock-1"


def test_opens_a_shell_and_leaves_it_with_exit(
    site: Site, agent: StockAgent, plugin_folder: Path | None
) -> None:
    shell, session_id = open_shell(site, agent, plugin_folder)
    shell.sendline("whoami; echo $((6*7))")
    shell.expect("ssm-user")
    shell.expect("42")

    shell.sendline("exit")
    shell.expect("Exiting session with sessionId")
    shell.expect(pexpect.EOF)
    shell.close()

    assert shell.exitstatus == 0
    site.wait_until(
        lambda: site.session(session_id, "History").get("Status") == "Terminated",
        "the session is in the history",
    )


def test_a_shell_survives_a_crash_of_the_server(
    site: Site, agent: StockAgent, plugin_folder: Path | None
) -> None:
    shell, _ = open_shell(site, agent, plugin_folder)
    shell.sendline(
        "for i in $(seq 1 40); do echo tick-$i-; sleep 0.25; done; echo all-$((1+1))-done"
    )
    shell.expect("tick-5-")

    site.kill()
    site.start()

    shell.expect("all-2-done", timeout=90)
    seen = (shell.before or "") + "tick-5-"
    for number in range(6, 41):
        assert seen.count(f"tick-{number}-") == 1, number
    shell.sendline("exit")
    shell.expect(pexpect.EOF, timeout=60)
    shell.close()


def test_terminating_ends_the_shell_on_both_ends(
    site: Site, agent: StockAgent, plugin_folder: Path | None
) -> None:
    shell, session_id = open_shell(site, agent, plugin_folder)

    site.client("ssm").terminate_session(SessionId=session_id)
    shell.expect(pexpect.EOF)
    shell.close()

    assert site.session(session_id, "History")["Status"] in {"Terminated", "Terminating"}
