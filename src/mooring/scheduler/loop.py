"""Run what is due, again and again; a failure is logged and tried at the next turn."""

from __future__ import annotations

import logging

import anyio

from mooring.operations.expiry import expire
from mooring.operations.world import World

__all__ = ["INTERVAL_S", "run_scheduler"]

INTERVAL_S = 10.0

_log = logging.getLogger(__name__)


async def run_scheduler(world: World, *, interval_s: float = INTERVAL_S) -> None:
    """Run for ever, until cancelled."""
    while True:
        try:
            ended = await expire(world)
        except Exception:  # noqa: BLE001 - a failed turn must not end the server
            _log.exception("expiry_failed")
        else:
            if ended:
                _log.info("sessions_expired", extra={"count": ended})
        await anyio.sleep(interval_s)
