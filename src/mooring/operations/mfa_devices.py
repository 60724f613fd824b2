"""Virtual MFA devices, and passkeys as IAM lists them. Rules and wording: the IAM API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mooring.iam.identity import EntityKind, User
from mooring.iam.login import MfaDevice
from mooring.iam.totp import SEED_BYTES
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.identities import require_on
from mooring.operations.mfa import enrolled, seal_seed
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = [
    "Listed",
    "create_device",
    "deactivate_device",
    "delete_device",
    "enable_device",
    "list_devices",
    "list_virtual_devices",
    "resync_device",
]

DEVICES_PER_USER = 8
_SCAN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A device of a user as ListMFADevices shows it."""

    user_name: str
    serial: str
    enabled_at: datetime


async def create_device(
    call: Call, name: str, *, path: str, tags: Mapping[str, str]
) -> tuple[MfaDevice, bytes]:
    """Make a virtual device that nobody has yet; the seed is shown this once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS.
    """
    serial = f"arn:aws:iam::{call.caller.account_id}:mfa{path}{name}"
    extra: dict[str, tuple[str, ...]] = {
        f"aws:RequestTag/{key}": (value,) for key, value in tags.items()
    }
    if tags:
        extra["aws:TagKeys"] = tuple(tags)
    await require(call, Question(action=call.action, resources=(serial,), tags=tags, extra=extra))
    seed = call.world.entropy.bytes(SEED_BYTES)
    device = MfaDevice(
        account_id=call.caller.account_id,
        serial=serial,
        sealed_seed=seal_seed(call.world, serial, seed),
        created_at=call.time,
        tags=tags,
    )

    def work(tx: Transaction) -> None:
        if tx.second_factors.device(serial) is not None:
            raise OperationRefused(
                Problem.ENTITY_EXISTS,
                "MFADevice entity at the same path and name already exists.",
            )
        tx.second_factors.put_device(device)

    await call.write(work)
    return device, seed


async def enable_device(call: Call, user_name: str, serial: str, *, codes: tuple[str, str]) -> None:
    """Give a device to a user who shows two of its codes in a row.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, ENTITY_EXISTS, LIMIT_EXCEEDED or INVALID_CODE.
    """
    user = await _user(call, user_name)

    def work(tx: Transaction) -> None:
        device = _device(tx, serial)
        known = tx.identities.user(user.name)
        if known is None or known.user_id != user.user_id:
            raise _no_user(user.name)
        if device.user_name:
            raise OperationRefused(Problem.ENTITY_EXISTS, f"MFA device {serial} is already in use.")
        second = tx.second_factors
        if len(second.devices_of(user.name)) + len(second.passkeys_of(user.name)) >= (
            DEVICES_PER_USER
        ):
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Cannot exceed quota for MFADevicesPerUser: {DEVICES_PER_USER}",
            )
        ready = enrolled(call.world, device, codes)
        second.put_device(
            replace(ready, user_name=user.name, user_id=user.user_id, enabled_at=call.time)
        )

    await call.write(work)


async def resync_device(call: Call, user_name: str, serial: str, *, codes: tuple[str, str]) -> None:
    """Learn anew where a device's clock is.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or INVALID_CODE.
    """
    user = await _user(call, user_name)

    def work(tx: Transaction) -> None:
        device = _of_user(tx, user, serial)
        tx.second_factors.put_device(enrolled(call.world, device, codes, is_resync=True))

    await call.write(work)


async def deactivate_device(call: Call, user_name: str, serial: str) -> None:
    """Take a device from a user; a passkey is gone with that.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await _user(call, user_name)

    def work(tx: Transaction) -> None:
        second = tx.second_factors
        for passkey in second.passkeys_of(user.name):
            if passkey.serial == serial:
                second.delete_passkey(passkey.credential_id)
                return
        device = _of_user(tx, user, serial)
        second.put_device(replace(device, user_name="", user_id="", enabled_at=None))

    await call.write(work)


async def delete_device(call: Call, serial: str) -> None:
    """Forget a device that nobody has.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or DELETE_CONFLICT.
    """
    await require(call, Question(action=call.action, resources=(serial,)))

    def work(tx: Transaction) -> None:
        if _device(tx, serial).user_name:
            raise OperationRefused(
                Problem.DELETE_CONFLICT, "Cannot delete entity, must deactivate MFA device first."
            )
        tx.second_factors.delete_device(serial)

    await call.write(work)


async def list_devices(call: Call, user_name: str) -> tuple[Listed, ...]:
    """Return a user's devices and passkeys, by serial number.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await _user(call, user_name)

    def look(tx: Transaction) -> list[Listed]:
        second = tx.second_factors
        devices = [
            Listed(user_name=one.user_name, serial=one.serial, enabled_at=one.enabled_at)
            for one in second.devices_of(user.name)
            if one.enabled_at is not None
        ]
        return devices + [
            Listed(user_name=one.user_name, serial=one.serial, enabled_at=one.created_at)
            for one in second.passkeys_of(user.name)
        ]

    return tuple(sorted(await call.read(look), key=lambda one: one.serial))


async def list_virtual_devices(
    call: Call, *, assigned: bool | None, after: str, limit: int
) -> tuple[tuple[tuple[MfaDevice, User | None], ...], bool]:
    """Return virtual devices with who has them, and whether there are more.

    ``assigned`` None is for both kinds.

    Raises:
        AccessDenied: not allowed.
    """
    named = f"arn:aws:iam::{call.caller.account_id}:mfa/"
    await require(call, Question(action=call.action, resources=(named, "*")))

    def look(tx: Transaction) -> list[tuple[MfaDevice, User | None]]:
        found: list[tuple[MfaDevice, User | None]] = []
        at = after
        while len(found) <= limit:
            rows = tx.second_factors.devices(after=at, limit=_SCAN)
            found += [
                (row, tx.identities.user(row.user_name) if row.user_name else None)
                for row in rows
                if assigned is None or bool(row.user_name) is assigned
            ]
            if len(rows) < _SCAN:
                break
            at = rows[-1].serial
        return found

    rows = await call.read(look)
    return tuple(rows[:limit]), len(rows) > limit


async def _user(call: Call, name: str) -> User:
    user = await call.read(lambda tx: tx.identities.user(name))
    await require_on(call, EntityKind.USER, name, entity=user)
    if user is None:
        raise _no_user(name)
    return user


def _no_user(name: str) -> OperationRefused:
    return OperationRefused(Problem.NO_SUCH_ENTITY, f"The user with name {name} cannot be found.")


def _device(tx: Transaction, serial: str) -> MfaDevice:
    device = tx.second_factors.device(serial)
    if device is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"VirtualMFADevice with serial number {serial} doesn't exist."
        )
    return device


def _of_user(tx: Transaction, user: User, serial: str) -> MfaDevice:
    device = tx.second_factors.device(serial)
    if device is None or device.user_name.lower() != user.name.lower():
        raise OperationRefused(Problem.NO_SUCH_ENTITY, "MFA Device invalid for user.")
    return device
