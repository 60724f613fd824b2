"""An OpenID Connect identity provider that an account trusts to say who somebody is.

Source of the shape: the IAM API, GetOpenIDConnectProvider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["HTTPS", "OidcProvider"]

HTTPS = "https://"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider:
    """A provider.

    Attributes:
        url: its issuer without ``https://``: host, port and path.
        client_ids: whom its tokens may be meant for (``aud``).
        thumbprints: of its certificates' authorities, as they were given; we verify its
            certificate against the authorities that the server trusts.
    """

    account_id: str
    url: str
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The provider's ARN, which trust policies name as ``Federated``."""
        return f"arn:aws:iam::{self.account_id}:oidc-provider/{self.url}"

    @property
    def issuer(self) -> str:
        """What its tokens say in ``iss``."""
        return HTTPS + self.url
