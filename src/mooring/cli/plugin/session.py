"""One session in the hands of a person: keys in, output out, over a line that may break.

A key goes out, and an answer to the screen, in the callback that read it; tasks keep the line and
hear signals. Only their common event loop touches the channel, so it needs no lock.

At the end of piped input the shell is told so (EOT), again and again until it ends: a program in
the shell may have taken the first, and a shell that was not up yet reads it as a NUL.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import anyio

from mooring.cli.plugin.conversation import Conversation, Face
from mooring.cli.plugin.ending import Ending, How
from mooring.cli.plugin.escape import HELP, Escape, EscapeScanner
from mooring.cli.plugin.forward import ForwardFailed, LocalEnd, LocalForward
from mooring.cli.plugin.keyboard import Keyboard
from mooring.cli.plugin.line import Line, Over, drop
from mooring.cli.plugin.screen import Screen
from mooring.cli.plugin.terminal import Terminal
from mooring.cli.world import World
from mooring.net.carrier import Carrier
from mooring.net.websocket import WebSocketClosed
from mooring.net.websocket_client import WebSocket
from mooring.wire.channel_events import Event, Writable
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.json_object import JsonValue
from mooring.wire.payloads import PayloadType
from mooring.wire.session_order import SessionType

__all__ = ["Session"]

_KEYS = {signal.SIGINT: b"\x03", signal.SIGQUIT: b"\x1c", signal.SIGTSTP: b"\x1a"}
_DEADLY = (signal.SIGTERM, signal.SIGHUP)
_SIGNALS = (*_KEYS, *_DEADLY, signal.SIGWINCH, signal.SIGCONT)
_END_OF_INPUT = b"\x04"
_FIRST_QUIET_S = 0.2
_LONGEST_QUIET_S = 30.0
_FAREWELL_S = 2.0
_PIECE = 16 * 1024


class Session:
    """Runs once; ``run`` returns how it ended."""

    def __init__(  # noqa: PLR0913  # the parts that make up a session
        self,
        line: Line,
        *,
        session_id: str,
        keys: int,
        screen: Screen,
        terminal: Terminal,
        world: World,
    ) -> None:
        self._line = line
        self._session_id = session_id
        self._now = asyncio.get_running_loop().time
        self._screen = screen
        self._terminal = terminal
        self._channel = DataChannel(
            role=Role.CLIENT,
            new_id=world.new_id,
            wall_offset=world.now() - self._now(),
            limits=Limits(),
        )
        face = Face(show=self._show, say=self.say, begin=self._begin)
        self._conversation = Conversation(self._channel, face)
        self._keyboard = Keyboard(keys, self._typed)
        self._scanner = EscapeScanner()
        self._session_type: SessionType | None = None
        self._forward: LocalForward | None = None
        self._forwards = anyio.Event()
        self._pending = bytearray()
        self._last_key = b""
        self._shown_at = self._now()
        self._carrier: Carrier[Event] | None = None
        self._input_over = anyio.Event()
        self._over = anyio.Event()
        self._ending: Ending | None = None

    async def run(self, goodbye: Callable[[Ending], Awaitable[None]]) -> Ending:
        """Hold the session until it ends, then say goodbye.

        Signals stay ours until after ``goodbye``: a terminal that is closed is first read to its
        end and then sends SIGHUP, which must neither leave it raw nor cut the goodbye short.
        """
        async with self._signals():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_line)
                tasks.start_soon(self._part)
                tasks.start_soon(self._carry_connections)
                tasks.start_soon(self._watch_screen)
                await self._over.wait()
                with anyio.move_on_after(_FAREWELL_S):
                    if self._conversation.farewell:
                        await self._until_flushed()
                    await self._screen.flush()
                self._keyboard.pause()
                self._terminal.restore()
                tasks.cancel_scope.cancel()
            assert self._ending is not None  # noqa: S101  # set with the event
            await goodbye(self._ending)
        return self._ending

    def say(self, text: str) -> None:
        """Show lines of our own between the node's."""
        shown = text.replace("\n", "\r\n") if self._terminal.is_raw else text
        self._screen.write(shown.encode())

    # The line.

    async def _keep_line(self) -> None:
        try:
            websocket = await self._line.first()
            while True:
                await self._use(websocket)
                self._channel.disconnected()
                websocket = await self._line.again()
                self._channel.reconnected(self._now())
        except Over as over:
            self._end(over.ending)

    async def _use(self, websocket: WebSocket) -> None:
        """Take what comes until the connection ends."""
        carrier = Carrier(self._channel, websocket, self)
        self._carrier = carrier
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._line.watch, websocket)
            try:
                with carrier:
                    await carrier.hear()
            except WebSocketClosed:
                tasks.cancel_scope.cancel()
            finally:
                self._carrier = None
                if carrier.has_heard:
                    self._line.proven()
                await drop(websocket)

    def _speak(self) -> None:
        if self._carrier is not None:
            self._carrier.speak()

    # What the carrier calls.

    def handle(self, event: Event) -> None:
        """See ``Owner.handle``."""
        self._conversation.react(event, self._now())
        if isinstance(event, Writable):
            self._pump()
            if self._forward is not None:
                self._forward.has_room()
        if self._conversation.ending is not None:
            self._end(self._conversation.ending)

    def is_full(self) -> bool:
        """See ``Owner.is_full``."""
        is_full = self._forward is not None and self._forward.is_full()
        return is_full or self._screen.is_full()

    async def wait_room(self) -> None:
        """See ``Owner.wait_room``."""
        if self._forward is not None:
            await self._forward.wait_room()
        await self._screen.room()

    async def _until_flushed(self) -> None:
        while (self._pending or not self._channel.flushed) and self._carrier is not None:
            await self._carrier.wait_heard()

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
            self._over.set()

    # The person.

    def _show(self, data: bytes) -> None:
        self._shown_at = self._now()
        if self._forward is None:
            self._screen.write(data)
        elif not self._forward.take(data):
            self._end(Ending(how=How.FAILED, text="the node broke the protocol of connections"))

    def _begin(self, session_type: SessionType, properties: Mapping[str, JsonValue]) -> None:
        self._session_type = session_type
        if session_type is SessionType.PORT:
            self._begin_port(LocalEnd.read(properties))
            return
        self._terminal.make_raw()
        self._report_size()
        self._keyboard.read()

    # A port: connections of programs here, or one stream in our own input and output.

    def _begin_port(self, end: LocalEnd | None) -> None:
        if end is None:
            self._keyboard.read()
            return
        self._forward = LocalForward(
            end,
            self._channel,
            self._speak,
            session_id=self._session_id,
            say=lambda text: self.say(f"{text}\n"),
        )
        self._forwards.set()

    async def _carry_connections(self) -> None:
        await self._forwards.wait()
        assert self._forward is not None  # noqa: S101  # set with the event
        try:
            await self._forward.run()
        except ForwardFailed as failure:
            self._end(Ending(how=How.FAILED, text=f"Cannot perform start session: {failure}"))

    # The keys.

    def _is_shell(self) -> bool:
        return self._session_type not in (None, SessionType.PORT)

    def _report_size(self) -> None:
        if self._is_shell() and not self._channel.closed:
            size = self._terminal.size().serialize()
            self._channel.send(PayloadType.SIZE, size, self._now())
            self._speak()

    def _typed(self, data: bytes) -> None:
        if not data:
            self._input_over.set()
        elif self._session_type is SessionType.PORT:
            self._queue(data)
        elif not self._terminal.is_terminal:
            # A lone line feed is Enter to AWS's plugin, which some shells insist on.
            self._queue(b"\r" if data == b"\n" else data)
        else:
            for piece in self._scanner.feed(data):
                self._obey(piece) if isinstance(piece, Escape) else self._queue(piece)

    def _obey(self, escape: Escape) -> None:
        if escape is Escape.LEAVE:
            self._end(Ending(how=How.LEFT))
        else:
            self.say(f"\n{HELP}")

    def _queue(self, data: bytes) -> None:
        self._pending += data
        self._last_key = data[-1:]
        self._pump()

    def _pump(self) -> None:
        """Send what was typed as far as the node takes it; read on when it has taken all."""
        while self._pending and self._channel.room() and not self._channel.closed:
            piece = bytes(self._pending[:_PIECE])
            self._channel.send(PayloadType.OUTPUT, piece, self._now())
            del self._pending[: len(piece)]
        if self._pending:
            self._keyboard.pause()
        elif self._session_type is not None and self._forward is None:
            self._keyboard.read()
        self._speak()

    async def _part(self) -> None:
        """Do what the end of the input asks for."""
        await self._input_over.wait()
        if self._session_type is SessionType.PORT:
            await self._until_flushed()
            self._end(Ending(how=How.LEFT))
            return
        if self._terminal.is_terminal:
            self._end(Ending(how=How.SIGNALLED, signal_number=signal.SIGHUP))
            return
        if self._session_type is SessionType.NON_INTERACTIVE_COMMANDS:
            return
        if self._last_key not in (b"", b"\n", b"\r"):
            self._queue(b"\r")
        quiet_s = _FIRST_QUIET_S
        while True:
            await anyio.sleep(max(0.01, self._shown_at + quiet_s - self._now()))
            if not self._pending and self._now() >= self._shown_at + quiet_s:
                self._queue(_END_OF_INPUT)
                self._shown_at = self._now()
                quiet_s = min(2 * quiet_s, _LONGEST_QUIET_S)

    async def _watch_screen(self) -> None:
        await self._screen.broken.wait()
        self._end(Ending(how=How.LEFT))

    @asynccontextmanager
    async def _signals(self) -> AsyncIterator[None]:
        """Hear signals from now on, and not one moment later: some come ignored from the CLI."""
        async with anyio.create_task_group() as tasks:
            with anyio.open_signal_receiver(*_SIGNALS) as signals:
                tasks.start_soon(self._hear, signals)
                yield
                tasks.cancel_scope.cancel()

    async def _hear(self, signals: AsyncIterator[signal.Signals]) -> None:
        async for number in signals:
            if number in _DEADLY:
                self._end(Ending(how=How.SIGNALLED, signal_number=number))
            elif number not in _KEYS:
                self._resized_or_continued(number)
            elif self._is_shell():
                self._queue(_KEYS[number])
            elif number is not signal.SIGTSTP and not self._is_single_stream():
                self._end(Ending(how=How.LEFT))

    def _is_single_stream(self) -> bool:
        """Whether another program has us as its line: a signal at its terminal is not for us."""
        return self._session_type is SessionType.PORT and self._forward is None

    def _resized_or_continued(self, number: signal.Signals) -> None:
        # Whoever stopped us has taken the terminal back to its own modes.
        if number == signal.SIGCONT and self._is_shell():
            self._terminal.make_raw()
        self._report_size()
