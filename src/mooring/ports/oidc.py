"""OpenID Connect providers out in the world: their signatures, and their sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mooring.secret import Secret

__all__ = [
    "CodeGrant",
    "IdentityProviders",
    "NoProviders",
    "ProviderUnreachable",
    "TokenInvalid",
]


class ProviderUnreachable(Exception):
    """The provider did not answer, or not as a provider does."""


class TokenInvalid(Exception):
    """The token was not signed by the provider, or is none at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant:
    """An authorization code, and all that proves whose it is."""

    code: Secret
    verifier: Secret
    redirect_uri: str
    client_id: str
    client_secret: Secret


class IdentityProviders(Protocol):
    """Providers by their issuer, an https URL."""

    async def claims(self, issuer: str, token: str) -> Mapping[str, object]:
        """Return the claims of an ID token that the provider signed; no claim is judged.

        Raises:
            ProviderUnreachable: its keys could not be fetched.
            TokenInvalid: it did not sign the token by RS256 or ES256.
        """

    async def authorization_endpoint(self, issuer: str) -> str:
        """Return where browsers are sent to sign in.

        Raises:
            ProviderUnreachable: it does not say.
        """

    async def redeem(self, issuer: str, grant: CodeGrant) -> str:
        """Change a code for an ID token.

        Raises:
            ProviderUnreachable: it did not answer.
            TokenInvalid: it refused the code.
        """


class NoProviders:
    """What a program that reaches nobody has."""

    async def claims(self, issuer: str, token: str) -> Mapping[str, object]:
        """Refuse."""
        raise ProviderUnreachable(
            f"{issuer} is not reached from here to judge {len(token)} characters"
        )

    async def authorization_endpoint(self, issuer: str) -> str:
        """Refuse."""
        raise ProviderUnreachable(f"{issuer} is not reached from here")

    async def redeem(self, issuer: str, grant: CodeGrant) -> str:
        """Refuse."""
        raise ProviderUnreachable(f"{issuer} is not reached from here as {grant.client_id}")
