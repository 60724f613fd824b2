"""IAM: access keys of users."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.iam import own_name, paged, paging
from mooring.api.registry import Input, Operation, Output
from mooring.iam.identity import AccessKey, KeyStatus
from mooring.operations.access_keys import (
    create_access_key,
    delete_access_key,
    get_access_key_last_used,
    list_access_keys,
    update_access_key,
)
from mooring.operations.call import Call

__all__ = ["OPERATIONS"]

_NEVER = {"ServiceName": "N/A", "Region": "N/A"}


def _key(key: AccessKey) -> dict[str, object]:
    return {
        "UserName": key.user_name,
        "AccessKeyId": key.access_key_id,
        "Status": key.status.value,
        "CreateDate": key.created_at,
    }


async def _create_access_key(call: Call, given: Input) -> Output:
    key, secret = await create_access_key(call, own_name(call, given))
    return {"AccessKey": {**_key(key), "SecretAccessKey": secret.reveal()}}


async def _list_access_keys(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    keys, has_more = await list_access_keys(call, own_name(call, given), after=after, limit=limit)
    marker = keys[-1].access_key_id if keys else ""
    rows = [_key(key) for key in keys]
    return paged({"AccessKeyMetadata": rows}, marker=marker, has_more=has_more)


async def _update_access_key(call: Call, given: Input) -> Output:
    status = KeyStatus(given["Status"])
    await update_access_key(call, own_name(call, given), given["AccessKeyId"], status=status)
    return {}


async def _delete_access_key(call: Call, given: Input) -> Output:
    await delete_access_key(call, own_name(call, given), given["AccessKeyId"])
    return {}


async def _get_access_key_last_used(call: Call, given: Input) -> Output:
    owner, use = await get_access_key_last_used(call, given["AccessKeyId"])
    shown: dict[str, object] = dict(_NEVER)
    if use is not None:
        shown = {
            "LastUsedDate": use.used_at,
            "ServiceName": use.service,
            "Region": use.region,
        }
    return {"UserName": owner, "AccessKeyLastUsed": shown}


OPERATIONS: Mapping[str, Operation] = {
    "CreateAccessKey": Operation(handler=_create_access_key),
    "ListAccessKeys": Operation(handler=_list_access_keys, is_read_only=True),
    "UpdateAccessKey": Operation(handler=_update_access_key),
    "DeleteAccessKey": Operation(handler=_delete_access_key),
    "GetAccessKeyLastUsed": Operation(handler=_get_access_key_last_used, is_read_only=True),
}
