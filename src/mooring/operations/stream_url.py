"""Where a client opens its side of a session.

The URL keeps the scheme and host that the client itself used, so that it is a name the client
can reach; the host is checked against those we serve, because it comes from a header. A client
of ``ssm.<region>.<rest>`` is sent to ``ssmmessages.<region>.<rest>``, the one name that closed
networks let sessions through.
"""

from __future__ import annotations

import re

from mooring.operations.caller import Origin
from mooring.operations.world import Site

__all__ = ["is_served", "stream_url"]

# Nothing that could end the host inside a URL: no slash, at sign or blank.
_NAME = re.compile(r"[a-z0-9.:-]+")


def is_served(site: Site, host: str) -> bool:
    """Whether a Host header (port included) names us."""
    name = host.rpartition(":")[0] if _has_port(host) else host
    name = name.strip("[]").lower()
    if not _NAME.fullmatch(name):
        return False
    domain = site.domain.lower()
    return name in site.hosts or name == domain or name.endswith("." + domain)


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host)


def stream_url(site: Site, origin: Origin, session_id: str) -> str:
    """Return the websocket URL for a client of this origin."""
    host = origin.host if is_served(site, origin.host) else site.domain
    first, dot, rest = host.partition(".")
    if first == "ssm" and dot and rest.startswith(site.region + "."):
        host = f"ssmmessages.{rest}"
    scheme = "wss" if origin.secure else "ws"
    return f"{scheme}://{host}/v1/data-channel/{session_id}?role=publish_subscribe"
