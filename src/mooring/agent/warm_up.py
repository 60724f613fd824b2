"""Use once, before the zygote forks, what every session process uses.

Whatever loads, compiles or fills a cache at first use would do so in each session process,
2 to 3 MB of its own; done before the fork, it is shared. So the agent talks to itself once: the
event loop, a signed call, an upgrade, and their digests.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl

import anyio

from mooring.agent.api import Api, ApiRefused, ChannelKind, Endpoint, RoleKeys, role_signer
from mooring.agent.world import World
from mooring.net.websocket import ConnectError
from mooring.net.websocket_client import connect
from mooring.secret import Secret

__all__ = ["warm_up"]

logger = logging.getLogger(__name__)

_LOOPBACK = "127.0.0.1"
_NO = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_DEADLINE_S = 2.0
_MAX_MESSAGE = 1024
_NAME = "i-00000000000000000"


def warm_up(world: World, *, use_uvloop: bool) -> None:
    """Talk to ourselves; leaves no loop, socket or thread behind, and never fails."""
    anyio.run(_converse, world, backend_options={"use_uvloop": use_uvloop})
    # Resolving a host name loads this codec; a digest and a context load their libraries.
    "localhost".encode("idna")
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _converse(world: World) -> None:
    try:
        server = await asyncio.start_server(_refuse, _LOOPBACK, 0)
    except OSError as error:
        logger.debug("not_warmed_up", extra={"reason": str(error)})
        return
    async with server:
        port = server.sockets[0].getsockname()[1]
        api = Api(
            endpoint=Endpoint.parse(f"http://{_LOOPBACK}:{port}"), ssl=None, world=world, version=""
        )
        keys = RoleKeys(access_key_id="A", secret_access_key=Secret("S"), session_token=Secret("T"))
        signer = role_signer(keys, region="r", service="s")
        with contextlib.suppress(ApiRefused, OSError, TimeoutError):
            await api.channel_token(ChannelKind.DATA, _NAME, signer)
        url = api.endpoint.websocket_url(ChannelKind.DATA, _NAME)
        with contextlib.suppress(ConnectError):
            await connect(
                url,
                headers=api.websocket_headers(url, signer),
                ssl=None,
                deadline_s=_DEADLINE_S,
                max_message=_MAX_MESSAGE,
            )


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_NO)
        await writer.drain()
    writer.close()
