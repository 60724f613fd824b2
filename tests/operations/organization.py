"""An organization to work with: a management account, a unit, a member account in it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.world import FakeWorld

from mooring.iam.identity import User
from mooring.iam.organization import ControlPolicy, Organization, OrganizationalUnit
from mooring.operations.call import Call
from mooring.operations.organization_accounts import create_account, move_account
from mooring.operations.organization_policies import NewPolicy, attach_policy, create_policy
from mooring.operations.organizations import create_organization, create_unit

__all__ = ["CONTROLS", "House", "make_house"]

CONTROLS = "SERVICE_CONTROL_POLICY"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The organization; ``admin`` is of the management account."""

    world: FakeWorld
    admin: User
    organization: Organization
    unit: OrganizationalUnit
    member_id: str

    def call(self, operation: str) -> Call:
        """Return a call of the management account's administrator."""
        return self.world.call(self.admin, f"organizations:{operation}")

    async def bind(self, document: str, target_id: str, name: str = "Bound") -> ControlPolicy:
        """Write a policy and attach it."""
        made = await create_policy(
            self.call("CreatePolicy"), NewPolicy(name=name, document=document), kind=CONTROLS
        )
        await attach_policy(self.call("AttachPolicy"), made.policy_id, target_id)
        return made


async def make_house(world: FakeWorld) -> House:
    """Make one."""
    admin = await world.administrator(await world.account())
    organization = await create_organization(world.call(admin, "organizations:CreateOrganization"))
    unit = await create_unit(
        world.call(admin, "organizations:CreateOrganizationalUnit"),
        parent_id=organization.root_id,
        name="Sandbox",
    )
    request = await create_account(
        world.call(admin, "organizations:CreateAccount"),
        name="member",
        email="member@mooring.example",
        role_name="OrganizationAccountAccessRole",
    )
    await move_account(
        world.call(admin, "organizations:MoveAccount"),
        request.member_id,
        source_id=organization.root_id,
        destination_id=unit.unit_id,
    )
    return House(
        world=world,
        admin=admin,
        organization=organization,
        unit=unit,
        member_id=request.member_id,
    )
