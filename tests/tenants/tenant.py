"""A tenant with one of everything, each thing marked, and a dump of all that is the tenant's."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.api.door import Door, Keys
from tests.fakes.world import NODE_ROLE, FakeWorld, policy
from tests.operations.document_bodies import PORT, log_file

from mooring.fleet.node import Node, Platform
from mooring.iam.identity import EntityKind, User
from mooring.iam.oidc_provider import OidcProvider
from mooring.operations.activations import NewActivation, create_activation
from mooring.operations.documents_write import DocumentText, NewDocument, create_document
from mooring.operations.groups import add_user_to_group, create_group
from mooring.operations.instance_profiles import add_role, create_profile
from mooring.operations.login_profiles import create_login_profile
from mooring.operations.managed_policies import NewPolicy, create_policy
from mooring.operations.mfa_devices import create_device
from mooring.operations.organization_accounts import create_account
from mooring.operations.organization_policies import NewPolicy as NewControlPolicy
from mooring.operations.organization_policies import create_policy as create_control_policy
from mooring.operations.organizations import create_organization, create_unit
from mooring.operations.sessions import start_session
from mooring.ports.tables import Transaction
from mooring.recordings.recording import segment_key
from mooring.secret import Secret
from mooring.wire.ids import NodeKind

__all__ = ["MARK", "Tenant", "dump", "make_tenant"]

MARK = "marked-content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant; ``known`` is the table of its real ids by the members that carry them."""

    account_id: str
    admin: User
    keys: Keys
    node: Node
    known: Mapping[str, Any]


async def make_tenant(door: Door) -> Tenant:
    """Make a tenant."""
    world = door.world
    account_id = await world.account()
    admin = await world.administrator(account_id)
    user = await world.user(
        account_id, "somebody", policy("ssm:StartSession", Sid=_sid()), tags={"a": MARK}
    )
    role = await world.role(account_id, "SomeRole", policy("ssm:StartSession", Sid=_sid()))
    key_id, _ = await world.access_key(user)
    platform = Platform(agent_name="mooring-agent", computer_name=MARK, ip_address="192.0.2.77")
    node = await world.node(account_id, name=MARK, platform=platform, tags={"b": MARK})
    hybrid = await world.node(
        account_id, name=MARK, kind=NodeKind.MANAGED_INSTANCE, platform=platform
    )
    activation_id, _ = await create_activation(
        world.call(admin, "ssm:CreateActivation"),
        NewActivation(role=NODE_ROLE, description=MARK, default_instance_name=MARK, tags={}),
    )
    text = DocumentText(content=log_file(f"/{MARK}"), display_name=MARK)
    await create_document(
        world.call(admin, "ssm:CreateDocument"),
        NewDocument(name="SomeDocument", document_type="Session", text=text, tags={"g": MARK}),
    )
    session = await start_session(
        world.call(admin, "ssm:StartSession"), target=node.node_id, reason=MARK, parameters={}
    )
    made = await create_policy(
        world.call(admin, "iam:CreatePolicy"),
        NewPolicy(
            name="SomePolicy",
            document=policy("ssm:StartSession", Sid=_sid()),
            description=MARK,
            tags={"d": MARK},
        ),
    )
    await create_group(world.call(admin, "iam:CreateGroup"), "SomeGroup", path=f"/{MARK}/")
    await add_user_to_group(world.call(admin, "iam:AddUserToGroup"), "SomeGroup", user.name)
    await create_profile(
        world.call(admin, "iam:CreateInstanceProfile"), "SomeProfile", path="/", tags={"e": MARK}
    )
    await add_role(world.call(admin, "iam:AddRoleToInstanceProfile"), "SomeProfile", role.name)
    await world.world.blobs.put(
        segment_key(account_id, session.session_id, 0), f"{MARK} in a recording".encode()
    )
    await world.store.write(account_id, lambda tx: _mark(tx, role.name))
    provider = OidcProvider(
        account_id=account_id,
        url="id.example.com",
        client_ids=(MARK,),
        created_at=world.clock.now(),
        tags={"g": MARK},
    )
    await world.store.write(account_id, lambda tx: tx.oidc_providers.put(provider))
    device, _ = await create_device(
        world.call(admin, "iam:CreateVirtualMFADevice"), "a-device", path="/", tags={"c": MARK}
    )
    await create_login_profile(
        world.call(admin, "iam:CreateLoginProfile"),
        user.name,
        password=Secret("Marked-password-1"),
        reset_required=False,
    )
    organization = await _organization(world, admin)
    return Tenant(
        account_id=account_id,
        admin=admin,
        keys=await door.keys(admin),
        node=node,
        known={
            "InstanceId": hybrid.node_id,
            "InstanceIds": [node.node_id],
            "Target": node.node_id,
            "ChannelId": node.node_id,
            "Destination": node.node_id,
            "SessionId": session.session_id,
            "ActivationId": activation_id,
            "IamRole": NODE_ROLE,
            "UserName": user.name,
            "RoleName": role.name,
            "RoleArn": role.arn,
            "OpenIDConnectProviderArn": provider.arn,
            "Url": "https://id.example.com",
            "AccessKeyId": key_id,
            "GroupName": "SomeGroup",
            "InstanceProfileName": "SomeProfile",
            "PolicyName": "inline-0",
            "PolicyArn": made.policy.arn,
            "VersionId": "v1",
            "PolicyDocument": policy("ssm:StartSession"),
            "AssumeRolePolicyDocument": role.trust_policy,
            **organization,
            "UpdateAssumeRolePolicy.PolicyDocument": role.trust_policy,
            "CreateLoginProfile.Password": "Marked-password-2",
            "UpdateLoginProfile.Password": "Marked-password-2",
            "Index": 0,
            "Name": "SomeDocument",
            "CreateDocument.Content": PORT,
            "UpdateDocument.Content": PORT,
            "DocumentType": "Session",
            "ResourceType": "Document",
            "ResourceId": "SomeDocument",
            "PolicySourceArn": user.arn,
            "PrincipalArn": user.arn,
            "Action": "ssm:StartSession",
            "NodeId": node.node_id,
            "PolicyInputList": [policy("ssm:StartSession")],
            "ActionNames": ["ssm:StartSession"],
            "SerialNumber": device.serial,
        },
    )


