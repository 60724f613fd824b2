"""Virtual devices as botocore sends and reads them."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.door import Answer, Door, Keys
from tests.fakes.world import make_world

from mooring.iam.totp import code_at, step_of


class Desk:
    """An administrator's desk: one IAM call a line."""

    def __init__(self, door: Door, keys: Keys, account_id: str) -> None:
        self.door, self.keys, self.account_id = door, keys, account_id

    async def ask(self, operation: str, **given: Any) -> Answer:  # noqa: ANN401 - any
        return await self.door.call(self.keys, "iam", operation, given)

    def codes(self, seed: bytes) -> dict[str, str]:
        step = step_of(self.door.world.clock.now())
        return {
            "AuthenticationCode1": code_at(seed, step - 1),
            "AuthenticationCode2": code_at(seed, step),
        }


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        await world.user(account_id, "ann")
        yield Desk(door, await door.keys(await world.administrator(account_id)), account_id)


async def test_the_seed_that_is_shown_is_the_one_whose_codes_count(desk: Desk) -> None:
    made = await desk.ask("CreateVirtualMFADevice", VirtualMFADeviceName="phone")
    device = made.output["VirtualMFADevice"]
    seed = base64.b32decode(device["Base32StringSeed"])
    named = {"UserName": "ann", "SerialNumber": device["SerialNumber"]}

    enabled = await desk.ask("EnableMFADevice", **named, **desk.codes(seed))
    listed = await desk.ask("ListMFADevices", UserName="ann")
    replayed = await desk.ask("ResyncMFADevice", **named, **desk.codes(seed))
    desk.door.world.pass_time(seconds=60)
    resynced = await desk.ask("ResyncMFADevice", **named, **desk.codes(seed))
    conflict = await desk.ask("DeleteVirtualMFADevice", SerialNumber=device["SerialNumber"])
    await desk.ask("DeactivateMFADevice", **named)
    deleted = await desk.ask("DeleteVirtualMFADevice", SerialNumber=device["SerialNumber"])

    assert device["SerialNumber"] == f"arn:aws:iam::{desk.account_id}:mfa/phone"
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    assert (enabled.status, resynced.status, deleted.status) == (200, 200, 200)
    (row,) = listed.output["MFADevices"]
    assert row.items() >= named.items()
    assert (replayed.status, replayed.code) == (403, "InvalidAuthenticationCode")
    assert (conflict.status, conflict.code) == (409, "DeleteConflict")


async def test_lists_are_paged_by_serial_number(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        await desk.ask(
            "CreateVirtualMFADevice",
            VirtualMFADeviceName=name,
            Tags=[{"Key": "k", "Value": name}],
        )

    first = await desk.ask("ListVirtualMFADevices", MaxItems=2, AssignmentStatus="Unassigned")
    rest = await desk.ask("ListVirtualMFADevices", Marker=first.output["Marker"])
    none = await desk.ask("ListVirtualMFADevices", AssignmentStatus="Assigned")

    rows = first.output["VirtualMFADevices"]
    assert [row["SerialNumber"][-1] for row in rows] == ["a", "b"]
    assert rows[0]["Tags"] == [{"Key": "k", "Value": "a"}]
    assert "Base32StringSeed" not in rows[0]
    assert first.output["IsTruncated"] is True
    assert [row["SerialNumber"][-1] for row in rest.output["VirtualMFADevices"]] == ["c"]
    assert none.output["VirtualMFADevices"] == []


async def test_no_code_and_no_seed_reaches_the_audit_log(desk: Desk) -> None:
    made = await desk.ask("CreateVirtualMFADevice", VirtualMFADeviceName="phone")
    device = made.output["VirtualMFADevice"]
    seed = base64.b32decode(device["Base32StringSeed"])
    codes = desk.codes(seed)
    await desk.ask("EnableMFADevice", UserName="ann", SerialNumber=device["SerialNumber"], **codes)

    text = repr(await desk.door.world.events(desk.account_id))
    assert device["SerialNumber"] in text
    for secret in (device["Base32StringSeed"].decode(), *codes.values()):
        assert secret not in text
