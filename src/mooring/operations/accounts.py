"""The first things of an account: its administrator, and the role that AWS's clients expect.

There is no default password: the administrator gets a single-use sign-in link and one access
key, both shown once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mooring.iam.identity import AccessKey, EntityKind, Role, User
from mooring.operations.credentials import new_secret, secret_context
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tokens import new_ticket
from mooring.operations.world import World
from mooring.ports.records import AuditEvent
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import (
    ENTROPY_BYTES,
    AccessKeyKind,
    UniqueIdKind,
    new_access_key_id,
    new_account_id,
    new_unique_id,
)

__all__ = [
    "ADMINISTRATOR",
    "NODE_ROLE",
    "FirstAccount",
    "account_to_sign_in",
    "create_first_account",
    "new_sign_in",
    "put_node_role",
]

NODE_ROLE = "AmazonEC2RunCommandRoleForManagedInstances"
ADMINISTRATOR = "admin"
_SIGN_IN_SOURCE = "signin.amazonaws.com"
_SIGN_IN_LIFETIME = timedelta(days=7)
_NODE_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    '"Principal":{"Service":["ssm.amazonaws.com","ec2.amazonaws.com"]},'
    '"Action":"sts:AssumeRole"}]}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAccount:
    """What ``init`` prints once."""

    account_id: str
    user_name: str
    access_key_id: str
    secret: Secret
    sign_in_token: Secret


async def create_first_account(world: World, *, name: str) -> FirstAccount:
    """Make an account with an administrator and the default role of nodes."""
    account_id = new_account_id(world.entropy.bytes(ENTROPY_BYTES))
    await world.store.create_account(account_id, name)
    now = world.clock.now()
    user = User(
        account_id=account_id,
        name=ADMINISTRATOR,
        user_id=new_unique_id(UniqueIdKind.USER, world.entropy.bytes(ENTROPY_BYTES)),
        created_at=now,
    )
    role_id = new_unique_id(UniqueIdKind.ROLE, world.entropy.bytes(ENTROPY_BYTES))
    key_id = new_access_key_id(AccessKeyKind.LONG_TERM, world.entropy.bytes(ENTROPY_BYTES))
    secret = new_secret(world)
    sealed = world.keys.seal(secret.reveal().encode(), context=secret_context(key_id))
    key = AccessKey(
        account_id=account_id,
        access_key_id=key_id,
        user_name=user.name,
        sealed_secret=sealed,
        created_at=now,
    )

    event = _event(world, "CreateAdministrator", user)

    def work(tx: Transaction) -> None:
        identities = tx.identities
        identities.put_user(user)
        identities.attach(EntityKind.USER, user.name, "arn:aws:iam::aws:policy/AdministratorAccess")
        put_node_role(tx, account_id, role_id, now)
        identities.put_access_key(key)
        tx.audit.append(event)

    await world.store.write(account_id, work)
    return FirstAccount(
        account_id=account_id,
        user_name=user.name,
        access_key_id=key_id,
        secret=secret,
        sign_in_token=await new_sign_in(world, account_id, user.name),
    )


def put_node_role(tx: Transaction, account_id: str, role_id: str, now: datetime) -> None:
    """Make the role that AWS's clients name by default, unless there is one of its name."""
    if tx.identities.role(NODE_ROLE) is not None:
        return
    role = Role(
        account_id=account_id,
        name=NODE_ROLE,
        path="/service-role/",
        role_id=role_id,
        created_at=now,
        trust_policy=_NODE_TRUST,
        description="Lets nodes of hybrid activations talk to this service",
    )
    tx.identities.put_role(role)
    tx.identities.attach(
        EntityKind.ROLE, role.name, "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    )


async def account_to_sign_in(world: World, account_id: str) -> str:
    """Return the account that a person means: the one named, the only one, or who manages others.

    Raises:
        OperationRefused: INVALID_VALUE; the text tells which accounts there are.
    """
    accounts = await world.store.find(lambda directory: tuple(directory.accounts()))
    if account_id or len(accounts) == 1:
        found = [one for one in accounts if account_id in ("", one)]
    else:
        found = [one for one in accounts if await _manages(world, one)]
    if len(found) != 1:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"expected one of the accounts {', '.join(accounts)}, got `{account_id}`",
        )
    return found[0]


async def _manages(world: World, account_id: str) -> bool:
    organization = await world.store.read(account_id, lambda tx: tx.organizations.get())
    return organization is not None


async def new_sign_in(world: World, account_id: str, user_name: str) -> Secret:
    """Make the text of a single-use sign-in link; an earlier one for the user stops working.

    Raises:
        OperationRefused: NO_SUCH_ENTITY.
    """
    token, ticket = new_ticket(
        world,
        kind="sign-in",
        subject=user_name,
        bearer=user_name,
        lifetime=_SIGN_IN_LIFETIME,
    )

    def work(tx: Transaction) -> None:
        user = tx.identities.user(user_name)
        if user is None:
            raise OperationRefused(
                Problem.NO_SUCH_ENTITY, f"The user with name {user_name} cannot be found."
            )
        # By the name as it is kept, whose deletion ends the link; that was typed in any case.
        tx.tickets.revoke(kind="sign-in", subject=user.name)
        tx.tickets.put(replace(ticket, subject=user.name, bearer=user.name))
        tx.audit.append(_event(world, "CreateSignInLink", user))

    await world.store.write(account_id, work)
    return Secret(token)


def _event(world: World, name: str, user: User) -> AuditEvent:
    """What is done at the server itself, by whoever may read its files, leaves an event too."""
    return AuditEvent(
        event_id=str(world.entropy.uuid()),
        time=world.clock.now(),
        source=_SIGN_IN_SOURCE,
        name=name,
        region=world.site.region,
        principal_arn=_SIGN_IN_SOURCE,
        principal_id="",
        access_key_id="",
        source_address="",
        user_agent="mooring-server",
        resources=(user.arn,),
        read_only=False,
    )
