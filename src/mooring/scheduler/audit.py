"""Sign the audit logs each minute, and once more when the server stops."""

from __future__ import annotations

import logging

import anyio

from mooring.operations.audit_heads import AuditSigner
from mooring.operations.world import World

__all__ = ["INTERVAL_S", "run_audit_signer"]

INTERVAL_S = 60.0

_log = logging.getLogger(__name__)


async def run_audit_signer(world: World, *, interval_s: float = INTERVAL_S) -> None:
    """Run for ever, until cancelled."""
    signer = AuditSigner(world)
    try:
        while True:
            await anyio.sleep(interval_s)
            await _sign(signer)
    finally:
        with anyio.CancelScope(shield=True):
            await world.audit.flush()
            await _sign(signer)


async def _sign(signer: AuditSigner) -> None:
    try:
        await signer.sign()
    except Exception:  # noqa: BLE001 - a failed turn must not end the server
        _log.exception("audit_signing_failed")
