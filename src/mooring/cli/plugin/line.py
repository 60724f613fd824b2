"""The connection under a session: dialled with patience, watched, and made again when it breaks.

================  ==============================================================================
AWS's plugin      this one
================  ==============================================================================
first dial fails  hangs without a word         tries for 15 s, then says why
line is cut       tries about 45-65 s, or      asks for a new token with full jitter, for 90 s; says
                  hangs in silence             that it does, and why it gave up
line goes dead    notices when it writes       pings; 20 s without a sign of life count as a cut
================  ==============================================================================

A resumed session dials the first StreamUrl with the new token, as AWS's plugin does.

Source: session-manager-plugin, src/sessionmanagerplugin/session/sessionhandler.go.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio

from mooring.cli.plugin.arguments import Invocation
from mooring.cli.plugin.control_plane import CallFailed, CallRefused, ControlPlane
from mooring.cli.plugin.conversation import CLIENT_VERSION
from mooring.cli.plugin.ending import Ending, How
from mooring.cli.plugin.trust import TrustError, trust_also
from mooring.cli.world import World
from mooring.net.retry import Backoff
from mooring.net.websocket import ConnectError, ConnectRefused, WebSocketClosed
from mooring.net.websocket_client import WebSocket, connect
from mooring.secret import Secret
from mooring.wire.open_message import client_open_message
from mooring.wire.payloads import OUR_CLIENTS

__all__ = ["Line", "Over", "Patience", "drop"]

_MAX_MESSAGE = 1024 * 1024
_CLIENT_ERROR = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try, in seconds."""

    first_s: float = 15.0
    resume_s: float = 90.0
    dial_s: float = 10.0
    call_s: float = 15.0
    base_s: float = 0.2
    cap_s: float = 4.0
    quiet_s: float = 1.0
    """So long a cut is nobody's business."""
    ping_every_s: float = 5.0
    dead_after_s: float = 20.0
    proven_after_s: float = 5.0
    """A line that lasted so long was a good one, even if nothing came over it."""


class Over(Exception):
    """There will be no connection any more."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.text)
        self.ending = ending


class Line:
    """Gives out one connection after the other until there can be no more."""

    def __init__(  # noqa: PLR0913  # what it needs of the world outside
        self,
        invocation: Invocation,
        calls: ControlPlane,
        *,
        context: ssl.SSLContext | None,
        world: World,
        notice: Callable[[str], None],
        patience: Patience,
    ) -> None:
        self._invocation = invocation
        self._calls = calls
        self._context = context
        self._world = world
        self._notice = notice
        self._patience = patience
        self._client_id = f"{OUR_CLIENTS}{world.new_id()}"
        self._backoff = Backoff(patience.base_s, patience.cap_s)
        self._asked_for_ca = False
        self._lost_at: float | None = None

    async def first(self) -> WebSocket:
        """Dial for the first time.

        Raises:
            Over: nobody answered in time, or the answer was no.
        """
        give_up_at = anyio.current_time() + self._patience.first_s
        while True:
            try:
                return await self._dial(self._invocation.token)
            except ConnectError as error:
                if await self._finds_authority(error):
                    continue
                delay = self._backoff.next_delay(self._world.random())
                if _is_final(error) or anyio.current_time() + delay >= give_up_at:
                    raise _over(f"Cannot perform start session: {error}") from error
            await anyio.sleep(delay)

    async def again(self) -> WebSocket:
        """Come back after a cut.

        Raises:
            Over: the session is over, or cannot be reached for too long.
        """
        if self._lost_at is None:
            self._lost_at = anyio.current_time()
        with self._telling():
            while True:
                await anyio.sleep(self._backoff.next_delay(self._world.random()))
                try:
                    token = await self._calls.resume(deadline_s=self._patience.call_s)
                    if token is None:
                        raise Over(Ending(how=How.TIMED_OUT))
                    return await self._dial(Secret(token))
                except CallRefused as error:
                    raise self._lost(error) from error
                except (CallFailed, ConnectError) as error:
                    if anyio.current_time() - self._lost_at >= self._patience.resume_s:
                        raise self._lost(error) from error

    def proven(self) -> None:
        """Note that the server took the connection: patience starts over at the next cut."""
        self._lost_at = None
        self._backoff.reset()

    async def watch(self, websocket: WebSocket) -> None:
        """Drop a connection that gives no sign of life; returns when it has."""
        began = anyio.current_time()
        while True:
            await anyio.sleep(self._patience.ping_every_s)
            if anyio.current_time() - began >= self._patience.proven_after_s:
                self.proven()
            # While we do not read, nothing can be seen.
            if not websocket.statistics().reading:
                continue
            if anyio.current_time() - websocket.last_seen >= self._patience.dead_after_s:
                await drop(websocket)
                return
            websocket.ping()

    async def _dial(self, token: Secret) -> WebSocket:
        websocket = await connect(
            self._invocation.stream_url,
            headers={"User-Agent": f"mooring-plugin/{CLIENT_VERSION}"},
            ssl=self._context,
            deadline_s=self._patience.dial_s,
            max_message=_MAX_MESSAGE,
        )
        opening = client_open_message(
            token=token.reveal(),
            request_id=str(self._world.new_id()),
            client_id=self._client_id,
            client_version=CLIENT_VERSION,
        )
        try:
            await websocket.send_text(opening)
        except WebSocketClosed:
            # Whoever receives hears of it.
            return websocket
        except BaseException:
            await drop(websocket)
            raise
        return websocket

    async def _finds_authority(self, error: ConnectError) -> bool:
        """Trust the profile's authorities too, once: finding them takes botocore."""
        if self._context is None or self._asked_for_ca or not _is_untrusted(error):
            return False
        self._asked_for_ca = True
        ca_file = await self._calls.ca_file(deadline_s=self._patience.call_s)
        if not ca_file:
            return False
        try:
            trust_also(self._context, ca_file)
        except TrustError as problem:
            raise _over(f"Cannot perform start session: {problem}") from problem
        return True

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say that we are busy when it takes a while, and that it is over."""
        told = False

        def tell() -> None:
            nonlocal told
            told = True
            self._notice("connection lost, reconnecting… (Enter ~ . to leave)")

        alarm = asyncio.get_running_loop().call_later(self._patience.quiet_s, tell)
        try:
            yield
        finally:
            alarm.cancel()
        if told:
            self._notice("reconnected")

    def _lost(self, error: Exception) -> Over:
        session_id = self._invocation.session_id
        return _over(f"cannot resume session {session_id}: {error}")


async def drop(websocket: WebSocket) -> None:
    """End a connection without waiting for the other end."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        await websocket.close()


def _over(text: str) -> Over:
    return Over(Ending(how=How.FAILED, text=text))


def _is_final(error: ConnectError) -> bool:
    if isinstance(error, ConnectRefused):
        return error.status in _CLIENT_ERROR
    return _is_untrusted(error)


def _is_untrusted(error: ConnectError) -> bool:
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)
