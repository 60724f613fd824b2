"""Dial a channel of the server, and carry a sans-I/O channel over it until it breaks.

The control channel and the data channels differ in what they say, not in how they get there:
a token by a signed POST, a signed upgrade, the token as first message, then frames.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import anyio

from mooring.agent.api import Api, ApiRefused, ChannelKind, Signer
from mooring.agent.credentials import CredentialSource
from mooring.agent.patience import Ending, Outcome, Pulse, reason_delay_s
from mooring.net.bell import Bell
from mooring.net.carrier import Carrier, Channel, Owner
from mooring.net.http import HttpError
from mooring.net.websocket import ConnectError, ConnectRefused, WebSocketClosed
from mooring.net.websocket_client import WebSocket, connect
from mooring.wire.errors import RemoteProtocolError

__all__ = ["DIAL_ERRORS", "Dialled", "Line", "dial", "outcome_of", "reach"]

EventT = TypeVar("EventT")

DIAL_ERRORS = (ApiRefused, HttpError, ConnectError, RemoteProtocolError, OSError)
"""What may come of dialling; ``outcome_of`` says what it means."""

_REACH_S = 2.0
_CONNECT_S = 10.0
_MAX_MESSAGE = 2 * 1024 * 1024
_LOOK_EVERY_S = 5.0
_GOODBYE_S = 1.0
_LAST_WORDS_S = 2.0
_PORTS = {"http": 80, "https": 443}
_STALE = frozenset({400, 401, 403})
_ANSWERS = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """An open websocket, the token to say first, and the server's own spread, if it has one."""

    websocket: WebSocket
    token: str
    spread_s: float | None


async def reach(api: Api) -> None:
    """See whether anybody answers at all; a node off the network learns it in 2 s.

    Raises:
        OSError: nobody does.
    """
    parts = urlsplit(api.endpoint.messages_url)
    port = parts.port or _PORTS[parts.scheme]
    with anyio.fail_after(_REACH_S):
        stream = await anyio.connect_tcp(parts.hostname or "", port)
        await stream.aclose()


async def dial(api: Api, credentials: CredentialSource, kind: ChannelKind, name: str) -> Dialled:
    """Open a channel, with fresh credentials if the server takes ours for stale.

    Raises:
        DIAL_ERRORS: any of them.
        NotRegistered: the registration is gone.
    """
    signer = await credentials.signer("ssmmessages")
    try:
        token = await api.channel_token(kind, name, signer)
    except ApiRefused as refusal:
        if refusal.status not in _STALE or not credentials.may_be_stale():
            raise
        signer = await credentials.renewed_signer("ssmmessages")
        token = await api.channel_token(kind, name, signer)
    websocket = await _upgrade(api, kind, name, signer)
    return Dialled(websocket=websocket, token=token.value.reveal(), spread_s=token.spread_s)


async def _upgrade(api: Api, kind: ChannelKind, name: str, signer: Signer) -> WebSocket:
    url = api.endpoint.websocket_url(kind, name)
    return await connect(
        url,
        headers=api.websocket_headers(url, signer),
        ssl=api.ssl,
        deadline_s=_CONNECT_S,
        max_message=_MAX_MESSAGE,
    )


def outcome_of(error: Exception) -> Outcome:
    """Say what an error of dialling means for the next try."""
    if isinstance(error, ApiRefused):
        return Outcome(ending=Ending.DENIED, reason=str(error), delay_s=error.retry_after_s)
    if isinstance(error, WebSocketClosed):
        return Outcome(
            ending=Ending.DENIED,
            reason=f"closed with {error.code} `{error.reason}`",
            delay_s=reason_delay_s(error.reason),
        )
    cause = error if isinstance(error, OSError) else error.__cause__
    is_silent = isinstance(cause, OSError) and not _is_answer(cause)
    if isinstance(error, ConnectRefused) or not is_silent:
        return Outcome(ending=Ending.DENIED, reason=str(error))
    return Outcome(ending=Ending.UNANSWERED, reason=str(error) or "no answer")


def _is_answer(error: OSError) -> bool:
    """Tell whether somebody at the other end said no, or it is the network that fails."""
    if isinstance(error, socket.gaierror):
        return False
    if isinstance(error, ssl.SSLError):
        return True
    # asyncio joins the errors of several addresses into one without a number.
    return (
        error.errno in _ANSWERS
        or isinstance(error, ConnectionError)
        or (
            error.errno is None
            and "Connect call failed" in str(error)
            and "Errno 111" in str(error)
        )
    )


class Line(Generic[EventT]):
    """One connection while it carries a channel."""

    def __init__(
        self,
        channel: Channel[EventT],
        websocket: WebSocket,
        owner: Owner[EventT],
        *,
        is_waiting: Callable[[], bool],
    ) -> None:
        """Join the two; call ``speak`` after giving the channel something to send.

        ``is_waiting`` tells whether the other side owes us an answer; then silence is
        suspicious sooner.
        """
        self._channel = channel
        self._websocket = websocket
        self._carrier = Carrier(channel, websocket, owner)
        self._is_waiting = is_waiting
        self._pulse = Pulse()
        self._doubt = Bell()
        self._outcome: Outcome | None = None

    async def carry(self) -> Outcome | None:
        """Carry the channel until the connection ends, and say how; None if the channel did."""
        jobs = (self._carrier.hear, self._carrier.wait_over, self._watch)
        try:
            with self._carrier:
                async with anyio.create_task_group() as tasks:
                    for job in jobs:
                        tasks.start_soon(self._until_closed, job, tasks.cancel_scope)
            if self._outcome is None:
                await self._hear_out()
        finally:
            self._channel.disconnected()
            is_dead = self._outcome is not None and self._outcome.ending is Ending.UNANSWERED
            with anyio.move_on_after(0 if is_dead else _GOODBYE_S, shield=True):
                await self._websocket.close()
        return self._outcome

    def speak(self) -> None:
        """Send what the channel has to send."""
        self._carrier.speak()

    def suspect(self) -> None:
        """Doubt the connection: it has to answer a ping."""
        if self._pulse.suspect(anyio.current_time()):
            self._websocket.ping()
        self._doubt.ring()

    async def _until_closed(
        self, job: Callable[[], Awaitable[None]], scope: anyio.CancelScope
    ) -> None:
        try:
            await job()
        except WebSocketClosed as error:
            self._outcome = self._outcome or outcome_of(error)
        scope.cancel()

    async def _hear_out(self) -> None:
        """Let the server close first: what was said last may still wait for the token's check."""
        with anyio.move_on_after(_LAST_WORDS_S), contextlib.suppress(WebSocketClosed):
            while True:
                await self._websocket.receive()

    async def _watch(self) -> None:
        """Return when the connection is dead."""
        while True:
            now = anyio.current_time()
            seen = self._websocket.last_seen
            if self._pulse.is_dead(seen, now):
                self._outcome = Outcome(ending=Ending.UNANSWERED, reason="the line is silent")
                return
            due = self._pulse.deadline(seen)
            if self._is_waiting():
                if now - seen >= _LOOK_EVERY_S and self._pulse.suspect(now):
                    self._websocket.ping()
                due = min(self._pulse.deadline(seen), now + _LOOK_EVERY_S)
            with anyio.CancelScope(deadline=due):
                await self._doubt.wait()
