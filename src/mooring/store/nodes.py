"""Nodes as rows.

Tags and platform are JSON texts in the node's own row: the use cases filter in memory, page by
page, so that listing 50,000 nodes is a walk along the primary key and no join. What a node says
about itself is hostile text; as escaped JSON it cannot hold what a database would refuse.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

from sqlalchemy import select

from mooring.fleet.node import Node, Platform
from mooring.store.rows import (
    AccountRows,
    Row,
    from_micros,
    from_optional_micros,
    from_tags,
    to_micros,
    to_optional_micros,
    to_tags,
)
from mooring.store.schema import NODES
from mooring.store.statement import (
    account_statement,
    delete_where,
    of_account,
    param,
    put_row,
    select_where,
)

__all__ = ["NodeTable"]

_VALUES_KEPT = 2048

_GET = account_statement(select_where(NODES, "node_id"))
_PUT = account_statement(put_row(NODES))
_TAGS = account_statement(select(NODES.c.tags).where(*of_account(NODES, "node_id")))
_DELETE = account_statement(delete_where(NODES, "node_id"))
_PAGE = account_statement(
    select_where(NODES)
    .where(NODES.c.node_id > param("after"))
    .order_by(NODES.c.node_id)
    .limit(param("limit"))
)


class NodeTable:
    """The nodes of one account."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._rows = AccountRows(connection, account_id)

    def get(self, node_id: str) -> Node | None:
        """Return the node, or None."""
        row = self._rows.one(_GET, node_id=node_id)
        return None if row is None else _node(row)

    def put(self, node: Node) -> None:
        """Insert or replace the node and its tags."""
        self._rows.check_owner(node.account_id)
        tags = to_tags(node.tags)
        before = self._rows.one(_TAGS, node_id=node.node_id)
        if before is not None and before[0] != tags:
            self._rows.note_access_change()
        self._rows.change(
            _PUT,
            node_id=node.node_id,
            region=node.region,
            name=node.name,
            role_name=node.role_name,
            activation_id=node.activation_id,
            public_key=node.public_key,
            next_public_key=node.next_public_key,
            fingerprint=node.fingerprint,
            registered_at=to_micros(node.registered_at),
            platform=json.dumps(asdict(node.platform), separators=(",", ":")),
            gateway=node.gateway,
            connected_at=to_optional_micros(node.connected_at),
            last_seen=to_optional_micros(node.last_seen),
            source_address=node.source_address,
            tags=tags,
        )

    def delete(self, node_id: str) -> bool:
        """Forget the node; False when there was none."""
        return self._rows.change(_DELETE, node_id=node_id) > 0

    def page(self, *, after: str, limit: int) -> Sequence[Node]:
        """Return nodes with an id above ``after``, by id, at most ``limit``."""
        return [_node(row) for row in self._rows.all(_PAGE, after=after, limit=limit)]


@lru_cache(maxsize=_VALUES_KEPT)
def _node(row: Row) -> Node:
    """Turn a row into its value; the same row is the same value, and most rows are read again."""
    account_id, node_id, region, name, role_name, activation_id, *rest = row
    public_key, next_public_key, fingerprint, registered_at, platform, *line = rest
    gateway, connected_at, last_seen, source_address, tags = line
    return Node(
        account_id=account_id,
        region=region,
        node_id=node_id,
        name=name,
        role_name=role_name,
        activation_id=activation_id,
        public_key=public_key,
        next_public_key=next_public_key,
        fingerprint=fingerprint,
        registered_at=from_micros(registered_at),
        platform=Platform(**json.loads(platform)),
        gateway=gateway,
        connected_at=from_optional_micros(connected_at),
        last_seen=from_optional_micros(last_seen),
        source_address=source_address,
        tags=from_tags(tags),
    )
