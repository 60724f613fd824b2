"""Opaque texts that we hand out and take back: tickets, page tokens, session tokens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.ports.records import Ticket

__all__ = ["new_ticket", "open_page_token", "page_token", "token_hash"]

_TICKET_BYTES = 32


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex: all that is kept of it."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def new_ticket(
    world: World,
    *,
    kind: str,
    subject: str,
    bearer: str,
    lifetime: timedelta | None = None,
) -> tuple[str, Ticket]:
    """Make a single-use token: the text for its bearer, and the ticket for the store.

    ``lifetime`` None is the site's for channels.
    """
    token = base64.urlsafe_b64encode(world.entropy.bytes(_TICKET_BYTES)).decode().rstrip("=")
    ticket = Ticket(
        token_hash=token_hash(token),
        kind=kind,
        subject=subject,
        bearer=bearer,
        expires_at=world.clock.now() + (lifetime or world.site.ticket_lifetime),
    )
    return token, ticket


def page_token(world: World, operation: str, place: Mapping[str, str]) -> str:
    """Seal the place where the next page begins; good for the same operation only."""
    sealed = world.keys.seal(msgspec.json.encode(dict(place)), context={"page-of": operation})
    return base64.urlsafe_b64encode(sealed).decode()


def open_page_token(world: World, operation: str, token: str) -> Mapping[str, str]:
    """Read a page token; no token is the first page, an empty place.

    Raises:
        OperationRefused: it is not one of ours, or was made for another operation.
    """
    if not token:
        return {}
    try:
        sealed = base64.urlsafe_b64decode(token.encode())
        opened = world.keys.open(sealed, context={"page-of": operation})
        return msgspec.json.decode(opened, type=dict[str, str])
    except ValueError as exc:
        raise OperationRefused(
            Problem.INVALID_NEXT_TOKEN, "The specified token is not valid."
        ) from exc
