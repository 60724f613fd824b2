"""Keep the last uses of keys and roles once a minute, and those of the last minute at the end.

A failure is tried again at the next turn. What the last minute before a crash saw is lost: IAM
promises no more than "within hours".
"""

from __future__ import annotations

import logging

import anyio

from mooring.operations.last_uses import keep_last_uses
from mooring.operations.world import World

__all__ = ["INTERVAL_S", "run_last_uses"]

INTERVAL_S = 60.0
_LAST_TURN_S = 2.0

_log = logging.getLogger(__name__)


async def run_last_uses(world: World, *, interval_s: float = INTERVAL_S) -> None:
    """Run for ever, until cancelled."""
    try:
        while True:
            await anyio.sleep(interval_s)
            await _keep(world)
    finally:
        with anyio.move_on_after(_LAST_TURN_S, shield=True):
            await _keep(world)


async def _keep(world: World) -> None:
    try:
        await keep_last_uses(world)
    except Exception:  # noqa: BLE001 - a failed turn must not end the server
        _log.exception("last_uses_failed")
