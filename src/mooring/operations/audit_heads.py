"""Sign where the audit logs stand, so that their newest events cannot be lost without a trace.

Every minute each account whose log has grown gets a head: the place of every writer process,
signed with the server's key (``wire.audit_chain``). The signer remembers the last head it made.
When the store no longer has it, somebody took the newest events out together with their heads;
that is logged, and the next head goes on from the one remembered, so that the gap shows to
everybody who verifies, for ever.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import anyio

from mooring.operations.world import World
from mooring.ports.tables import Transaction
from mooring.wire.audit_chain import (
    FIRST_PREVIOUS_HASH,
    AuditHead,
    SignedHead,
    head_digest,
    head_message,
)

__all__ = ["AuditSigner"]

_AT_A_TIME = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger(__name__)


class AuditSigner:
    """Signs for one process; ``sign`` is called each minute and once at the end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, AuditHead] = {}

    async def sign(self) -> int:
        """Sign the log of every account that has grown; return how many those were."""
        accounts = await self._world.store.find(lambda directory: tuple(directory.accounts()))
        signed: list[str] = []
        limit = anyio.CapacityLimiter(_AT_A_TIME)

        async def sign(account_id: str) -> None:
            async with limit:
                if await self._sign_account(account_id):
                    signed.append(account_id)

        async with anyio.create_task_group() as signing:  # so that they share their commits
            for account_id in accounts:
                signing.start_soon(sign, account_id)
        return len(signed)

    async def _sign_account(self, account_id: str) -> bool:
        store = self._world.store
        made = self._made.get(account_id)
        if not await store.glance(account_id, lambda tx: _has_grown(tx, made)):
            return False
        now_us = (self._world.clock.now() - _EPOCH) // timedelta(microseconds=1)
        head = await store.write(account_id, lambda tx: self._put(tx, account_id, made, now_us))
        self._made[account_id] = head
        return True

    def _put(
        self, tx: Transaction, account_id: str, made: AuditHead | None, now_us: int
    ) -> AuditHead:
        keys = self._world.keys
        before = _before(_stored(tx), made, account_id)
        head = AuditHead(
            account_id=account_id,
            number=before.number + 1 if before is not None else 1,
            previous=head_digest(before.serialize()) if before else FIRST_PREVIOUS_HASH,
            signed_us=now_us,
            key_id=keys.signing_key_id,
            writers=tx.audit.writers(),
        )
        text = head.serialize()
        signature = keys.sign(head_message(text)).hex()
        tx.audit.put_head(head.number, SignedHead(text=text, signature=signature))
        return head


def _stored(tx: Transaction) -> AuditHead | None:
    signed = tx.audit.last_head()
    return None if signed is None else AuditHead.parse(signed.text)


def _has_grown(tx: Transaction, made: AuditHead | None) -> bool:
    """Tell whether there is something new, or less than there was."""
    stored = _stored(tx)
    if stored is None or (made is not None and stored.number < made.number):
        return tx.audit.last_sequence() > 0 or made is not None
    return tx.audit.last_sequence() != stored.sequence


def _before(stored: AuditHead | None, made: AuditHead | None, account_id: str) -> AuditHead | None:
    """Return the head that the next one follows."""
    if made is None or (stored is not None and stored.number >= made.number):
        return stored
    _log.error("audit_heads_lost", extra={"account_id": account_id, "count": made.number})
    return made
