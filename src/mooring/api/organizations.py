"""Organizations: the organization, its root, units and accounts."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.organization_shapes import (
    account,
    account_status,
    kind_of,
    organization,
    page_of,
    place_of,
    refuse_tags,
    root,
    turned,
    unit,
)
from mooring.api.registry import Input, Operation, Output
from mooring.iam.organization import Membership
from mooring.operations import organization_accounts as accounts
from mooring.operations import organizations
from mooring.operations.call import Call
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused

__all__ = ["OPERATIONS"]


async def _create_organization(call: Call, given: Input) -> Output:
    if given.get("FeatureSet", "ALL") != "ALL":
        raise OrganizationRefused(
            OrganizationProblem.INVALID_INPUT,
            "Only the feature set ALL is available.",
            reason="INVALID_ENUM",
        )
    made = await organizations.create_organization(call)
    place = Membership(
        management_id=made.account_id,
        organization_id=made.organization_id,
        member_id=made.account_id,
        path=(made.root_id,),
        controls=made.controls,
    )
    return {"Organization": organization(place, domain=call.world.site.domain)}


async def _describe_organization(call: Call, _: Input) -> Output:
    place = await organizations.describe_organization(call)
    return {"Organization": organization(place, domain=call.world.site.domain)}


async def _list_roots(call: Call, _: Input) -> Output:
    return {"Roots": [root(await organizations.list_roots(call))]}


async def _create_unit(call: Call, given: Input) -> Output:
    refuse_tags(given)
    made = await organizations.create_unit(call, parent_id=given["ParentId"], name=given["Name"])
    return {"OrganizationalUnit": unit(await place_of(call), made)}


async def _describe_unit(call: Call, given: Input) -> Output:
    found = await organizations.describe_unit(call, given["OrganizationalUnitId"])
    return {"OrganizationalUnit": unit(await place_of(call), found)}


async def _update_unit(call: Call, given: Input) -> Output:
    changed = await organizations.update_unit(
        call, given["OrganizationalUnitId"], name=given.get("Name", "")
    )
    return {"OrganizationalUnit": unit(await place_of(call), changed)}


async def _delete_unit(call: Call, given: Input) -> Output:
    await organizations.delete_unit(call, given["OrganizationalUnitId"])
    return {}


async def _list_units(call: Call, given: Input) -> Output:
    found, has_more = await organizations.list_units(call, given["ParentId"], page_of(given))
    place = await place_of(call)
    return turned(
        {"OrganizationalUnits": [unit(place, value) for value in found]},
        last_id=found[-1].unit_id if found else "",
        has_more=has_more,
    )


async def _create_account(call: Call, given: Input) -> Output:
    refuse_tags(given)
    request = await accounts.create_account(
        call,
        name=given["AccountName"],
        email=given["Email"],
        role_name=given.get("RoleName", accounts.ACCESS_ROLE),
    )
    return {"CreateAccountStatus": account_status(request)}


async def _describe_request(call: Call, given: Input) -> Output:
    request = await accounts.describe_request(call, given["CreateAccountRequestId"])
    return {"CreateAccountStatus": account_status(request)}


async def _list_requests(call: Call, given: Input) -> Output:
    page = page_of(given)
    found, has_more = await accounts.list_requests(call, page, states=given.get("States", []))
    return turned(
        {"CreateAccountStatuses": [account_status(request) for request in found]},
        last_id=found[-1].request_id if found else page.after,
        has_more=has_more and bool(found),
    )


async def _remove_account(call: Call, given: Input) -> Output:
    await accounts.remove_account(call, given["AccountId"])
    return {}


async def _delete_organization(call: Call, _: Input) -> Output:
    await organizations.delete_organization(call)
    return {}


async def _describe_account(call: Call, given: Input) -> Output:
    found = await accounts.describe_account(call, given["AccountId"])
    return {"Account": account(await place_of(call), found)}


async def _list_accounts(call: Call, given: Input) -> Output:
    found, has_more = await accounts.list_accounts(
        call, page_of(given), parent_id=given.get("ParentId", "")
    )
    place = await place_of(call)
    return turned(
        {"Accounts": [account(place, value) for value in found]},
        last_id=found[-1].member_id if found else "",
        has_more=has_more,
    )


async def _list_parents(call: Call, given: Input) -> Output:
    parent_id = await accounts.parent_of(call, given["ChildId"])
    return {"Parents": [{"Id": parent_id, "Type": kind_of(parent_id)}]}


async def _list_children(call: Call, given: Input) -> Output:
    page = page_of(given)
    if given["ChildType"] == "ACCOUNT":
        members, has_more = await accounts.list_accounts(call, page, parent_id=given["ParentId"])
        ids = [value.member_id for value in members]
    else:
        units, has_more = await organizations.list_units(call, given["ParentId"], page)
        ids = [value.unit_id for value in units]
    return turned(
        {"Children": [{"Id": child_id, "Type": given["ChildType"]} for child_id in ids]},
        last_id=ids[-1] if ids else "",
        has_more=has_more,
    )


async def _move_account(call: Call, given: Input) -> Output:
    await accounts.move_account(
        call,
        given["AccountId"],
        source_id=given["SourceParentId"],
        destination_id=given["DestinationParentId"],
    )
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateOrganization": Operation(handler=_create_organization),
    "DescribeOrganization": Operation(handler=_describe_organization, is_read_only=True),
    "DeleteOrganization": Operation(handler=_delete_organization),
    "ListRoots": Operation(handler=_list_roots, is_read_only=True),
    "CreateOrganizationalUnit": Operation(handler=_create_unit),
    "DescribeOrganizationalUnit": Operation(handler=_describe_unit, is_read_only=True),
    "UpdateOrganizationalUnit": Operation(handler=_update_unit),
    "DeleteOrganizationalUnit": Operation(handler=_delete_unit),
    "ListOrganizationalUnitsForParent": Operation(handler=_list_units, is_read_only=True),
    "CreateAccount": Operation(handler=_create_account),
    "DescribeCreateAccountStatus": Operation(handler=_describe_request, is_read_only=True),
    "ListCreateAccountStatus": Operation(handler=_list_requests, is_read_only=True),
    "RemoveAccountFromOrganization": Operation(handler=_remove_account),
    "DescribeAccount": Operation(handler=_describe_account, is_read_only=True),
    "ListAccounts": Operation(handler=_list_accounts, is_read_only=True),
    "ListAccountsForParent": Operation(handler=_list_accounts, is_read_only=True),
    "ListParents": Operation(handler=_list_parents, is_read_only=True),
    "ListChildren": Operation(handler=_list_children, is_read_only=True),
    "MoveAccount": Operation(handler=_move_account),
}
