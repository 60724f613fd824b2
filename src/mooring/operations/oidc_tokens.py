"""What an ID token says, once its provider's signature is known to be right.

Source: OpenID Connect Core 1.0, "ID Token Validation"; IAM User Guide, "AWS OIDC federation".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from mooring.iam.oidc_provider import OidcProvider
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.ports.oidc import ProviderUnreachable, TokenInvalid

__all__ = ["Identity", "identify", "issuer_of"]

_SKEW = timedelta(minutes=5)
_MAX_TEXT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody a provider vouches for.

    ``audience`` is whom the token is meant for: ``azp`` where there is one. ``claims`` are all
    claims, most of which mean what the provider wants.
    """

    provider: OidcProvider
    subject: str
    audience: str
    claims: Mapping[str, object]

    def context(self) -> dict[str, tuple[str, ...]]:
        """Return the provider's context keys."""
        url = self.provider.url
        keys = {
            f"{url}:aud": (self.audience,),
            f"{url}:sub": (self.subject,),
            f"{url}:amr": _texts(self.claims.get("amr")),
            "aws:FederatedProvider": (self.provider.arn,),
        }
        if "azp" in self.claims:
            keys[f"{url}:oaud"] = _texts(self.claims.get("aud"))
        return {key: values for key, values in keys.items() if values}


def issuer_of(token: str) -> str:
    """Return who a token says has issued it; nothing is proven by that.

    Raises:
        OperationRefused: INVALID_IDENTITY_TOKEN.
    """
    parts = token.split(".")
    try:
        body = parts[1]
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=dict[str, object]
        )
    except (IndexError, ValueError, msgspec.DecodeError, RecursionError) as exc:
        raise _invalid("The ID Token provided is not a valid JWT.") from exc
    return _text(claims, "iss")


async def identify(world: World, provider: OidcProvider, token: str) -> Identity:
    """Return whom a token vouches for.

    Raises:
        OperationRefused: PROVIDER_UNREACHABLE, INVALID_IDENTITY_TOKEN, EXPIRED_IDENTITY_TOKEN.
    """
    try:
        claims = await world.oidc.claims(provider.issuer, token)
    except ProviderUnreachable as exc:
        raise OperationRefused(
            Problem.PROVIDER_UNREACHABLE,
            "Couldn't retrieve verification key from your identity provider, please reference "
            "AssumeRoleWithWebIdentity documentation for requirements",
        ) from exc
    except TokenInvalid as exc:
        raise _invalid("The signature of the ID Token could not be verified.") from exc
    if _text(claims, "iss") != provider.issuer:
        raise _invalid("Issuer of the ID Token is another than its provider.")
    _check_times(claims, world.clock.now())
    return Identity(
        provider=provider,
        subject=_text(claims, "sub"),
        audience=_audience(claims, provider.client_ids),
        claims=claims,
    )


def _invalid(message: str) -> OperationRefused:
    return OperationRefused(Problem.INVALID_IDENTITY_TOKEN, message)


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > _MAX_TEXT:
        raise _invalid(f"Missing a required claim: {name}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def _check_times(claims: Mapping[str, object], now: datetime) -> None:
    seconds = now.timestamp()
    if _time(claims, "exp") <= seconds:
        raise OperationRefused(
            Problem.EXPIRED_IDENTITY_TOKEN, "Token expired: current date/time must be before exp"
        )
    ahead = seconds + _SKEW.total_seconds()
    if _time(claims, "iat") > ahead or ("nbf" in claims and _time(claims, "nbf") > ahead):
        raise _invalid("The ID Token is not valid yet.")


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(f"Missing a required claim: {name}")
    return value


def _audience(claims: Mapping[str, object], client_ids: Sequence[str]) -> str:
    """Return the client that a token is meant for, one that the provider is trusted for."""
    audiences = _texts(claims.get("aud"))
    meant = (_text(claims, "azp"),) if "azp" in claims else audiences
    for audience in meant:
        if audiences and audience in client_ids:
            return audience
    raise _invalid("Incorrect token audience")
