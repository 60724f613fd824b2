"""OpenID Connect providers of an account. Rules, limits and wording: the IAM API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from mooring.iam.oidc_provider import HTTPS, OidcProvider
from mooring.operations.authorize import Question, require, without_resource
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = [
    "add_client_id",
    "create_provider",
    "delete_provider",
    "get_provider",
    "list_providers",
    "new_provider",
    "read_url",
    "remove_client_id",
    "tag_provider",
    "untag_provider",
    "update_thumbprints",
]

_MOST_PROVIDERS = 100
_MOST_CLIENT_IDS = 100
_MOST_THUMBPRINTS = 5
_MOST_TAGS = 50
_PREFIX = "oidc-provider/"
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*")
Tag = tuple[str, str]


def _refused(message: str) -> OperationRefused:
    return OperationRefused(Problem.INVALID_INPUT, message)


def read_url(text: str) -> str:
    """Return the URL of an issuer without its scheme.

    Raises:
        OperationRefused: INVALID_INPUT.
    """
    if not text.startswith(HTTPS):
        raise _refused("Invalid Open ID Connect Provider URL")
    parts = urlsplit(text)
    if not _HOST.fullmatch(parts.netloc) or not _PATH.fullmatch(parts.path):
        raise _refused("Invalid Open ID Connect Provider URL")
    if parts.query or parts.fragment or text != f"{HTTPS}{parts.netloc}{parts.path}":
        raise _refused("Invalid Open ID Connect Provider URL")
    return text.removeprefix(HTTPS)


def new_provider(
    call: Call,
    url: str,
    *,
    client_ids: Sequence[str],
    thumbprints: Sequence[str],
    tags: Sequence[Tag],
) -> OidcProvider:
    """Return a provider as it is asked for.

    Raises:
        OperationRefused: INVALID_INPUT or LIMIT_EXCEEDED.
    """
    return OidcProvider(
        account_id=call.caller.account_id,
        url=read_url(url),
        client_ids=_client_ids(client_ids),
        thumbprints=_thumbprints(thumbprints),
        created_at=call.time,
        tags=_merged({}, tags),
    )


def _client_ids(given: Sequence[str]) -> tuple[str, ...]:
    distinct = tuple(dict.fromkeys(given))
    if len(distinct) > _MOST_CLIENT_IDS:
        raise OperationRefused(
            Problem.LIMIT_EXCEEDED,
            f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {_MOST_CLIENT_IDS}",
        )
    return distinct


def _thumbprints(given: Sequence[str]) -> tuple[str, ...]:
    if len(given) > _MOST_THUMBPRINTS:
        raise _refused("Thumbprint list must contain fewer than 5 entries.")
    if any(not _THUMBPRINT.fullmatch(text) for text in given):
        raise _refused("Thumbprint must be 40 hexadecimal characters")
    return tuple(text.lower() for text in given)


def _merged(kept: dict[str, str], new: Sequence[Tag]) -> dict[str, str]:
    folded = {key.lower() for key, _ in new}
    if len(folded) < len(new):
        raise _refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.startswith("aws:") for key in folded):
        raise _refused("Caller is an end user and not allowed to create system tags")
    merged = {key: value for key, value in kept.items() if key.lower() not in folded}
    merged.update(new)
    if len(merged) > _MOST_TAGS:
        raise OperationRefused(
            Problem.LIMIT_EXCEEDED, "The number of tags has reached the maximum limit."
        )
    return merged


async def create_provider(call: Call, provider: OidcProvider) -> None:
    """Trust a provider.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS or LIMIT_EXCEEDED.
    """
    tags = provider.tags
    await require(
        call,
        Question(action=call.action, resources=(provider.arn,), tags=tags, request_tags=tags),
    )

    def work(tx: Transaction) -> None:
        if tx.oidc_providers.get(provider.url) is not None:
            raise OperationRefused(
                Problem.ENTITY_EXISTS, f"Provider with url {provider.issuer} already exists."
            )
        if len(tx.oidc_providers.all()) >= _MOST_PROVIDERS:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {_MOST_PROVIDERS}",
            )
        tx.oidc_providers.put(provider)

    await call.write(work)


async def get_provider(call: Call, arn: str) -> OidcProvider:
    """Return a provider.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    provider = await _find(call, arn)
    await _require(call, arn, provider)
    if provider is None:
        raise _missing(arn)
    return provider


