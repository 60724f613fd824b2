"""The node's standing line: keep a control channel open, and carry out what comes over it.

When it breaks, ``patience`` says when to dial again. While nobody answers, the try is a bare
connection first, once a second: cheap enough to go on for ever, and quick to see the network
return.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace

import anyio

from mooring.agent.api import Api, ApiRefused, ChannelKind
from mooring.agent.credentials import CredentialSource
from mooring.agent.line import DIAL_ERRORS, Dialled, Line, dial, outcome_of, reach
from mooring.agent.patience import Ending, Outcome, wait
from mooring.agent.registry import SessionRegistry
from mooring.agent.zygote import MAX_ORDER, Zygote
from mooring.net.bell import Bell
from mooring.net.websocket import WebSocketClosed
from mooring.wire.control_channel import (
    ControlChannel,
    ControlEvent,
    ControlLimits,
    OrderRefused,
    SessionEnded,
    SessionOrdered,
    TaskComplete,
    TaskStatus,
)
from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.ids import NodeId, SessionId, parse_session_id
from mooring.wire.open_message import control_open_message
from mooring.wire.session_order import SessionOrder

__all__ = ["ControlLink", "Orders"]

logger = logging.getLogger(__name__)

_REMEMBERED = 1000
_MOST_EVENTS = 64
"""So many wait at most before the server is read no further."""
_PLATFORM = "linux"


class Orders:
    """Carries out the server's orders: each session once, and no more than the limit."""

    def __init__(self, zygote: Zygote, registry: SessionRegistry, *, max_sessions: int) -> None:
        self._zygote = zygote
        self._registry = registry
        self._max_sessions = max_sessions
        self._started: OrderedDict[SessionId, None] = OrderedDict()

    async def start(self, order: SessionOrder) -> str:
        """Start a session; returns what its person should be told if it does not come about.

        An order may be repeated, since nothing acknowledges it; only the first one counts.

        Raises:
            ZygoteGone: the agent has to start anew.
        """
        session_id = order.session_id
        if session_id in self._started or self._registry.find(session_id) is not None:
            return ""
        if sum(1 for _ in self._registry.all()) >= self._max_sessions:
            return f"this node runs {self._max_sessions} sessions already, which is its limit"
        payload = order.serialize()
        if len(payload) > MAX_ORDER:
            return f"order of {len(payload)} bytes, limit is {MAX_ORDER}"
        try:
            pid = await self._zygote.start(payload)
        except OSError as error:
            return f"this node cannot start a session: {error}"
        self._started[session_id] = None
        if len(self._started) > _REMEMBERED:
            self._started.popitem(last=False)
        logger.info("session_started", extra={"session_id": session_id, "pid": pid})
        return ""

    def end(self, session_id: str) -> None:
        """End a session, if it runs."""
        try:
            found = self._registry.end(parse_session_id(session_id))
        except RemoteProtocolError:
            found = False
        logger.info("session_end_ordered", extra={"session_id": session_id, "count": int(found)})


