"""A port session in a whole world: known by its document, recorded as connections."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.world import FakeWorld
from tests.gateway.forwarding import ANSWERED, COMPLETE, FIN, REQUEST, RESPONSE, SYN, data
from tests.gateway.house import House, Socket, open_house
from tests.gateway.scenes import acknowledge, keys, output, terminating
from tests.gateway.test_forward_recorder import entries, text
from tests.gateway.test_gateway import recording

from mooring.fleet.node import Node
from mooring.gateway.forwards import forward_of
from mooring.operations.sessions import StartedSession, start_session
from mooring.recordings.forward import Forward

SECRET = b"a word that nobody may keep"


async def started(house: House, node: Node, document: str, **given: str) -> StartedSession:
    ann = await house.world.administrator(node.account_id, "ann")
    return await start_session(
        house.world.call(ann, "ssm:StartSession"),
        target=node.node_id,
        document_name=document,
        parameters={name: (value,) for name, value in given.items()},
    )


async def join(house: House, node: Node, session: StartedSession) -> tuple[Socket, Socket]:
    token = await house.agent_token(node, session.session_id)
    agent = await house.joins(session.session_id, token)
    client = await house.joins(session.session_id, session.token, ClientId="c-1")
    return agent, client


@pytest.mark.parametrize(
    ("document", "given", "host", "port", "many"),
    [
        ("AWS-StartPortForwardingSession", {"portNumber": "8080"}, "localhost", "8080", True),
        (
            "AWS-StartPortForwardingSessionToRemoteHost",
            {"host": "DB.example.org", "portNumber": "5432"},
            "db.example.org",
            "5432",
            True,
        ),
        ("AWS-StartSSHSession", {}, "localhost", "22", False),
    ],
)
async def test_a_port_session_is_known_by_its_document(
    house: House, document: str, given: dict[str, str], host: str, port: str, *, many: bool
) -> None:
    node, _ = await house.node()
    session = await started(house, node, document, **given)
    row = await house.session(node, session.session_id)

    forward = await forward_of(house.world.world, row)

    assert forward == Forward(
        owner=row.owner,
        node_id=node.node_id,
        document_name=document,
        host=host,
        port=port,
        is_multiplexed=many,
    )


async def test_a_shell_forwards_nothing(house: House) -> None:
    node, _ = await house.node()
    session = await house.started(node)
    row = await house.session(node, session.session_id)

    assert await forward_of(house.world.world, row) is None


async def test_a_forward_is_recorded_over_a_crash_of_the_gateway(
    world: FakeWorld, spool: Path
) -> None:
    async with open_house(world, spool) as house:
        node, _ = await house.node()
        session = await started(house, node, "AWS-StartPortForwardingSession", portNumber="8080")
        agent, client = await join(house, node, session)
        agent.says(REQUEST)
        client.says(acknowledge(0), RESPONSE)
        agent.says(ANSWERED, COMPLETE)
        client.says(keys(1, SYN + data(SECRET)))
        await house.settled()

    async with open_house(world, spool) as house:
        token = await house.agent_token(node, session.session_id)
        agent = await house.joins(session.session_id, token)
        agent.says(output(2, data(SECRET)), output(3, FIN), terminating())

        row = await house.ended(node, session.session_id)
        segments = await recording(world, node, session.session_id)

    assert row.details == "the connection on the node ended"
    assert SECRET not in b"".join(segments)
    found = entries(segments)
    assert [entry["event"] for entry in found] == ["opened", "closed", "summary"]
    assert (found[1]["received"], found[1]["at_least"]) == (len(SECRET), True)
    assert "connection 1 to localhost:8080 opened by the client" in text(segments)
