"""What a port session leads to, as its record names it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Forward"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """One destination, seen from the node.

    ``is_multiplexed`` tells many connections (LocalPortForwarding) from the one stream that an
    SSH client's session is.
    """

    owner: str
    node_id: str
    document_name: str
    host: str
    port: str
    is_multiplexed: bool

    @property
    def destination(self) -> str:
        """Return host and port as people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
