"""Ask about live sessions once a second at most; a failed turn is logged and tried again."""

from __future__ import annotations

import logging

import anyio

from mooring.operations.revocation import RevocationWatch
from mooring.operations.world import World

__all__ = ["INTERVAL_S", "run_revocation"]

INTERVAL_S = 1.0

_log = logging.getLogger(__name__)


async def run_revocation(world: World, *, interval_s: float = INTERVAL_S) -> None:
    """Run for ever, until cancelled."""
    watch = RevocationWatch(world)
    while True:
        try:
            ended = await watch.turn()
        except Exception:  # noqa: BLE001 - a failed turn must not end the server
            _log.exception("revocation_failed")
        else:
            if ended:
                _log.info("sessions_revoked", extra={"count": ended})
        await anyio.sleep(interval_s)
