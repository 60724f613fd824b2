"""Where the events of reads wait for their commit: bounded, in memory, committed in groups.

A read changes nothing, so its event has no transaction to ride in, and a commit for each would
make reading as slow as writing. So the answer to a read waits until its event is queued, not
until it is kept. What a crash may lose is therefore the events of reads, and of refusals of
reads, of the last ``GATHER_S`` and one commit, together less than 100 ms. A change, and the
refusal of one, is never in here: its event is kept before anybody is answered, because an
attempt to change something is what a crash must not hide.

When the queue is full its callers wait, and when the store takes nothing for ``PATIENCE_S`` they
are refused: nothing is answered without its event. Stopping keeps what is queued.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio

from mooring.ports.records import AuditEvent
from mooring.ports.store import Store, StoreUnavailable
from mooring.ports.tables import Transaction

__all__ = ["GATHER_S", "MAX_WAITING", "PATIENCE_S", "AuditQueue", "open_audit_queue"]

GATHER_S = 0.04
MAX_WAITING = 1024
PATIENCE_S = 5.0
_RETRY_S = 0.2
_LAST_TRIES = 5

_log = logging.getLogger(__name__)


class AuditQueue:
    """Made by ``open_audit_queue``, whose task is the only one that takes from it."""

    def __init__(
        self,
        store: Store,
        *,
        max_waiting: int = MAX_WAITING,
        gather_s: float = GATHER_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._store = store
        self._gather_s = gather_s
        self._patience_s = patience_s
        self._many = max(1, max_waiting // 2)
        self._room = anyio.Semaphore(max_waiting, fast_acquire=True)
        self._waiting: list[tuple[str, AuditEvent]] = []
        self._arrived = anyio.Event()
        self._hurry = anyio.Event()
        self._settled = anyio.Event()
        self._unkept = 0
        self._is_closed = False

    async def put(self, account_id: str, event: AuditEvent) -> None:
        """Queue an event; wait for room when there is none.

        Raises:
            StoreUnavailable: there was no room for too long, or the queue is closed.
        """
        try:
            self._room.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait_for_room()
        if self._is_closed:
            self._room.release()
            raise StoreUnavailable("the audit queue is closed")
        self._waiting.append((account_id, event))
        self._unkept += 1
        self._arrived.set()
        if len(self._waiting) >= self._many:
            self._hurry.set()

    async def _wait_for_room(self) -> None:
        with anyio.move_on_after(self._patience_s) as waiting:
            await self._room.acquire()
        if waiting.cancelled_caught:
            raise StoreUnavailable("the audit queue is full, and the store takes nothing")

    async def flush(self) -> None:
        """Return when everything that was queued is kept."""
        while self._unkept:
            self._hurry.set()
            await self._settled.wait()

    async def run(self) -> None:
        """Keep what is queued, until ``close``; for one task."""
        while not (self._is_closed and not self._waiting):
            await self._arrived.wait()
            with anyio.move_on_after(self._gather_s):
                await self._hurry.wait()
            group, self._waiting = self._waiting, []
            if not self._is_closed:
                self._arrived, self._hurry = anyio.Event(), anyio.Event()
            await self._keep(group)
            for _ in group:
                self._room.release()
            self._unkept -= len(group)
            self._settled.set()
            self._settled = anyio.Event()

    def close(self) -> None:
        """Take nothing more; ``run`` ends when the rest is kept."""
        self._is_closed = True
        self._arrived.set()
        self._hurry.set()

    async def _keep(self, group: Sequence[tuple[str, AuditEvent]]) -> None:
        """Keep a group: each account's in one transaction, all at once."""
        by_account: dict[str, list[AuditEvent]] = {}
        for account_id, event in group:
            by_account.setdefault(account_id, []).append(event)
        async with anyio.create_task_group() as writing:
            for account_id, events in by_account.items():
                writing.start_soon(self._keep_account, account_id, events)

    async def _keep_account(self, account_id: str, events: Sequence[AuditEvent]) -> None:
        tries_left = _LAST_TRIES
        while tries_left:
            try:
                await self._append(account_id, events)
            except StoreUnavailable:
                _log.warning("audit_unavailable", extra={"count": len(events)})
                tries_left -= self._is_closed
                await anyio.sleep(_RETRY_S)
            except Exception:  # noqa: BLE001 - one bad event must not end the keeping of all
                _log.exception("audit_failed", extra={"count": len(events)})
                # Nor may it take along those that happened to be in its group.
                for event in events if len(events) > 1 else ():
                    await self._keep_account(account_id, [event])
                return
            else:
                return
        _log.error("audit_lost", extra={"account_id": account_id, "count": len(events)})

    async def _append(self, account_id: str, events: Sequence[AuditEvent]) -> None:
        def work(tx: Transaction) -> None:
            for event in events:
                tx.audit.append(event)

        await self._store.write(account_id, work)


@asynccontextmanager
async def open_audit_queue(
    store: Store,
    *,
    max_waiting: int = MAX_WAITING,
    gather_s: float = GATHER_S,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[AuditQueue]:
    """Run a queue for as long as the block; leaving it keeps what is queued."""
    queue = AuditQueue(store, max_waiting=max_waiting, gather_s=gather_s, patience_s=patience_s)
    failure: Exception | None = None
    async with anyio.create_task_group() as owner:
        owner.start_soon(queue.run)
        try:
            yield queue
        except Exception as exc:  # noqa: BLE001 - raised again below, by itself and in no group
            failure = exc
        finally:
            queue.close()
            with anyio.CancelScope(shield=True):
                await queue.flush()
    if failure is not None:
        raise failure
