"""One-time codes: taking them, each once, from the devices of one user.

Guessing is slowed down by user; a device's seed is opened for the moment of the comparison only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mooring.iam.login import MfaDevice
from mooring.iam.totp import matching_pair, matching_step, step_of
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.ports.tables import Transaction

__all__ = ["enrolled", "has_second_factor", "open_seed", "seal_seed", "verify_any", "verify_code"]

_FREE_GUESSES = 5
_ENROLL_REACH = 4
_ENROLL_WINDOW = range(-2, 2)
_RESYNC_REACH = 30
_REFUSED = "MultiFactorAuthentication failed with invalid MFA one time pass code."


def seal_seed(world: World, serial: str, seed: bytes) -> bytes:
    """Seal a device's seed, for that device alone."""
    return world.keys.seal(seed, context=_context(serial))


def open_seed(world: World, device: MfaDevice) -> bytes:
    """Open a device's seed."""
    return world.keys.open(device.sealed_seed, context=_context(device.serial))


def _context(serial: str) -> dict[str, str]:
    return {"kind": "mfa-seed", "serial": serial}


def has_second_factor(tx: Transaction, user_name: str) -> bool:
    """Say whether a user has an enabled device or a passkey."""
    second = tx.second_factors
    return bool(second.devices_of(user_name) or second.passkeys_of(user_name))


async def verify_code(
    world: World, account_id: str, user_name: str, serial: str, code: str
) -> None:
    """Use up a code of a user's device.

    Raises:
        OperationRefused: ACCESS_DENIED: not this user's device, not its code, used already, or
            guessed too often; the text is the same.
    """

    def of_serial(tx: Transaction) -> Sequence[MfaDevice]:
        return [one for one in tx.second_factors.devices_of(user_name) if one.serial == serial]

    await _verify(world, account_id, user_name, code, of_serial)


async def verify_any(world: World, account_id: str, user_name: str, code: str) -> str:
    """Use up a code of whichever device of the user shows it, and return the serial number.

    Raises:
        OperationRefused: ACCESS_DENIED, as for ``verify_code``.
    """
    return await _verify(
        world, account_id, user_name, code, lambda tx: tx.second_factors.devices_of(user_name)
    )


async def _verify(
    world: World,
    account_id: str,
    user_name: str,
    code: str,
    devices: Callable[[Transaction], Sequence[MfaDevice]],
) -> str:
    now = world.clock.now()
    key = f"mfa {account_id} {user_name.lower()}"
    if world.guesses.attempt(key, now, free=_FREE_GUESSES):
        raise OperationRefused(Problem.ACCESS_DENIED, _REFUSED)

    def work(tx: Transaction) -> str | None:
        for device in devices(tx):
            step = matching_step(
                open_seed(world, device), code, now, drift=device.drift, after=device.last_step
            )
            if step is not None:
                tx.second_factors.put_device(replace(device, last_step=step))
                return device.serial
        return None

    serial = await world.store.write(account_id, work)
    if serial is None:
        raise OperationRefused(Problem.ACCESS_DENIED, _REFUSED)
    world.guesses.succeeded(key)
    return serial


def enrolled(
    world: World, device: MfaDevice, codes: tuple[str, str], *, is_resync: bool = False
) -> MfaDevice:
    """Return a device as two of its codes in a row say where its clock is.

    Raises:
        OperationRefused: INVALID_CODE.
    """
    now = world.clock.now()
    step = matching_pair(
        open_seed(world, device),
        codes,
        now,
        reach=_RESYNC_REACH if is_resync else _ENROLL_REACH,
        after=device.last_step,
    )
    behind = 0 if step is None else step - step_of(now)
    if step is None or not (is_resync or behind in _ENROLL_WINDOW):
        raise OperationRefused(Problem.INVALID_CODE, "Authentication code for device is not valid.")
    return replace(device, last_step=step, drift=_drift(behind))


def _drift(behind: int) -> int:
    """Read a device's drift from a code that came some steps late: one step is the person's."""
    if abs(behind) <= 1:
        return 0
    return behind + 1 if behind < 0 else behind
