"""The message gateway: every control channel and data channel of one process.

Connections live in callbacks and have no task. What must wait (a ticket in the store, an upload)
is a short task in the gateway's one task group; what is due is done by one sweeper.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
import msgspec
from anyio.abc import TaskGroup, TaskStatus

from mooring.gateway.control import ControlListener
from mooring.gateway.fingerprints import KEY_BYTES
from mooring.gateway.forwards import forward_of
from mooring.gateway.keeper import Keeper
from mooring.gateway.leg import DataListener
from mooring.gateway.lines import Lines
from mooring.gateway.live_sessions import find_sessions, live_sessions
from mooring.gateway.record import Record
from mooring.gateway.relay import Leg, Relay, Side
from mooring.gateway.segments import RecorderSettings
from mooring.gateway.sweeper import Deadlines, sweep
from mooring.net.websocket import CloseCode, Listener, Refusal, UpgradeRequest
from mooring.operations.channels import (
    ChannelRefused,
    DataOpened,
    SessionOver,
    forget_lines,
    open_data_channel,
    session_connected,
)
from mooring.operations.orders import EndOrder, session_subject
from mooring.operations.session_end import end_text, keep_end
from mooring.operations.world import World
from mooring.ports.store import StoreUnavailable
from mooring.ports.world import Subscription
from mooring.recordings.forward import Forward
from mooring.sessions.session import End, Session
from mooring.wire.control_channel import channel_closed_frame
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import parse_node_id, parse_session_id
from mooring.wire.open_message import OpenMessage
from mooring.wire.payloads import ChannelClosed
from mooring.wire.stamp import Stamp

__all__ = ["Gateway", "GatewaySettings", "Statistics"]

_CONTROL = "/v1/control-channel/"
_DATA = "/v1/data-channel/"
_SWEEP_S = 1.0
_RETRY_S = 1.0
_REMEMBER_S = 60.0
"""So long a token may be looked at while its session ends."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """What a gateway is told. Sizes are bytes, times seconds."""

    gateway_id: str
    spool: Path
    start_deadline_s: float = 20.0
    client_grace_s: float = 1200.0
    stream_grace_s: float = 75.0
    agent_grace_s: float = 1200.0
    agent_back_s: float = 60.0
    token_deadline_s: float = 10.0
    ping_every_s: float = 15.0
    silence_s: float = 40.0
    max_message: int = 256 * 1024
    max_strangers: int = 2048
    max_strangers_per_address: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the gateway holds; ``working`` counts pieces of work that wait for the store."""

    connections: int
    strangers: int
    nodes: int
    sessions: int
    working: int


