"""A port of the node on a port of this machine, with as many connections as programs make.

The texts are those of AWS's plugin, because tools wait for them.

Source: session-manager-plugin, src/sessionmanagerplugin/session/portsession/muxportforwarding.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
from anyio.streams.stapled import MultiListener

from mooring.net.streams import Streams
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import LocalProtocolError
from mooring.wire.json_object import JsonValue

__all__ = ["ForwardFailed", "LocalEnd", "LocalForward"]

_LOCAL_FORWARDING = "LocalPortForwarding"
_MUX_VERSION = 1
_LARGEST_PORT = 65535


class ForwardFailed(Exception):
    """There is nothing to listen on; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEnd:
    """Where to listen: a port of localhost (0 for any), or the path of a socket."""

    port: int = 0
    unix_socket: str = ""

    @classmethod
    def read(cls, properties: Mapping[str, JsonValue]) -> LocalEnd | None:
        """Read a port session's properties; None when it is one stream and forwards nothing."""
        if properties.get("type") != _LOCAL_FORWARDING:
            return None
        socket = str(properties.get("localUnixSocket") or "")
        port = str(properties.get("localPortNumber") or "0")
        is_port = port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT
        return cls(port=int(port) if is_port else 0, unix_socket=socket)


class LocalForward:
    """Listens until it is cancelled; ``say`` shows a line to the person."""

    def __init__(
        self,
        end: LocalEnd,
        channel: DataChannel,
        speak: Callable[[], None],
        *,
        session_id: str,
        say: Callable[[str], None],
    ) -> None:
        self._end = end
        self._session_id = session_id
        self._say = say
        self._has_accepted = False
        self._streams = Streams(channel, speak, version=_MUX_VERSION, opened=self._unasked)

    async def run(self) -> None:
        """Listen, and carry every connection.

        Raises:
            ForwardFailed: the port or the socket cannot be had.
        """
        listener = await self._listen()
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(self._streams.run)
            await listener.serve(self._carry)

    async def _listen(self) -> anyio.abc.Listener[anyio.abc.SocketStream]:
        end = self._end
        try:
            if end.unix_socket:
                listener = await anyio.create_unix_listener(Path(end.unix_socket), mode=0o600)
                self._say(f"Unix socket {end.unix_socket} opened for sessionId {self._session_id}.")
                return listener
            tcp = await anyio.create_tcp_listener(local_host="localhost", local_port=end.port)
        except OSError as exc:
            where = end.unix_socket or f"localhost port {end.port}"
            raise ForwardFailed(f"cannot listen on {where}: {exc.strerror or exc}") from exc
        port = _port_of(tcp)
        self._say(
            f"Port {port} opened for sessionId {self._session_id}.\nWaiting for connections..."
        )
        return tcp

    async def _carry(self, connection: anyio.abc.SocketStream) -> None:
        if not self._has_accepted:
            self._has_accepted = True
            self._say(f"\nConnection accepted for session [{self._session_id}]")
        try:
            stream_id = self._streams.open()
        except LocalProtocolError:
            await connection.aclose()
            return
        await self._streams.carry(stream_id, connection)

    def _unasked(self, stream_id: int) -> None:
        """Nodes open no streams: nothing here is to be reached from there."""
        self._streams.refuse(stream_id)

    def take(self, data: bytes) -> bool:
        """Take bytes of the node; False if the session cannot go on."""
        return self._streams.take(data)

    def is_full(self) -> bool:
        """Whether nothing more should be taken for now."""
        return self._streams.is_full()

    async def wait_room(self) -> None:
        """Wait until it is not full."""
        await self._streams.wait_room()

    def has_room(self) -> None:
        """Hear that the channel takes data again."""
        self._streams.has_room()


def _port_of(listener: MultiListener[anyio.abc.SocketStream]) -> int:
    port: int = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 no database
    return port
