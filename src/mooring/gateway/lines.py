"""The control channels that are open: which node holds which line, and what comes over it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from mooring.gateway.control import ControlListener
from mooring.net.websocket import CloseCode
from mooring.operations.channels import (
    ChannelRefused,
    ControlOpened,
    control_channel_closed,
    open_control_channel,
)
from mooring.operations.orders import line_subject, node_subject
from mooring.operations.session_end import end_session
from mooring.operations.world import World
from mooring.ports.store import StoreUnavailable
from mooring.ports.world import Subscription
from mooring.sessions.session import End
from mooring.wire.agent_message import AgentMessage
from mooring.wire.control_channel import (
    TaskAcknowledge,
    TaskComplete,
    TaskStatus,
    task_acknowledge_frame,
)
from mooring.wire.open_message import OpenMessage
from mooring.wire.stamp import Stamp

__all__ = ["LineOffice", "Lines"]

_log = logging.getLogger(__name__)


class LineOffice(Protocol):
    """What the lines ask of their gateway; nothing here waits."""

    def now(self) -> float:
        """Return the loop's time in seconds."""

    def stamp(self) -> Stamp:
        """Return the maker of our own frames."""

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a short piece of work that waits."""

    def trust(self, listener: ControlListener) -> None:
        """A token was good."""

    def gone(self, listener: ControlListener) -> None:
        """A socket is closed."""


class Lines:
    """One line for each node; a newer one replaces an older, as after a network change."""

    def __init__(self, world: World, gateway_id: str, office: LineOffice) -> None:
        self._world = world
        self._gateway_id = gateway_id
        self._office = office
        self._lines: dict[str, tuple[ControlListener, list[Subscription]]] = {}
        self.online_since: dict[str, float] = {}
        self._admitting: Counter[str] = Counter()
        self._unwritten: dict[str, ControlOpened] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def redeem_control(self, listener: ControlListener, message: OpenMessage) -> None:
        """Look at the token."""
        self._admitting[listener.node_id] += 1
        self._office.start(lambda: self._admit(listener, message))

    async def _admit(self, listener: ControlListener, message: OpenMessage) -> None:
        try:
            node = await open_control_channel(
                self._world,
                node_id=listener.node_id,
                token=message.token,
                gateway=self._gateway_id,
                address=listener.address,
            )
        except ChannelRefused as exc:
            self._admitting[listener.node_id] -= 1
            listener.refuse(str(exc))
            await self._settle(listener.node_id)
            return
        except StoreUnavailable:
            self._admitting[listener.node_id] -= 1
            listener.close(CloseCode.TRY_AGAIN_LATER, "the store is not available")
            await self._settle(listener.node_id)
            return
        self._admitting[listener.node_id] -= 1

        if listener.is_gone:
            await self._note_offline(node)
            return
        self._office.trust(listener)
        before = self._lines.pop(node.node_id, None)
        self._lines[node.node_id] = listener, self._subscribe(node, listener)
        # A line that replaces another is no return: the node was there.
        self.online_since.setdefault(node.node_id, self._office.now())
        if before is not None:
            _close(before[1])
            before[0].close(CloseCode.GOING_AWAY, "replaced by a newer connection")
        listener.admit(node)
        await self._settle(node.node_id)
        _log.info("node_online", extra={"node_id": node.node_id, "peer": listener.address})

    def _subscribe(self, node: ControlOpened, listener: ControlListener) -> list[Subscription]:
        async def order(frame: bytes) -> bytes:
            listener.order(frame)
            return b""

        async def send_away(reason: bytes) -> bytes:
            listener.close(CloseCode.POLICY_VIOLATION, reason.decode())
            return b""

        bus, place = self._world.bus, (node.account_id, node.node_id)
        return [
            bus.subscribe(node_subject(*place), order),
            bus.subscribe(line_subject(*place), send_away),
        ]

    def gone(self, listener: ControlListener) -> None:
        """The socket is closed: the node is offline, unless it holds a newer line."""
        self._office.gone(listener)
        node = listener.node
        held = self._lines.get(listener.node_id)
        if node is None or held is None or held[0] is not listener:
            return
        del self._lines[node.node_id]
        del self.online_since[node.node_id]
        _close(held[1])
        _log.info("node_offline", extra={"node_id": node.node_id})
        self._office.start(lambda: self._note_offline(node))

    async def _note_offline(self, node: ControlOpened) -> None:
        """Write that the node is away, unless it holds another line or is opening one.

        The row tells lines apart by their gateway only, and the newer line's row may be
        written already: the older one's end must not come after it.
        """
        if self._admitting[node.node_id] > 0:
            self._unwritten[node.node_id] = node
            return
        del self._admitting[node.node_id]
        if node.node_id in self._lines:
            return
        await control_channel_closed(
            self._world, node.account_id, node.node_id, gateway=self._gateway_id
        )

    async def _settle(self, node_id: str) -> None:
        """Write the end that waited for a newer line to open, if none did."""
        if self._admitting[node_id] > 0:
            return
        del self._admitting[node_id]
        ended = self._unwritten.pop(node_id, None)
        if ended is not None:
            await self._note_offline(ended)

    def task_complete(
        self, listener: ControlListener, report: TaskComplete, message: AgentMessage
    ) -> None:
        """A stock agent says that a session of its own is over."""
        note = TaskAcknowledge(message_id=str(message.message_id), task_id=report.task_id)
        stamp, now = self._office.stamp(), self._office.now()
        listener.order(task_acknowledge_frame(note, stamp=stamp, now=now))
        # One report at a time: a node that sends them without end waits for the store as we do.
        listener.pause()
        self._office.start(lambda: self._report(listener, report))

    async def _report(self, listener: ControlListener, report: TaskComplete) -> None:
        try:
            await self._end(listener, report)
        finally:
            listener.resume()

    async def _end(self, listener: ControlListener, report: TaskComplete) -> None:
        node = listener.node
        if node is None:
            return
        session = await self._world.store.read(
            node.account_id, lambda tx: tx.sessions.get(report.task_id)
        )
        if session is None or session.node_id != node.node_id:
            return
        is_good = report.status is TaskStatus.SUCCESS
        await end_session(
            self._world,
            node.account_id,
            report.task_id,
            end=End.NODE if is_good else End.NODE_FAILED,
            output=report.output,
        )

    def send_away(self) -> None:
        """Close every line; each node waits its own random part of the spread."""
        spread_ms = self._world.site.reconnect_spread // timedelta(milliseconds=1)
        for listener, subscriptions in list(self._lines.values()):
            _close(subscriptions)
            share = int.from_bytes(self._world.entropy.bytes(4)) / 2**32
            listener.close(CloseCode.GOING_AWAY, f"retry-after-ms={int(share * spread_ms)}")


def _close(subscriptions: list[Subscription]) -> None:
    for subscription in subscriptions:
        subscription.close()
