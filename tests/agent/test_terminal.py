"""How output is cut, and how a shell and a channel hold each other back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agent.fake_server import stamp, uuid4_of_tests
from tests.agent.test_shell import opened

from mooring.agent.shell import Shell
from mooring.agent.terminal import Terminal, pieces
from mooring.wire.agent_message import AgentMessage, DigestRule
from mooring.wire.channel_events import Writable
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.payloads import Acknowledge, MessageType
from mooring.wire.stamp import OUTSIDE_NUMBERING

QUIET = b"PS1= PS2= PROMPT_COMMAND=; bind 'set enable-bracketed-paste off'; stty -echo\n"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Sessions may run on either loop."""
    return "asyncio", {"use_uvloop": request.param}


class Watcher:
    """Reads what goes into the channel, and acknowledges only when it is told to."""

    def __init__(self, shell: Shell, *, window_bytes: int, profile: str = "") -> None:
        self.channel = DataChannel(
            role=Role.AGENT,
            new_id=uuid4_of_tests,
            wall_offset=1.0,
            limits=Limits(window_bytes=window_bytes),
        )
        self.terminal = Terminal(shell, self.channel, self._spoken, profile=profile)
        self.shown = b""
        self._sequence = -1
        self._news = anyio.Event()

    def _spoken(self) -> None:
        for frame in self.channel.writes():
            message = AgentMessage.parse(frame, max_payload=2**20, digest_rule=DigestRule.ENFORCED)
            self.shown += message.payload
            self._sequence = message.sequence_number
        self._news.set()
        self._news = anyio.Event()

    async def until(self, text: bytes) -> None:
        """Acknowledge everything until ``text`` is shown."""
        with anyio.fail_after(10):
            while text not in self.shown:
                self.acknowledge()
                await self._news.wait()

    async def until_stuck(self) -> None:
        """Acknowledge nothing until the channel takes no more."""
        with anyio.fail_after(10):
            while self.channel.room():
                await self._news.wait()

    def acknowledge(self, *, back: int = 0) -> None:
        """Acknowledge all frames but the last ``back``."""
        body = Acknowledge(
            message_type=MessageType.OUTPUT_STREAM_DATA,
            message_id="",
            sequence_number=self._sequence - back,
            cumulative=True,
        )
        frame = stamp().unnumbered(
            MessageType.ACKNOWLEDGE, body.serialize(), 1.0, flags=OUTSIDE_NUMBERING
        )
        self.channel.receive(frame.serialize(), anyio.current_time())
        if any(isinstance(event, Writable) for event in self.channel.events()):
            self.terminal.has_room()


@asynccontextmanager
async def watched(*, window_bytes: int = 128 * 1024, profile: str = "") -> AsyncIterator[Watcher]:
    async with opened() as shell:
        watcher = Watcher(shell, window_bytes=window_bytes, profile=profile)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.terminal.run)
            yield watcher
            tasks.cancel_scope.cancel()


async def test_a_shell_that_waits_for_room_does_not_stop_what_is_heard() -> None:
    async with watched(window_bytes=8 * 1024) as watcher:
        watcher.terminal.type(QUIET + b"stty raw; echo set''tled; cat\n")
        await watcher.until(b"settled")
        for _ in range(300):
            watcher.terminal.type(b"x" * 1024)
        await watcher.until_stuck()

        # There is some room, but not the half of the window at which the shell reads on.
        watcher.acknowledge(back=5)

        assert watcher.channel.room() > 0
        with anyio.fail_after(10):
            await watcher.terminal.wait_room()


async def test_a_shell_that_reads_nothing_stops_what_is_heard_until_it_reads() -> None:
    async with watched() as watcher:
        watcher.terminal.type(QUIET + b"stty raw; echo set''tled; read -n 1 x; cat\n")
        await watcher.until(b"settled")
        watcher.terminal.type(b"y" * (300 * 1024))
        assert watcher.terminal.is_full()

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(watcher.until, b"y" * 250 * 1024)
                await watcher.terminal.wait_room()


async def test_what_no_shell_will_read_holds_nobody_up() -> None:
    async with opened() as shell:
        watcher = Watcher(shell, window_bytes=128 * 1024)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.terminal.run)
            watcher.terminal.type(QUIET + b"stty raw; echo set''tled; exec sleep 0.2\n")
            await watcher.until(b"settled")
            watcher.terminal.type(b"y" * (300 * 1024))
            assert watcher.terminal.is_full()

            with anyio.fail_after(10):
                await watcher.terminal.wait_room()

        assert watcher.terminal.type(b"more")
        assert not watcher.terminal.is_full()


async def test_input_far_beyond_all_measure_is_told() -> None:
    async with watched() as watcher:
        watcher.terminal.type(b"exec sleep 1000\n")

        assert watcher.terminal.type(b"z" * 1024 * 1024)
        assert not watcher.terminal.type(b"z" * 16 * 1024 * 1024)


async def test_the_profile_is_typed_before_what_came_earlier_than_the_shell() -> None:
    async with watched(profile="echo fi''rst") as watcher:
        await watcher.until(b"first\r\n")

        assert watcher.shown.count(b"first\r\n") == 1


@given(st.text(), st.integers(min_value=4, max_value=64))
def test_pieces_are_whole_characters_and_lose_nothing(text: str, size_bytes: int) -> None:
    found = pieces(text.encode(), size_bytes)

    assert b"".join(found) == text.encode()
    assert all(0 < len(piece) <= size_bytes for piece in found)
    assert "".join(piece.decode() for piece in found) == text


@given(st.binary(), st.integers(min_value=4, max_value=64))
def test_bytes_that_are_no_text_pass_as_they_are(data: bytes, size_bytes: int) -> None:
    found = pieces(data, size_bytes)

    assert b"".join(found) == data
    assert all(0 < len(piece) <= size_bytes for piece in found)
