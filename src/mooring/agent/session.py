"""One session: its work here, a data channel there, over as many connections as it takes.

While there is no connection, output waits in the channel (128 KiB of it, then a shell itself
waits), and the same numbers go on over the next one.

=============================  ================================================================
it ends by                     and then
=============================  ================================================================
its work                       all its output, then exit code and end are reported; what its
                               person left running in the background goes on
channel_closed, from either    every process of the session is ended; the end is reported if
channel; a TerminateSession    the server does not know of it
flag; the agent; no server
=============================  ================================================================
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from mooring.agent.identity import NotRegistered
from mooring.agent.line import DIAL_ERRORS, Dialled, Line, outcome_of
from mooring.agent.patience import Ending, Patience
from mooring.agent.work import Finish, MakeWork, Work
from mooring.net.retry import Backoff
from mooring.net.websocket import WebSocketClosed
from mooring.wire.channel_events import Closed, Event, Received
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import SessionId
from mooring.wire.payloads import (
    AgentSessionState,
    ClientKnown,
    PayloadType,
    SessionFlag,
    SessionState,
    parse_flag,
)

__all__ = ["Session", "SessionTimes"]

logger = logging.getLogger(__name__)

_OVER = "Session is already terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimes:
    """How long a session process waits, in seconds."""

    retry_base_s: float = 0.25
    retry_cap_s: float = 3.0
    lasting_s: float = 10.0
    """A connection that lasted so long was a good one: the next retry is quick again."""
    first_connection_s: float = 60.0
    refused_s: float = 300.0
    unanswered_s: float = 24 * 3600.0
    report_s: float = 600.0
    """How long a session whose shell has ended tries to tell the server."""
    farewell_s: float = 2.5
    """The same for one that was ended from outside; more than ``Limits.flush_s``."""
    hang_up_s: float = 0.5
    kill_s: float = 5.0


class Session:
    """One session from its shell to its end; ``dial`` opens a data channel for it."""

    def __init__(  # noqa: PLR0913  # the parts that make up a session
        self,
        *,
        session_id: SessionId,
        channel: DataChannel,
        make_work: MakeWork | None,
        failure: str = "",
        dial: Callable[[], Awaitable[Dialled]],
        random: Callable[[], float],
        times: SessionTimes,
    ) -> None:
        """Put the parts together; without work, ``failure`` says why there is none."""
        self._session_id = session_id
        self._channel = channel
        self._failure = failure
        self._dial = dial
        self._random = random
        self._times = times
        self._line: Line[Event] | None = None
        self._work = None if make_work is None else make_work(channel, self._speak)
        self._ending = anyio.Event()
        self._connections = anyio.CancelScope()
        self._patience = Patience(
            refused_s=times.refused_s,
            unanswered_s=times.unanswered_s,
            first_s=times.first_connection_s,
        )

    def end(self) -> None:
        """End the session from outside, with everything that runs in it."""
        self._ending.set()

    async def run(self) -> None:
        """Run to the end."""
        self._channel.disconnected()
        async with anyio.create_task_group() as tasks:
            if self._work is None:
                self._say_last(Finish(output=self._failure))
            else:
                tasks.start_soon(self._do, self._work)
                tasks.start_soon(self._obey, self._work)
            with self._connections:
                await self._stay_connected()
            if self._ending.is_set() and self._work is not None:
                await self._kill(self._work)
            tasks.cancel_scope.cancel()

    async def _do(self, work: Work) -> None:
        finish = await work.run()
        self._patience.hurry(self._times.report_s, anyio.current_time())
        self._say_last(finish)

    async def _obey(self, work: Work) -> None:
        await self._ending.wait()
        work.stop()
        await self._kill(work)
        await anyio.sleep(self._times.farewell_s)
        self._connections.cancel()

    async def _kill(self, work: Work) -> None:
        with anyio.CancelScope(shield=True):
            if not await work.kill():
                logger.warning("processes_left")

    def _say_last(self, finish: Finish) -> None:
        state = AgentSessionState(
            session_id=self._session_id,
            state=SessionState.TERMINATING,
            output=finish.output,
            exit_code=finish.exit_code,
        )
        if not self._channel.closed:
            self._channel.terminate(state, anyio.current_time())
            self._speak()

    def _speak(self) -> None:
        if self._line is not None:
            self._line.speak()

    async def _stay_connected(self) -> None:
        """Have one connection after the other, until the session is over."""
        backoff = Backoff(self._times.retry_base_s, self._times.retry_cap_s)
        while not self._is_over():
            ending, lasted_s = await self._connect()
            if self._is_over():
                return
            if lasted_s >= self._times.lasting_s:
                backoff.reset()
            if self._patience.is_over(ending, anyio.current_time()):
                logger.info("session_given_up", extra={"reason": ending.name.lower()})
                self.end()
                return
            await anyio.sleep(backoff.next_delay(self._random()))

    def _is_over(self) -> bool:
        return self._channel.closed

    async def _connect(self) -> tuple[Ending, float]:
        """Have one connection; tells how it ended and how long it lasted."""
        try:
            dialled = await self._dial()
        except (*DIAL_ERRORS, WebSocketClosed, NotRegistered) as error:
            if _OVER in str(error):
                self.end()
                self._channel.closed = True
            failure = outcome_of(error)
            logger.info("data_channel_failed", extra={"reason": failure.reason})
            return failure.ending, 0.0
        self._patience.succeeded()
        opened_at = anyio.current_time()
        self._channel.reconnected(opened_at)
        connected = AgentSessionState(session_id=self._session_id, state=SessionState.CONNECTED)
        self._channel.send_state(connected, opened_at)
        # What was said last while there was no connection is due now.
        self._channel.tick(opened_at)
        self._line = Line(
            self._channel,
            dialled.websocket,
            self,
            is_waiting=lambda: self._channel.unacked_bytes > 0,
        )
        try:
            outcome = await self._line.carry()
        finally:
            self._line = None
        if outcome is not None:
            logger.info("data_channel_lost", extra={"reason": outcome.reason})
        lasted_s = anyio.current_time() - opened_at
        return Ending.UNANSWERED if outcome is None else outcome.ending, lasted_s

    # What the line calls.

    def is_full(self) -> bool:
        """See ``Owner.is_full``."""
        return self._work is not None and self._work.is_full()

    async def wait_room(self) -> None:
        """See ``Owner.wait_room``."""
        if self._work is not None:
            await self._work.wait_room()

    def handle(self, event: Event) -> None:
        """See ``Owner.handle``."""
        if isinstance(event, Closed):
            self.end()
        elif self._work is None:
            return
        elif isinstance(event, Received):
            self._receive(event, self._work)
        elif isinstance(event, ClientKnown):
            self._work.client_known(event)
        else:
            self._work.has_room()

    def _receive(self, event: Received, work: Work) -> None:
        if event.payload_type == PayloadType.FLAG:
            try:
                self._obey_flag(parse_flag(event.payload))
            except RemoteProtocolError as error:
                logger.info("payload_dropped", extra={"reason": str(error)})
        elif not work.take(event):
            self.end()

    def _obey_flag(self, flag: SessionFlag) -> None:
        if flag is SessionFlag.TERMINATE_SESSION:
            self.end()
