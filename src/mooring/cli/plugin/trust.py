"""Whom the websocket trusts: the machine's authorities and those that the person names.

``net.tls`` would do, but it also makes certificates, and the library for that takes longer to load
than all the rest of a session's start.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

__all__ = ["TrustError", "trust", "trust_also"]


class TrustError(Exception):
    """A file of authorities cannot be read."""


def trust(stream_url: str, ca_files: Iterable[str]) -> ssl.SSLContext | None:
    """Return what verifies the server of ``stream_url``, None where there is nothing to verify.

    Raises:
        TrustError: one of ``ca_files`` is no file of certificates.
    """
    if not stream_url.startswith("wss:"):
        return None
    context = ssl.create_default_context()
    for ca_file in ca_files:
        trust_also(context, ca_file)
    return context


def trust_also(context: ssl.SSLContext, ca_file: str) -> None:
    """Trust the authorities in one more file."""
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise TrustError(f"cannot read certificates from `{ca_file}`: {error}") from error
