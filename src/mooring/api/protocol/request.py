"""HTTP as the protocols see it: values, with no server behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["HttpRequest", "HttpResponse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A whole request.

    ``path`` and ``query_string`` are as on the request line, still percent-encoded: signatures
    cover them so. Header names are lower-case; ``secure`` tells TLS, ``peer`` is the address.
    """

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    secure: bool
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """A whole response; the server adds ``Date``."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
