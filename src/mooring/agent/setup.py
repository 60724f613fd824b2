"""Build what every command of the agent needs from settings and registration."""

from __future__ import annotations

import ssl
from pathlib import Path

from mooring import __version__
from mooring.agent.api import Api, Endpoint
from mooring.agent.identity import Registration
from mooring.agent.settings import AgentSettings
from mooring.agent.state import StateDir
from mooring.agent.world import World
from mooring.net.tls import client_context

__all__ = ["api_for", "trust", "trusted_ca"]


def trusted_ca(settings: AgentSettings, state: StateDir) -> Path | None:
    """Return the authority to trust: the one set, the one pinned, or None for the machine's."""
    if settings.ca_file is not None:
        return settings.ca_file
    return state.ca_file if state.ca_file.exists() else None


def trust(endpoint: Endpoint, ca_file: Path | None) -> ssl.SSLContext | None:
    """Return what verifies an endpoint; None if it does not speak TLS.

    Raises:
        TlsError: the file holds no certificate.
    """
    return client_context(ca_file) if endpoint.is_secure else None


def api_for(
    settings: AgentSettings, state: StateDir, registration: Registration, world: World
) -> Api:
    """Return the server of a registration; raises like ``trust`` and ``Endpoint.parse``."""
    endpoint = Endpoint.parse(settings.endpoint or registration.endpoint)
    context = trust(endpoint, trusted_ca(settings, state))
    return Api(endpoint=endpoint, ssl=context, world=world, version=__version__)
