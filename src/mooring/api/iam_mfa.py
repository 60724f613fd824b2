"""IAM: virtual MFA devices."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.iam import PAGE, paged
from mooring.api.iam_login import own_name
from mooring.api.registry import Input, Operation, Output
from mooring.iam.identity import User
from mooring.iam.login import MfaDevice
from mooring.iam.totp import base32_seed, provisioning_uri
from mooring.operations.call import Call
from mooring.operations.mfa_devices import (
    create_device,
    deactivate_device,
    delete_device,
    enable_device,
    list_devices,
    list_virtual_devices,
    resync_device,
)
from mooring.operations.qr_code import qr_png

__all__ = ["OPERATIONS"]

_ASSIGNED = {"Assigned": True, "Unassigned": False}


async def _create(call: Call, given: Input) -> Output:
    name = given["VirtualMFADeviceName"]
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])}
    device, seed = await create_device(call, name, path=given.get("Path", "/"), tags=tags)
    uri = provisioning_uri(seed, account=f"{name}@{device.account_id}", issuer="Mooring")
    return {
        "VirtualMFADevice": {
            "SerialNumber": device.serial,
            "Base32StringSeed": base32_seed(seed).encode(),
            "QRCodePNG": qr_png(uri),
            **_tags(device),
        }
    }


def _tags(device: MfaDevice) -> dict[str, object]:
    if not device.tags:
        return {}
    return {"Tags": [{"Key": key, "Value": value} for key, value in device.tags.items()]}


def _codes(given: Input) -> tuple[str, str]:
    return given["AuthenticationCode1"], given["AuthenticationCode2"]


async def _enable(call: Call, given: Input) -> Output:
    await enable_device(call, given["UserName"], given["SerialNumber"], codes=_codes(given))
    return {}


async def _resync(call: Call, given: Input) -> Output:
    await resync_device(call, given["UserName"], given["SerialNumber"], codes=_codes(given))
    return {}


async def _deactivate(call: Call, given: Input) -> Output:
    await deactivate_device(call, own_name(call, given), given["SerialNumber"])
    return {}


async def _delete(call: Call, given: Input) -> Output:
    await delete_device(call, given["SerialNumber"])
    return {}


async def _list(call: Call, given: Input) -> Output:
    found = await list_devices(call, own_name(call, given))
    after, limit = given.get("Marker", ""), given.get("MaxItems", PAGE)
    rest = [one for one in found if one.serial > after]
    shown: list[dict[str, object]] = [
        {"UserName": one.user_name, "SerialNumber": one.serial, "EnableDate": one.enabled_at}
        for one in rest[:limit]
    ]
    marker = rest[limit - 1].serial if len(rest) > limit else ""
    return paged({"MFADevices": shown}, marker=marker, has_more=len(rest) > limit)


async def _list_virtual(call: Call, given: Input) -> Output:
    devices, has_more = await list_virtual_devices(
        call,
        assigned=_ASSIGNED.get(given.get("AssignmentStatus", "Any")),
        after=given.get("Marker", ""),
        limit=given.get("MaxItems", PAGE),
    )
    marker = devices[-1][0].serial if devices else ""
    shown = [_virtual(device, user) for device, user in devices]
    return paged({"VirtualMFADevices": shown}, marker=marker, has_more=has_more)


def _virtual(device: MfaDevice, user: User | None) -> dict[str, object]:
    shown: dict[str, object] = {"SerialNumber": device.serial, **_tags(device)}
    if user is not None:
        shown["EnableDate"] = device.enabled_at
        shown["User"] = {
            "Path": user.path,
            "UserName": user.name,
            "UserId": user.user_id,
            "Arn": user.arn,
            "CreateDate": user.created_at,
        }
    return shown


OPERATIONS: Mapping[str, Operation] = {
    "CreateVirtualMFADevice": Operation(handler=_create),
    "EnableMFADevice": Operation(handler=_enable),
    "ResyncMFADevice": Operation(handler=_resync),
    "DeactivateMFADevice": Operation(handler=_deactivate),
    "DeleteVirtualMFADevice": Operation(handler=_delete),
    "ListMFADevices": Operation(handler=_list, is_read_only=True),
    "ListVirtualMFADevices": Operation(handler=_list_virtual, is_read_only=True),
}
