"""A session that is a port: the handshake, then a mux of connections or one alone.

::

    agent -> client   HandshakeRequest: the document's properties, and what our own ends agree on
    client -> agent   HandshakeResponse, acknowledged in the callback that reads it
    agent -> client   HandshakeComplete; then nothing until the client sends data, because AWS's
                      plugin forgets what comes before its side stands

What the client sends before that waits in the channel, unacknowledged.

Source: amazon-ssm-agent, agent/session/plugins/port; session-manager-plugin, src/sessionmanager
plugin/session/portsession.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
import anyio.abc

from mooring.agent.forward import Connect, Forward
from mooring.agent.pipe import Pipe
from mooring.agent.shell_work import takes_large_payloads
from mooring.agent.targets import TargetRefused, connect
from mooring.agent.work import LARGE_PAYLOAD, SMALL_PAYLOAD, Finish
from mooring.wire.channel_events import Received
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import (
    HandshakeComplete,
    HandshakeRequest,
    HandshakeResponse,
    RequestedAction,
    Terms,
    is_newer,
)
from mooring.wire.json_object import JsonValue
from mooring.wire.payloads import ClientKnown, PayloadType
from mooring.wire.session_order import SessionType

__all__ = ["PortTarget", "PortWork"]

logger = logging.getLogger(__name__)

_AGENT_VERSION = "3.3.0.0"
"""Above every gate of AWS's plugin: it then forwards over a mux, without keepalives."""
_MUX_SINCE = "1.1.70.0"
_LOCAL_FORWARDING = "LocalPortForwarding"
_TERMS = Terms(max_payload=64 * 1024, window_bytes=1024 * 1024)
_HANDSHAKE_S = 60.0
"""From the order: the client may come later than the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortTarget:
    """Where the connections go, and the properties as the client is to see them."""

    host: str
    port: int
    is_mux: bool
    properties: Mapping[str, JsonValue]

    @classmethod
    def read(cls, properties: Mapping[str, JsonValue]) -> PortTarget:
        """Read the properties of an order.

        Raises:
            RemoteProtocolError: there is no port in it.
        """
        port, host = str(properties.get("portNumber", "")), str(properties.get("host") or "")
        if not port.isascii() or not port.isdigit():
            raise RemoteProtocolError(f"expected a port number, got `{port[:20]}`")
        return cls(
            host=host or "localhost",
            port=int(port),
            is_mux=properties.get("type") == _LOCAL_FORWARDING,
            properties=properties,
        )


class PortWork:
    """Implements ``work.Work``; ``connect_to`` makes a connection to a host and port."""

    def __init__(
        self,
        target: PortTarget,
        channel: DataChannel,
        speak: Callable[[], None],
        *,
        connect_to: Callable[[str, int], Connect] = lambda host, port: _connector(host, port),
        handshake_s: float = _HANDSHAKE_S,
    ) -> None:
        self._target = target
        self._channel = channel
        self._speak = speak
        self._handshake_s = handshake_s
        self._connect = connect_to(target.host, target.port)
        self._carrying: Forward | Pipe | None = None
        self._response: HandshakeResponse | None = None
        self._answered = anyio.Event()
        self._ending = anyio.Event()

    async def run(self) -> Finish:
        """See ``Work.run``."""
        self._channel.ready = False
        refusal = await self._shake_hands()
        if refusal:
            return Finish(output=refusal)
        carrying = self._carrying = self._choose()
        self._tell(PayloadType.HANDSHAKE_COMPLETE, HandshakeComplete().serialize())
        self._channel.ready = True
        self._speak()
        try:
            await carrying.run()
        except TargetRefused as error:
            return Finish(output=str(error))
        usage = carrying.usage
        logger.info(
            "port_ended",
            extra={
                "connections": usage.connections,
                "refused": usage.refused,
                "bytes_in": usage.bytes_in,
                "bytes_out": usage.bytes_out,
            },
        )
        return Finish()

    async def _shake_hands(self) -> str:
        """Return why the client cannot take part; empty when it can."""
        action = RequestedAction.session_type(SessionType.PORT, self._target.properties)
        request = HandshakeRequest(agent_version=_AGENT_VERSION, actions=(action,), terms=_TERMS)
        self._tell(PayloadType.HANDSHAKE_REQUEST, request.serialize())
        with anyio.move_on_after(self._handshake_s):
            await self._answered.wait()
        if self._response is None:
            return "the client did not answer the handshake"
        if not self._response.accepts_session_type():
            return "the client does not take part in port sessions"
        if self._response.terms is not None:
            self._channel.adopt(self._response.terms)
        else:
            self._use_payloads_of(self._response.client_version)
        return ""

    def _choose(self) -> Forward | Pipe:
        version = self._response.client_version if self._response is not None else ""
        if self._target.is_mux and (version == _MUX_SINCE or is_newer(version, _MUX_SINCE)):
            return Forward(self._channel, self._speak, connect=self._connect, version=1)
        return Pipe(self._channel, self._speak, connect=self._connect)

    def _tell(self, payload_type: PayloadType, payload: bytes) -> None:
        if not self._channel.closed:
            self._channel.send(payload_type, payload, anyio.current_time())
            self._speak()

    def stop(self) -> None:
        """See ``Work.stop``."""
        self._answered.set()
        if self._carrying is not None:
            self._carrying.stop()

    async def kill(self) -> bool:
        """See ``Work.kill``: connections end with the work, and there are no processes."""
        return True

    def take(self, received: Received) -> bool:
        """See ``Work.take``."""
        if received.payload_type == PayloadType.HANDSHAKE_RESPONSE:
            self._hear_response(received.payload)
        elif received.payload_type == PayloadType.OUTPUT and self._carrying is not None:
            return self._carrying.take(received.payload)
        return True

    def _hear_response(self, payload: bytes) -> None:
        if self._response is None:
            try:
                self._response = HandshakeResponse.parse(payload)
            except RemoteProtocolError as error:
                logger.info("payload_dropped", extra={"reason": str(error)})
                return
            self._answered.set()

    def is_full(self) -> bool:
        """See ``Work.is_full``."""
        return self._carrying is not None and self._carrying.is_full()

    async def wait_room(self) -> None:
        """See ``Work.wait_room``."""
        if self._carrying is not None:
            await self._carrying.wait_room()

    def has_room(self) -> None:
        """See ``Work.has_room``."""
        if self._carrying is not None:
            self._carrying.has_room()

    def client_known(self, client: ClientKnown) -> None:
        """See ``Work.client_known``: the handshake says more, and says it later."""
        if self._response is None:
            self._use_payloads_of(client.client_version)

    def _use_payloads_of(self, client_version: str) -> None:
        large = takes_large_payloads(client_version)
        self._channel.set_max_payload(LARGE_PAYLOAD if large else SMALL_PAYLOAD)


def _connector(host: str, port: int) -> Connect:
    async def to_target() -> anyio.abc.SocketStream:
        return await connect(host, port)

    return to_target
