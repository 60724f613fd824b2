"""IAM: OpenID Connect providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.api.registry import Input, Operation, Output
from mooring.operations import oidc_providers
from mooring.operations.call import Call
from mooring.operations.oidc_providers import new_provider
from mooring.operations.problems import OperationRefused, Problem

__all__ = ["OPERATIONS"]

_ARN = "OpenIDConnectProviderArn"


def _pairs(given: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((tag["Key"], tag["Value"]) for tag in given)


def _shapes(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


async def _create(call: Call, given: Input) -> Output:
    for name in ("ContextProvider", "IdentityCenterInstanceArn"):
        if name in given:
            raise OperationRefused(Problem.INVALID_INPUT, f"{name} is not supported")
    provider = new_provider(
        call,
        given["Url"],
        client_ids=given.get("ClientIDList", []),
        thumbprints=given.get("ThumbprintList", []),
        tags=_pairs(given.get("Tags", [])),
    )
    await oidc_providers.create_provider(call, provider)
    output: dict[str, object] = {_ARN: provider.arn}
    return output | ({"Tags": _shapes(provider.tags)} if provider.tags else {})


async def _get(call: Call, given: Input) -> Output:
    provider = await oidc_providers.get_provider(call, given[_ARN])
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created_at,
        "Tags": _shapes(provider.tags),
    }


async def _list(call: Call, _: Input) -> Output:
    providers = await oidc_providers.list_providers(call)
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in providers]}


async def _delete(call: Call, given: Input) -> Output:
    await oidc_providers.delete_provider(call, given[_ARN])
    return {}


async def _add_client_id(call: Call, given: Input) -> Output:
    await oidc_providers.add_client_id(call, given[_ARN], given["ClientID"])
    return {}


async def _remove_client_id(call: Call, given: Input) -> Output:
    await oidc_providers.remove_client_id(call, given[_ARN], given["ClientID"])
    return {}


async def _update_thumbprints(call: Call, given: Input) -> Output:
    await oidc_providers.update_thumbprints(call, given[_ARN], given["ThumbprintList"])
    return {}


async def _tag(call: Call, given: Input) -> Output:
    await oidc_providers.tag_provider(call, given[_ARN], _pairs(given["Tags"]))
    return {}


async def _untag(call: Call, given: Input) -> Output:
    await oidc_providers.untag_provider(call, given[_ARN], given["TagKeys"])
    return {}


async def _list_tags(call: Call, given: Input) -> Output:
    """Fifty tags at most fit on one page, unless fewer are asked for."""
    provider = await oidc_providers.get_provider(call, given[_ARN])
    after, limit = given.get("Marker", ""), given.get("MaxItems", 100)
    rows = sorted((key, value) for key, value in provider.tags.items() if key > after)
    output: dict[str, object] = {
        "Tags": _shapes(dict(rows[:limit])),
        "IsTruncated": len(rows) > limit,
    }
    return output | ({"Marker": rows[limit - 1][0]} if len(rows) > limit else {})


OPERATIONS: Mapping[str, Operation] = {
    "AddClientIDToOpenIDConnectProvider": Operation(handler=_add_client_id),
    "CreateOpenIDConnectProvider": Operation(handler=_create),
    "DeleteOpenIDConnectProvider": Operation(handler=_delete),
    "GetOpenIDConnectProvider": Operation(handler=_get, is_read_only=True),
    "ListOpenIDConnectProviderTags": Operation(handler=_list_tags, is_read_only=True),
    "ListOpenIDConnectProviders": Operation(handler=_list, is_read_only=True),
    "RemoveClientIDFromOpenIDConnectProvider": Operation(handler=_remove_client_id),
    "TagOpenIDConnectProvider": Operation(handler=_tag),
    "UntagOpenIDConnectProvider": Operation(handler=_untag),
    "UpdateOpenIDConnectProviderThumbprint": Operation(handler=_update_thumbprints),
}