class Gateway:
    """Accepts channels and owns everything behind them."""

    def __init__(self, world: World, settings: GatewaySettings) -> None:
        self.max_message = settings.max_message
        self._world = world
        self._settings = settings
        key = world.entropy.bytes(KEY_BYTES)
        self._keeper = Keeper(world, RecorderSettings(spool=settings.spool, key=key))
        self._listeners: dict[ControlListener | DataListener, float] = {}
        self._strangers: dict[str, int] = {}
        self._relays: dict[str, Relay] = {}
        self._over: dict[str, tuple[float, str]] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._stamp: Stamp | None = None
        self._tasks: TaskGroup | None = None
        self._lines = Lines(world, settings.gateway_id, self)
        self._is_draining = False
        self._working = 0

    def accept(self, request: UpgradeRequest) -> Listener | Refusal:
        """Say who hears a new connection, or refuse it."""
        if self._is_draining or self._tasks is None:
            return Refusal(status=503, body=b"the gateway is stopping")
        strangers = sum(self._strangers.values())
        from_there = self._strangers.get(request.peer, 0)
        if (
            strangers >= self._settings.max_strangers
            or from_there >= self._settings.max_strangers_per_address
        ):
            return Refusal(status=503, body=b"too many connections without a token")
        listener = self._listener(request)
        if isinstance(listener, Refusal):
            return listener
        self._listeners[listener] = self.now()
        self._strangers[request.peer] = from_there + 1
        return listener

    def _listener(self, request: UpgradeRequest) -> ControlListener | DataListener | Refusal:
        try:
            if request.path.startswith(_CONTROL):
                node_id = parse_node_id(request.path.removeprefix(_CONTROL))
                return ControlListener(node_id, request.peer, self._lines)
            if request.path.startswith(_DATA):
                session_id = parse_session_id(request.path.removeprefix(_DATA))
                return DataListener(session_id, request.peer, self)
        except RemoteProtocolError as exc:
            return Refusal(status=400, body=str(exc).encode())
        return Refusal(status=404, body=b"no such channel")

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. Started once the sessions of an earlier life are taken up."""
        await forget_lines(self._world, gateway=self._settings.gateway_id)
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            await self._take_up()
            task_status.started()
            before = self.now()
            while True:
                due = self._deadlines(before)
                sweep(list(self._listeners.items()), list(self._relays.values()), due)
                self._forget_over(due.now)
                before = due.now
                await anyio.sleep(_SWEEP_S)

    def _forget_over(self, now: float) -> None:
        """Sessions end in the order in which they stand here."""
        while self._over:
            session_id, (ended, _) = next(iter(self._over.items()))
            if now - ended < _REMEMBER_S:
                return
            del self._over[session_id]

    def _deadlines(self, before: float) -> Deadlines:
        given = self._settings
        return Deadlines(
            now=self.now(),
            before=before,
            token_s=given.token_deadline_s,
            ping_every_s=given.ping_every_s,
            silence_s=given.silence_s,
            start_s=given.start_deadline_s,
            client_grace_s=given.client_grace_s,
            stream_grace_s=given.stream_grace_s,
            agent_grace_s=given.agent_grace_s,
            agent_back_s=given.agent_back_s,
            online_since=self._lines.online_since,
        )

    async def _take_up(self) -> None:
        live = await live_sessions(self._world)
        ended = await find_sessions(self._world, self._keeper.session_ids() - set(live))
        recovered = await self._keeper.recover(live, ended.get)
        for session_id, session in live.items():
            recorder = recovered.live[session_id]
            self._keep_sealed(session, recorder)
            if recorder.segments.ended_because is None:
                self._begin(session, recorder)
            else:
                self._over[session_id] = self.now(), recorder.segments.ended_because
                self._write_end(session, *_end_of(recorder.segments.ended_because))
        for session_id, recorder in recovered.over.items():
            self._keep_sealed(ended[session_id], recorder)

    async def drain(self) -> None:
        """Stop accepting, and ask every node to come back a little later, not all at once."""
        self._is_draining = True
        self._lines.send_away()
        for relay in self._relays.values():
            for leg in list(relay.legs.values()):
                leg.peer.flush()
                leg.peer.close(CloseCode.GOING_AWAY, "the gateway is stopping")
        await anyio.lowlevel.checkpoint()

    def statistics(self) -> Statistics:
        """Count what is held."""
        return Statistics(
            connections=len(self._listeners),
            strangers=sum(self._strangers.values()),
            nodes=len(self._lines),
            sessions=len(self._relays),
            working=self._working,
        )

    def redeem_data(self, listener: DataListener, message: OpenMessage) -> None:
        """Look at a data channel's token."""
        self.start(lambda: self._admit(listener, message))

    async def _admit(self, listener: DataListener, message: OpenMessage) -> None:
        try:
            opened = await open_data_channel(
                self._world, session_id=listener.session_id, token=message.token
            )
            forward = await forward_of(self._world, opened.session)
        except SessionOver as exc:
            self._too_late(listener, exc.side, exc.session, exc.session.details)
            return
        except ChannelRefused as exc:
            listener.refuse(str(exc))
            return
        except StoreUnavailable:
            listener.close(CloseCode.TRY_AGAIN_LATER, "the store is not available")
            return
        if listener.session_id in self._over:
            text = self._over[listener.session_id][1]
            self._too_late(listener, opened.side, opened.session, text)
            return
        peer = listener.peer
        if peer is None or listener not in self._listeners:
            return  # it left while its token was looked at
        self.trust(listener)
        leg = Leg(
            peer=peer,
            client_id=message.client_id,
            client_version=message.client_version,
            is_own_agent=opened.is_own_agent,
        )
        listener.admit(self._relay_of(opened, forward), Side(opened.side), leg)

    def _too_late(self, listener: DataListener, side: str, session: Session, text: str) -> None:
        """Tell a client how the session ended that it never saw; an agent knows."""
        if side != Side.CLIENT or listener.peer is None:
            listener.refuse("the session is over")
            return
        closed = ChannelClosed(
            destination_id=session.node_id, session_id=session.session_id, output=text
        )
        listener.end(channel_closed_frame(closed, stamp=self.stamp(), now=self.now()))

    def _relay_of(self, opened: DataOpened, forward: Forward | None) -> Relay:
        relay = self._relays.get(opened.session.session_id)
        if relay is None:
            relay = self._begin(opened.session, self._keeper.recorder(opened.session, forward))
        return relay

    def _begin(self, session: Session, recorder: Record) -> Relay:
        relay = Relay(session, recorder, self, self.stamp())
        self._relays[session.session_id] = relay

        async def end(message: bytes) -> bytes:
            order = msgspec.json.decode(message, type=EndOrder)
            if not relay.is_over:
                relay.finish(order.end, order.output)
                # Who ordered it may look at the row next. Written twice is written once.
                await keep_end(
                    self._world,
                    session.account_id,
                    session.session_id,
                    end=relay.end or order.end,
                    output=order.output,
                )
            return b""

        subject = session_subject(session.account_id, session.session_id)
        self._subscriptions[session.session_id] = self._world.bus.subscribe(subject, end)
        return relay

    def gone(self, listener: ControlListener | DataListener) -> None:
        """A socket is closed."""
        if self._listeners.pop(listener, None) is not None and not listener.is_admitted:
            self._one_stranger_less(listener.address)

    def trust(self, listener: ControlListener | DataListener) -> None:
        """A token was good: the connection no longer counts as a stranger's."""
        self._one_stranger_less(listener.address)

    def _one_stranger_less(self, address: str) -> None:
        left = self._strangers.get(address, 1) - 1
        if left:
            self._strangers[address] = left
        else:
            self._strangers.pop(address, None)

    def now(self) -> float:
        """Return the loop's time in seconds."""
        return asyncio.get_running_loop().time()

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Call back after so many seconds."""
        asyncio.get_running_loop().call_later(delay_s, act)

    def connected(self, relay: Relay) -> None:
        """Both sides have come."""
        session = relay.session
        self.start(lambda: session_connected(self._world, session.account_id, session.session_id))

    def sealed(self, relay: Relay) -> None:
        """Keep the segments that are ready."""
        self._keep_sealed(relay.session, relay.recorder)

    def _keep_sealed(self, session: Session, recorder: Record) -> None:
        paths = recorder.segments.take_sealed()
        if paths:
            self.start(lambda: self._keeper.keep(session.account_id, session.session_id, paths))

    def ended(self, relay: Relay, end: End, output: str) -> None:
        """Forget the relay; write how the session ended and keep its recording."""
        session = relay.session
        self._relays.pop(session.session_id, None)
        self._over[session.session_id] = self.now(), output
        subscription = self._subscriptions.pop(session.session_id, None)
        if subscription is not None:
            subscription.close()
        try:
            relay.recorder.finish(_seal_reason(end, output))
        except OSError:
            _log.exception("recording_not_sealed", extra={"session_id": session.session_id})
        self.sealed(relay)
        self._write_end(session, end, output)
        _log.info("session_ended", extra={"session_id": session.session_id, "reason": end.value})

    def _write_end(self, session: Session, end: End, output: str) -> None:
        async def write() -> None:
            while True:
                try:
                    await keep_end(
                        self._world, session.account_id, session.session_id, end=end, output=output
                    )
                except StoreUnavailable:
                    _log.warning("session_end_not_written", exc_info=True)
                    await anyio.sleep(_RETRY_S)
                else:
                    return

        self.start(write)

    def stamp(self) -> Stamp:
        """Return the maker of our own frames."""
        if self._stamp is None:
            offset = self._world.clock.now().timestamp() - self.now()
            self._stamp = Stamp(self._world.entropy.uuid, offset)
        return self._stamp

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a short piece of work that waits."""
        if self._tasks is not None:
            self._working += 1
            self._tasks.start_soon(self._guarded, work)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """A failure is logged and ends one piece of work, not the gateway."""
        try:
            await work()
        except Exception:  # noqa: BLE001 one peer's trouble must not end the others
            _log.exception("gateway_work_failed")
        finally:
            self._working -= 1


def _seal_reason(end: End, output: str) -> str:
    """Say in the recording how it ended; what a node says of its own end is not evidence."""
    return end.value if end in {End.NODE, End.CONNECTION} else end_text(end, output)


def _end_of(reason: str) -> tuple[End, str]:
    """Read the end that a recording was sealed with, and what was told on the screens."""
    for end in End:
        if reason == end.value or reason.startswith(f"{end.value}: "):
            return end, reason
    return End.NODE, ""
