"""A session that is a shell: its terminal, and the end of every process in it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mooring.agent.processes import end_all
from mooring.agent.shell import Shell
from mooring.agent.terminal import Terminal
from mooring.agent.work import LARGE_PAYLOAD, SMALL_PAYLOAD, Finish
from mooring.wire.channel_events import Received
from mooring.wire.data_channel import DataChannel
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.handshake import is_newer
from mooring.wire.payloads import ClientKnown, PayloadType, TerminalSize

__all__ = ["ShellWork", "takes_large_payloads"]

logger = logging.getLogger(__name__)

_LARGE_SINCE = "1.2.0.0"


class ShellWork:
    """Implements ``work.Work``."""

    def __init__(  # noqa: PLR0913  # the parts that make up a shell's session
        self,
        shell: Shell,
        channel: DataChannel,
        speak: Callable[[], None],
        *,
        profile: str,
        keeper: int | None,
        hang_up_s: float,
        kill_s: float,
    ) -> None:
        """Join them; ``keeper`` is the process that adopts the session's orphans, if one does."""
        self._shell = shell
        self._terminal = Terminal(shell, channel, speak, profile=profile)
        self._keeper = keeper
        self._hang_up_s = hang_up_s
        self._kill_s = kill_s

    async def run(self) -> Finish:
        """See ``Work.run``; what the person left running in the background goes on."""
        code = await self._terminal.run()
        logger.info("shell_ended", extra={"exit_code": code})
        return Finish(exit_code=code)

    def stop(self) -> None:
        """See ``Work.stop``."""
        self._terminal.stop()

    async def kill(self) -> bool:
        """See ``Work.kill``."""
        grace_s, limit_s = self._hang_up_s, self._kill_s
        return await end_all(self._shell.pid, self._keeper, grace_s=grace_s, limit_s=limit_s)

    def take(self, received: Received) -> bool:
        """See ``Work.take``."""
        if received.payload_type == PayloadType.OUTPUT:
            is_well = self._terminal.type(received.payload)
            if not is_well:
                logger.warning("typed_too_far_ahead")
            return is_well
        if received.payload_type == PayloadType.SIZE:
            try:
                self._terminal.resize(TerminalSize.parse(received.payload))
            except RemoteProtocolError as error:
                logger.info("payload_dropped", extra={"reason": str(error)})
        return True

    def is_full(self) -> bool:
        """See ``Work.is_full``."""
        return self._terminal.is_full()

    async def wait_room(self) -> None:
        """See ``Work.wait_room``."""
        await self._terminal.wait_room()

    def has_room(self) -> None:
        """See ``Work.has_room``."""
        self._terminal.has_room()

    def client_known(self, client: ClientKnown) -> None:
        """See ``Work.client_known``."""
        large = takes_large_payloads(client.client_version)
        self._terminal.use_payloads(LARGE_PAYLOAD if large else SMALL_PAYLOAD)


def takes_large_payloads(client_version: str) -> bool:
    """Tell whether a client takes more than 1 KiB at once: stock ones do since 1.2.0.0."""
    return client_version == _LARGE_SINCE or is_newer(client_version, _LARGE_SINCE)