async def list_providers(call: Call) -> tuple[OidcProvider, ...]:
    """Return every provider of the account.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, without_resource(call))
    return tuple(await call.read(lambda tx: tx.oidc_providers.all()))


async def delete_provider(call: Call, arn: str) -> None:
    """Trust a provider no more; the sessions that it vouched for go on until they expire.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    await _require(call, arn, await _find(call, arn))

    def work(tx: Transaction) -> None:
        url = _url_of(call, arn)
        if url is None or not tx.oidc_providers.delete(url):
            raise _missing(arn)

    await call.write(work)


async def add_client_id(call: Call, arn: str, client_id: str) -> None:
    """Let a provider's tokens be meant for one more client; twice is once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or LIMIT_EXCEEDED.
    """
    await _change(
        call,
        arn,
        lambda one: replace(one, client_ids=_client_ids((*one.client_ids, client_id))),
    )


async def remove_client_id(call: Call, arn: str, client_id: str) -> None:
    """Undo ``add_client_id``; one that is not there is no matter.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """

    def alter(one: OidcProvider) -> OidcProvider:
        return replace(one, client_ids=tuple(kept for kept in one.client_ids if kept != client_id))

    await _change(call, arn, alter)


async def update_thumbprints(call: Call, arn: str, thumbprints: Sequence[str]) -> None:
    """Keep other thumbprints in place of those there are.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or INVALID_INPUT.
    """
    await _change(call, arn, lambda one: replace(one, thumbprints=_thumbprints(thumbprints)))


async def tag_provider(call: Call, arn: str, tags: Sequence[Tag]) -> None:
    """Add tags, or give those there are new values.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, INVALID_INPUT or LIMIT_EXCEEDED.
    """
    await _change(
        call,
        arn,
        lambda one: replace(one, tags=_merged(dict(one.tags), tags)),
        request_tags=dict(tags),
    )


async def untag_provider(call: Call, arn: str, keys: Sequence[str]) -> None:
    """Take tags off; those that are not there are no matter.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    gone = {key.lower() for key in keys}

    def alter(one: OidcProvider) -> OidcProvider:
        left = {key: value for key, value in one.tags.items() if key.lower() not in gone}
        return replace(one, tags=left)

    await _change(call, arn, alter, extra={"aws:TagKeys": tuple(keys)})


async def _change(
    call: Call,
    arn: str,
    alter: Callable[[OidcProvider], OidcProvider],
    *,
    request_tags: dict[str, str] | None = None,
    extra: dict[str, tuple[str, ...]] | None = None,
) -> None:
    provider = await _find(call, arn)
    await require(
        call,
        Question(
            action=call.action,
            resources=(arn,),
            tags=provider.tags if provider is not None else {},
            request_tags=request_tags or {},
            extra=extra or {},
        ),
    )

    def work(tx: Transaction) -> None:
        url = _url_of(call, arn)
        kept = tx.oidc_providers.get(url) if url is not None else None
        if kept is None:
            raise _missing(arn)
        tx.oidc_providers.put(alter(kept))

    await call.write(work)


async def _require(call: Call, arn: str, provider: OidcProvider | None) -> None:
    tags = provider.tags if provider is not None else {}
    await require(call, Question(action=call.action, resources=(arn,), tags=tags))


def _url_of(call: Call, arn: str) -> str | None:
    """Return the URL in the ARN of a provider of the caller's own account."""
    prefix = f"arn:aws:iam::{call.caller.account_id}:{_PREFIX}"
    return arn.removeprefix(prefix) if arn.startswith(prefix) else None


async def _find(call: Call, arn: str) -> OidcProvider | None:
    url = _url_of(call, arn)
    return None if url is None else await call.glance(lambda tx: tx.oidc_providers.get(url))


def _missing(arn: str) -> OperationRefused:
    return OperationRefused(
        Problem.NO_SUCH_ENTITY, f"OpenIDConnect Provider not found for arn {arn}"
    )
