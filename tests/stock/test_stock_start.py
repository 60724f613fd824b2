"""AWS's own plugin at the start of a port session, with an agent that loses its race each time.

The agent acknowledges the plugin's answer just after HandshakeComplete, and then talks on. Sent on
as it comes, that deafens the plugin in a quarter of all sessions.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteStream
from tests.fakes.peer import FakePeer
from tests.gateway.forwarding import ANSWERED, COMPLETE, a_port_scene, data
from tests.gateway.scenes import FakeOffice, Scene, acknowledge, output, parse
from tests.gateway.test_relay_sockets import Door
from tests.net.served import served
from tests.stock.site import free_port

from mooring.gateway.relay import Leg, Side
from mooring.wire.payloads import MessageType, PayloadType
from mooring.wire.smux import Command, FrameDecoder

ROUNDS = 20
LOST_BY_S = 0.0003


class LoopOffice(FakeOffice):
    """An office on the loop's own time."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def later(self, delay_s: float, act: object) -> None:
        assert callable(act)
        asyncio.get_running_loop().call_later(delay_s, act)


class LateAgent(FakePeer):
    """Answers on every stream what it hears, in capitals."""

    def __init__(self, scene: Scene, local_port: int) -> None:
        super().__init__()
        self.scene = scene
        self.frames = FrameDecoder(1)
        self.expected = 0
        self.number = 2
        properties = {
            "portNumber": "80",
            "localPortNumber": str(local_port),
            "type": "LocalPortForwarding",
        }
        action = {
            "ActionType": "SessionType",
            "ActionParameters": {"SessionType": "Port", "Properties": properties},
        }
        body = {"AgentVersion": "3.3.0.0", "RequestedClientActions": [action]}
        self.request = output(0, json.dumps(body).encode(), PayloadType.HANDSHAKE_REQUEST)

    def says(self, frame: bytes) -> None:
        if not self.scene.relay.is_over:
            self.scene.says(Side.AGENT, frame)

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Act on what the relay sends, after it has done so."""
        asyncio.get_running_loop().call_soon(self.hears, bytes(data))

    def hears(self, raw: bytes) -> None:
        message = parse(raw)
        if message.message_type != MessageType.INPUT_STREAM_DATA:
            return
        is_again = message.sequence_number < self.expected
        self.expected = max(self.expected, message.sequence_number + 1)
        if message.payload_type == PayloadType.HANDSHAKE_RESPONSE and not is_again:
            self.says(COMPLETE)
            for pause in (1, 2, 3, 4):
                asyncio.get_running_loop().call_later(pause * LOST_BY_S, self.says, ANSWERED)
            return
        self.says(acknowledge(message.sequence_number, of=MessageType.INPUT_STREAM_DATA))
        if message.payload_type == PayloadType.OUTPUT and not is_again:
            for frame in self.frames.feed(message.payload):
                if frame.command is Command.PSH:
                    self.says(output(self.number, data(frame.data.upper(), frame.stream_id)))
                    self.number += 1


@asynccontextmanager
async def plugin(binaries: Path, port: int) -> AsyncIterator[anyio.abc.Process]:
    """Run the plugin as the AWS CLI does."""
    response = {
        "SessionId": "ann-0123456789abcdef0",
        "TokenValue": "t",
        "StreamUrl": f"ws://127.0.0.1:{port}/{Side.CLIENT}",
    }
    # Its socket's name holds the session's id, and a path of pytest's would be too long for it.
    folder = tempfile.mkdtemp()
    process = await anyio.open_process(
        [
            str(binaries / "session-manager-plugin"), json.dumps(response), "ap-northeast-1",
            "StartSession", "", '{"Target": "mi-0123456789abcdef0"}', "http://127.0.0.1:1",
        ],
        env={"HOME": folder, "TMPDIR": folder, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    async with process:
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            shutil.rmtree(folder)


async def connected(port: int) -> ByteStream:
    """Connect as soon as the plugin listens."""
    while True:
        try:
            return await anyio.connect_tcp("127.0.0.1", port)
        except OSError:
            await anyio.sleep(0.02)


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_the_plugin_hears_though_the_agent_loses_its_race(
    tmp_path: Path, binaries: Path, _round: int
) -> None:
    local_port = free_port()
    scene = a_port_scene(tmp_path, office=LoopOffice())
    agent = LateAgent(scene, local_port)
    scene.relay.attach(Side.AGENT, Leg(peer=agent))
    agent.says(agent.request)

    async with served(Door(scene).accept) as (port, _), plugin(binaries, port):
        with anyio.fail_after(10):
            async with await connected(local_port) as line:
                await line.send(b"hello")
                answer = await line.receive()

    assert answer == b"HELLO"