class ControlLink:
    """Keeps one control channel open, for ever."""

    def __init__(
        self,
        api: Api,
        credentials: CredentialSource,
        orders: Orders,
        *,
        node_id: NodeId,
        connected: Callable[[], None],
    ) -> None:
        """Make the link; ``connected`` is called each time it stands."""
        self._api = api
        self._credentials = credentials
        self._orders = orders
        self._node_id = node_id
        self._connected = connected
        self._change = Bell()
        self._events: deque[ControlEvent] = deque()
        self._arrived = Bell()
        self._taken = Bell()
        self._line: Line[ControlEvent] | None = None
        self._spread_s: float | None = None
        self._channel: ControlChannel | None = None

    def network_changed(self) -> None:
        """Hear that the node's own network has changed."""
        if self._line is not None:
            self._line.suspect()
        else:
            self._change.ring()

    async def run(self) -> None:
        """Connect, and connect again.

        Raises:
            NotRegistered: there is no node to connect any more.
            ZygoteGone: the agent has to start anew.
        """
        world = self._api.world
        self._channel = ControlChannel(
            new_id=world.new_id,
            wall_offset=world.now() - anyio.current_time(),
            limits=ControlLimits(),
        )
        self._channel.disconnected()
        is_silent = False
        while True:
            outcome = await self._connect(self._channel, probe=is_silent)
            is_silent = outcome.ending is Ending.UNANSWERED
            pause = wait(outcome, world.random())
            logger.log(
                logging.DEBUG if is_silent else logging.INFO,
                "control_channel_lost",
                extra={"reason": outcome.reason, "delay_s": round(pause.delay_s, 3)},
            )
            with anyio.move_on_after(pause.delay_s):
                if pause.ends_on_change:
                    await self._change.wait()
                else:
                    await anyio.sleep_forever()

    async def _connect(self, channel: ControlChannel, *, probe: bool) -> Outcome:
        try:
            if probe:
                await reach(self._api)
            name = self._node_id
            dialled = await dial(self._api, self._credentials, ChannelKind.CONTROL, name)
            return await self._carry(channel, dialled)
        except (*DIAL_ERRORS, WebSocketClosed) as error:
            if isinstance(error, ApiRefused):
                logger.warning(
                    "server_refused", extra={"error_code": error.code, "status": error.status}
                )
            return self._spread(outcome_of(error))

    async def _carry(self, channel: ControlChannel, dialled: Dialled) -> Outcome:
        self._spread_s = dialled.spread_s
        opening = control_open_message(
            token=dialled.token,
            request_id=str(self._api.world.new_id()),
            agent_version=self._api.version,
            platform_type=_PLATFORM,
        )
        await dialled.websocket.send_text(opening)
        channel.reconnected(anyio.current_time())
        line = Line(
            channel,
            dialled.websocket,
            self,
            is_waiting=lambda: False,
        )
        self._line = line
        logger.info("control_channel_open")
        self._connected()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._obey_all)
                outcome = await line.carry()
                tasks.cancel_scope.cancel()
        finally:
            self._line = None
        return self._spread(
            outcome or Outcome(ending=Ending.UNANSWERED, reason="the channel has ended")
        )

    def _spread(self, outcome: Outcome) -> Outcome:
        """Come back over the time the server named last, if it names none now."""
        return outcome if self._spread_s is None else replace(outcome, spread_s=self._spread_s)

    # What the line calls.

    def handle(self, event: ControlEvent) -> None:
        """Keep an event until its turn comes."""
        self._events.append(event)
        self._arrived.ring()

    def is_full(self) -> bool:
        """See ``Owner.is_full``."""
        return len(self._events) >= _MOST_EVENTS

    async def wait_room(self) -> None:
        """See ``Owner.wait_room``."""
        while self.is_full():
            await self._taken.wait()

    async def _obey_all(self) -> None:
        while True:
            while self._events:
                await self._obey(self._events.popleft())
                self._taken.ring()
            await self._arrived.wait()

    async def _obey(self, event: ControlEvent) -> None:
        if isinstance(event, SessionOrdered):
            refusal = await self._orders.start(event.order)
            if refusal:
                self._report(event.order.session_id, refusal)
        elif isinstance(event, SessionEnded):
            self._orders.end(event.session_id)
        elif isinstance(event, OrderRefused):
            logger.warning("order_refused", extra={"reason": event.reason})

    def _report(self, session_id: SessionId, refusal: str) -> None:
        logger.warning("session_refused", extra={"session_id": session_id, "reason": refusal})
        task = TaskComplete(
            task_id=session_id,
            status=TaskStatus.FAILED,
            instance_id=self._node_id,
            output=refusal,
        )
        assert self._channel is not None  # noqa: S101  # orders come over it
        try:
            self._channel.task_complete(task, anyio.current_time())
        except LocalProtocolError:
            logger.warning("report_dropped", extra={"session_id": session_id})
        if self._line is not None:
            self._line.speak()
