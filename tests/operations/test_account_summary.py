"""The summary counts what there is, and names what there may be."""

from dataclasses import replace

from tests.fakes.world import FakeWorld, policy

from mooring.iam.login import MfaDevice
from mooring.operations.account_summary import get_account_summary
from mooring.operations.groups import create_group
from mooring.operations.managed_policies import NewPolicy, create_policy
from mooring.operations.policy_versions import create_version
from mooring.ports.tables import Transaction


async def test_everything_is_counted(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    await create_group(world.call(admin, "iam:CreateGroup"), "Ops", path="/")
    new = NewPolicy(name="P", document=policy("ssm:*"), tags={})
    made = await create_policy(world.call(admin, "iam:CreatePolicy"), new)
    await create_version(
        world.call(admin, "iam:CreatePolicyVersion"),
        made.policy.arn,
        policy("ssm:*"),
        set_as_default=False,
    )
    device = MfaDevice(
        account_id=admin.account_id,
        serial="arn:1",
        sealed_seed=b"sealed",
        created_at=world.clock.now(),
    )

    def devices(tx: Transaction) -> None:
        tx.second_factors.put_device(device)
        tx.second_factors.put_device(
            replace(device, serial="arn:2", user_name="admin", user_id=admin.user_id)
        )

    await world.store.write(admin.account_id, devices)

    found = await get_account_summary(world.call(admin, "iam:GetAccountSummary"))

    counted = ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse", "InstanceProfiles")
    assert [found[name] for name in counted] == [1, 1, 1, 1, 2, 0]
    assert (found["MFADevices"], found["MFADevicesInUse"]) == (2, 1)
    assert found["UserPolicySizeQuota"] == 2048
