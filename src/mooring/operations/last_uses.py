"""When keys and roles were last used: asked for, and kept once in a while."""

from __future__ import annotations

from collections.abc import Callable

from mooring.iam.identity import LastUse
from mooring.operations.call import Call
from mooring.operations.world import World
from mooring.ports.tables import Transaction

__all__ = ["keep_last_uses", "last_use"]


async def last_use(call: Call, subject: str) -> LastUse | None:
    """Return the last use of a key or role (by its unique id) in the caller's account."""
    recent = call.world.recent_uses.get(call.caller.account_id, subject)
    return recent or await call.glance(lambda tx: tx.last_uses.get(subject))


async def keep_last_uses(world: World) -> int:
    """Write down what was used since the last time, an account at a time; say how many.

    Raises:
        StoreUnavailable: the database refused; what is not kept stays noted.
    """
    count = 0
    for account_id, uses in world.recent_uses.waiting().items():
        await world.store.write(account_id, _keeper(uses))
        world.recent_uses.kept(account_id, uses)
        count += len(uses)
    return count


def _keeper(uses: tuple[LastUse, ...]) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        for use in uses:
            tx.last_uses.put(use)

    return work