async def _organization(world: FakeWorld, admin: User) -> dict[str, Any]:
    """Make the tenant manage an organization of a unit, an account and a policy."""
    made = await create_organization(world.call(admin, "organizations:CreateOrganization"))
    unit = await create_unit(
        world.call(admin, "organizations:CreateOrganizationalUnit"),
        parent_id=made.root_id,
        name=MARK,
    )
    request = await create_account(
        world.call(admin, "organizations:CreateAccount"),
        name=MARK,
        email="somebody@mooring.example",
        role_name="OrganizationAccountAccessRole",
    )
    document = policy("ssm:StartSession", Sid=_sid())
    control = await create_control_policy(
        world.call(admin, "organizations:CreatePolicy"),
        NewControlPolicy(name=MARK, description=MARK, document=document),
        kind="SERVICE_CONTROL_POLICY",
    )
    return {
        "ParentId": made.root_id,
        "RootId": made.root_id,
        "SourceParentId": made.root_id,
        "DestinationParentId": unit.unit_id,
        "OrganizationalUnitId": unit.unit_id,
        "ChildId": unit.unit_id,
        "TargetId": unit.unit_id,
        "PolicyId": control.policy_id,
        "CreateAccountRequestId": request.request_id,
        "CreatePolicy.Content": policy("ssm:StartSession"),
        "UpdatePolicy.Content": policy("ssm:StartSession"),
        "CreateAccount.Email": "another@mooring.example",
        **{
            f"{operation}.AccountId": request.member_id
            for operation in ("DescribeAccount", "MoveAccount", "RemoveAccountFromOrganization")
        },
    }


def _sid() -> str:
    return MARK.replace("-", "")


def _mark(tx: Transaction, role_name: str) -> None:
    role = tx.identities.role(role_name)
    assert role is not None
    tx.identities.put_role(replace(role, description=MARK, tags={"f": MARK}))
    tx.identities.put_inline(
        EntityKind.GROUP, "SomeGroup", "inline-0", policy("ssm:StartSession", Sid=_sid())
    )


def dump(path: Path, account_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table that is the account's."""
    rows = {}
    with closing(sqlite3.connect(path / "mooring.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            if "account_id" in columns:
                found = connection.execute(
                    f'SELECT * FROM "{name}" WHERE account_id = ?',  # noqa: S608 - from the schema
                    (account_id,),
                )
                rows[name] = sorted(found.fetchall(), key=repr)
    assert len(rows) >= 10
    return rows
