"""The accounts of an organization: made, listed, moved.

A new account is a member, and bound by the policies above it, before there is anything in it:
first the request and the membership are written, then the account, its role for the management
account and its default role of nodes, then that the request has succeeded. What a crash cuts
short between these is finished at the next start.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from mooring.iam.identity import EntityKind, Role
from mooring.iam.organization import (
    FULL_ACCESS_ID,
    AccountRequest,
    MemberAccount,
    RequestState,
)
from mooring.operations.accounts import put_node_role
from mooring.operations.call import Call
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.organizations import (
    Page,
    new_suffix,
    organization_of,
    parent_exists,
    require_management,
)
from mooring.operations.world import World
from mooring.ports.records import AuditEvent
from mooring.ports.store import AlreadyExists
from mooring.ports.tables import Transaction
from mooring.wire.ids import ENTROPY_BYTES, UniqueIdKind, new_account_id, new_unique_id

__all__ = [
    "ACCESS_ROLE",
    "create_account",
    "describe_account",
    "describe_request",
    "finish_requests",
    "list_accounts",
    "list_requests",
    "move_account",
    "parent_of",
    "remove_account",
]

ACCESS_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


async def create_account(call: Call, *, name: str, email: str, role_name: str) -> AccountRequest:
    """Make an account at the root, with a role that the management account may assume.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: NOT_IN_USE or NOT_MANAGEMENT.
    """
    await require_management(call)
    request = AccountRequest(
        account_id=call.caller.account_id,
        request_id=f"car-{new_suffix(call, 32)}",
        member_id=new_account_id(call.world.entropy.bytes(ENTROPY_BYTES)),
        name=name,
        role_name=role_name,
        requested_at=call.time,
    )

    def work(tx: Transaction) -> AccountRequest:
        organization = organization_of(tx)
        if _is_email_taken(tx, email):
            failed = replace(
                request,
                member_id="",
                state=RequestState.FAILED,
                failure="EMAIL_ALREADY_EXISTS",
                completed_at=call.time,
            )
            tx.account_requests.put(failed)
            return failed
        tx.account_requests.put(request)
        tx.organizations.put_member(
            MemberAccount(
                account_id=organization.account_id,
                member_id=request.member_id,
                parent_id=organization.root_id,
                name=name,
                email=email,
                joined_at=call.time,
            )
        )
        if organization.controls:
            tx.control_policies.attach(FULL_ACCESS_ID, request.member_id)
        return request

    call.respond(createAccountRequestId=request.request_id, accountId=request.member_id)
    made = await call.write(work)
    if made.state is RequestState.IN_PROGRESS:
        made = await _finish(call.world, made, call.event())
    return made


def _is_email_taken(tx: Transaction, email: str) -> bool:
    after = ""
    while members := tx.organizations.members(parent_id="", after=after, limit=500):
        if any(member.email.lower() == email.lower() for member in members):
            return True
        after = members[-1].member_id
    return False


async def finish_requests(world: World) -> int:
    """Finish what a crash cut short, in every organization; return how many those were."""
    finished = 0
    for account_id in await world.store.find(lambda directory: tuple(directory.accounts())):
        for request in await world.store.read(
            account_id, lambda tx: tx.account_requests.open_requests()
        ):
            await _finish(world, request, None)
            finished += 1
    return finished


async def _finish(
    world: World, request: AccountRequest, event: AuditEvent | None
) -> AccountRequest:
    """Make the account and what it begins with; doing so twice is doing it once."""
    with suppress(AlreadyExists):
        await world.store.create_account(request.member_id, request.name)
    role = Role(
        account_id=request.member_id,
        name=request.role_name,
        role_id=new_unique_id(UniqueIdKind.ROLE, world.entropy.bytes(ENTROPY_BYTES)),
        created_at=world.clock.now(),
        trust_policy=_trust(request.account_id),
        description="Lets the management account of the organization in",
    )
    node_role_id = new_unique_id(UniqueIdKind.ROLE, world.entropy.bytes(ENTROPY_BYTES))

    def fill(tx: Transaction) -> None:
        if tx.identities.role(role.name) is not None:
            return
        tx.identities.put_role(role)
        tx.identities.attach(EntityKind.ROLE, role.name, _ADMINISTRATOR)
        put_node_role(tx, request.member_id, node_role_id, role.created_at)
        if event is not None:
            tx.audit.append(event)

    await world.store.write(request.member_id, fill)
    done = replace(request, state=RequestState.SUCCEEDED, completed_at=world.clock.now())
    await world.store.write(request.account_id, lambda tx: tx.account_requests.put(done))
    return done


def _trust(management_id: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{management_id}:root"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def describe_request(call: Call, request_id: str) -> AccountRequest:
    """Return what became of a request.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: REQUEST_UNKNOWN.
    """
    await require_management(call)
    request = await call.read(lambda tx: tx.account_requests.get(request_id))
    if request is None:
        raise OrganizationRefused(OrganizationProblem.REQUEST_UNKNOWN)
    return request


async def describe_account(call: Call, member_id: str) -> MemberAccount:
    """Return an account of the organization.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: ACCOUNT_UNKNOWN.
    """
    await require_management(call, member_id)
    member = await call.read(lambda tx: tx.organizations.member(member_id))
    if member is None:
        raise OrganizationRefused(OrganizationProblem.ACCOUNT_UNKNOWN)
    return member


async def list_accounts(
    call: Call, page: Page, *, parent_id: str = ""
) -> tuple[tuple[MemberAccount, ...], bool]:
    """Return accounts, all or directly below a parent, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: PARENT_UNKNOWN.
    """
    await require_management(call, *([parent_id] if parent_id else []))

    def look(tx: Transaction) -> list[MemberAccount]:
        if parent_id and not parent_exists(tx, parent_id):
            raise OrganizationRefused(OrganizationProblem.PARENT_UNKNOWN)
        return list(
            tx.organizations.members(parent_id=parent_id, after=page.after, limit=page.limit + 1)
        )

    found = await call.read(look)
    return tuple(found[: page.limit]), len(found) > page.limit


async def parent_of(call: Call, child_id: str) -> str:
    """Return the root or unit that an account or unit is directly below.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: CHILD_UNKNOWN.
    """
    await require_management(call, child_id)

    def look(tx: Transaction) -> str:
        child = tx.organizations.unit(child_id) or tx.organizations.member(child_id)
        if child is None:
            raise OrganizationRefused(OrganizationProblem.CHILD_UNKNOWN)
        return child.parent_id

    return await call.read(look)


async def move_account(call: Call, member_id: str, *, source_id: str, destination_id: str) -> None:
    """Put an account below another parent.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: ACCOUNT_UNKNOWN, SOURCE_UNKNOWN, DESTINATION_UNKNOWN or
            DUPLICATE_ACCOUNT.
    """
    await require_management(call, member_id, source_id, destination_id)

    def work(tx: Transaction) -> None:
        member = tx.organizations.member(member_id)
        if member is None:
            raise OrganizationRefused(OrganizationProblem.ACCOUNT_UNKNOWN)
        if member.parent_id != source_id:
            raise OrganizationRefused(OrganizationProblem.SOURCE_UNKNOWN)
        if not parent_exists(tx, destination_id):
            raise OrganizationRefused(OrganizationProblem.DESTINATION_UNKNOWN)
        if destination_id == source_id:
            raise OrganizationRefused(OrganizationProblem.DUPLICATE_ACCOUNT)
        tx.organizations.put_member(replace(member, parent_id=destination_id))

    await call.write(work)


async def remove_account(call: Call, member_id: str) -> None:
    """Let an account go: it stays what it is, and nothing of the organization binds it any more.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: ACCOUNT_UNKNOWN or MANAGEMENT_STAYS.
    """
    await require_management(call, member_id)

    def work(tx: Transaction) -> None:
        if member_id == organization_of(tx).account_id:
            raise OrganizationRefused(OrganizationProblem.MANAGEMENT_STAYS)
        if not tx.organizations.delete_member(member_id):
            raise OrganizationRefused(OrganizationProblem.ACCOUNT_UNKNOWN)
        for policy_id in tx.control_policies.of_target(member_id):
            tx.control_policies.detach(policy_id, member_id)

    await call.write(work)


async def list_requests(
    call: Call, page: Page, *, states: Sequence[str]
) -> tuple[tuple[AccountRequest, ...], bool]:
    """Return requests, of some states or of all, and whether there may be more.

    Raises:
        AccessDenied: not allowed.
        OrganizationRefused: NOT_IN_USE or NOT_MANAGEMENT.
    """
    await require_management(call)
    found = await call.read(
        lambda tx: tx.account_requests.page(after=page.after, limit=page.limit + 1)
    )
    shown = found[: page.limit]
    wanted = tuple(row for row in shown if not states or row.state.value in states)
    return wanted, len(found) > page.limit
