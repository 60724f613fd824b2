"""Whether a session forwards connections, and to what: from what its start was resolved to."""

from __future__ import annotations

from mooring.operations.world import World
from mooring.recordings.forward import Forward
from mooring.sessions.document_properties import LOCAL_FORWARDING
from mooring.sessions.document_resolve import host_of, port_of
from mooring.sessions.session import Session
from mooring.wire.session_order import SessionType

__all__ = ["forward_of"]


async def forward_of(world: World, session: Session) -> Forward | None:
    """Return what a port session leads to; None for a session of another type.

    Raises:
        StoreUnavailable: the store cannot be asked now.
    """
    plan = await world.store.read(
        session.account_id, lambda tx: tx.session_plans.get(session.session_id)
    )
    if plan is None or plan.session_type != SessionType.PORT:
        return None
    return Forward(
        owner=session.owner,
        node_id=session.node_id,
        document_name=session.document_name,
        host=host_of(SessionType.PORT, plan.properties),
        port=port_of(SessionType.PORT, plan.properties),
        is_multiplexed=plan.properties.get("type") == LOCAL_FORWARDING,
    )
