"""What a session does on the node, whatever its type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mooring.wire.channel_events import Received
from mooring.wire.data_channel import DataChannel
from mooring.wire.payloads import ClientKnown

__all__ = ["LARGE_PAYLOAD", "SMALL_PAYLOAD", "Finish", "MakeWork", "Work"]

SMALL_PAYLOAD = 1024
"""What every client takes, in bytes."""

LARGE_PAYLOAD = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How the work ended by itself: what is said of it, and the exit code if there is one."""

    output: str = ""
    exit_code: int | None = None


class Work(Protocol):
    """One session's work; made for one channel, and told when that has something to say."""

    async def run(self) -> Finish:
        """Work until it is done and everything it has to say is in the channel."""

    def stop(self) -> None:
        """End soon, without saying more: nobody will hear it."""

    async def kill(self) -> bool:
        """End everything that runs because of it; False if something is left."""

    def take(self, received: Received) -> bool:
        """Take a payload of the client; False if the session cannot go on."""

    def is_full(self) -> bool:
        """Whether nothing more should be taken for now."""

    async def wait_room(self) -> None:
        """Wait until it is not full."""

    def has_room(self) -> None:
        """Hear that the channel takes data again."""

    def client_known(self, client: ClientKnown) -> None:
        """Hear what the server knows of the client."""


MakeWork = Callable[[DataChannel, Callable[[], None]], Work]
"""Make the work for a channel; the function is to be called when the channel has news."""
