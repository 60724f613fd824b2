"""The table of identity providers of one account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mooring.iam.oidc_provider import OidcProvider

__all__ = ["OidcProviders"]


class OidcProviders(Protocol):
    """The OpenID Connect providers of one account, by URL without its scheme."""

    def get(self, url: str) -> OidcProvider | None:
        """Return the provider, or None."""

    def put(self, provider: OidcProvider) -> None:
        """Insert or replace the provider."""

    def delete(self, url: str) -> bool:
        """Forget the provider; False when there was none."""

    def all(self) -> Sequence[OidcProvider]:
        """Return every provider, by URL."""
