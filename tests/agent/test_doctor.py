"""What the doctor finds, and where it stops."""

from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

from tests.agent.fake_server import NOW, FakeServer, fake_server, fixed_world
from tests.agent.nodes import NODE_ID, registered

from mooring.agent.doctor import Finding, diagnose
from mooring.agent.settings import AgentSettings, load_settings
from mooring.agent.state import StateDir
from mooring.agent.status import status


def settings(state: StateDir) -> AgentSettings:
    return load_settings(flags={"state_dir": str(state.path)}, environment={}, is_root=True)


async def examined(
    server: FakeServer, state: StateDir, *, now: float = NOW, run_as: str = "ssm-user"
) -> dict[str, Finding]:
    del server
    mine = replace(settings(state), run_as=run_as)
    return {found.check: found for found in await diagnose(mine, fixed_world(now=now))}


async def test_a_healthy_node_passes_every_check(tmp_path: Path) -> None:
    async with fake_server() as server:
        server.date = formatdate(NOW, usegmt=True)

        found = await examined(server, registered(tmp_path, server.url))

        assert all(each.ok for each in found.values()), found
        assert list(found) == [
            "registration",
            "file modes",
            "name",
            "connection",
            "tls and http",
            "clock",
            "credentials",
            "control channel",
        ]


async def test_a_clock_that_is_off_is_named_and_nothing_after_it_is_tried(tmp_path: Path) -> None:
    async with fake_server() as server:
        server.date = formatdate(NOW - 600, usegmt=True)

        found = await examined(server, registered(tmp_path, server.url))

        assert found["clock"].ok is False
        assert "+600 s" in found["clock"].text
        assert "credentials" not in found


async def test_state_that_others_can_read_is_named(tmp_path: Path) -> None:
    async with fake_server() as server:
        state = registered(tmp_path, server.url)
        (state.path / "registration.json").chmod(0o644)

        found = await examined(server, state)

        assert found["file modes"].ok is False
        assert "0644" in found["file modes"].text


async def test_a_server_that_refuses_the_node_is_named(tmp_path: Path) -> None:
    async with fake_server() as server:
        server.date = formatdate(NOW, usegmt=True)
        server.answers["RequestManagedInstanceRoleToken"] = lambda _: (
            400,
            {"__type": "AccessDeniedException", "message": "node is gone"},
        )

        found = await examined(server, registered(tmp_path, server.url))

        assert found["credentials"].ok is False
        assert "node is gone" in found["credentials"].text


async def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    async with fake_server() as server:
        found = await examined(server, registered(tmp_path, "http://127.0.0.1:1"))

        assert found["connection"].ok is False


async def test_says_that_sessions_can_act_as_the_node(tmp_path: Path) -> None:
    async with fake_server() as server:
        found = await examined(server, registered(tmp_path, server.url), run_as="self")

        assert found["session user"].ok is None
        assert "act as the node" in found["session user"].text


async def test_without_a_registration_there_is_one_finding(tmp_path: Path) -> None:
    found = await diagnose(settings(StateDir(tmp_path)), fixed_world())

    assert [(each.check, each.ok) for each in found] == [("registration", False)]


def test_the_status_names_the_node_and_that_no_agent_runs(tmp_path: Path) -> None:
    state = registered(tmp_path, "http://127.0.0.1:1")

    found = status(state, settings(state))

    assert found == {
        "NodeId": NODE_ID,
        "Region": "eu-west-9",
        "Endpoint": "http://127.0.0.1:1",
        "Running": False,
        "Sessions": [],
    }
