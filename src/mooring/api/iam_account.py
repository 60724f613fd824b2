"""IAM: what is known of a whole account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.api.iam import paged, paging
from mooring.api.iam_shapes import (
    attached_shape,
    group_shape,
    policy_shape,
    profile_shape,
    role_shape,
    role_use_shape,
    tag_shapes,
    user_shape,
)
from mooring.api.registry import Input, Operation, Output
from mooring.iam.identity import Entity, Group, Role, User
from mooring.operations.account_aliases import create_alias, delete_alias, get_alias
from mooring.operations.account_details import (
    Detail,
    EntityDetail,
    PolicyDetail,
    Section,
    get_details,
)
from mooring.operations.account_summary import get_account_summary
from mooring.operations.call import Call
from mooring.operations.credential_report import generate_report, get_report

__all__ = ["OPERATIONS"]

Shape = dict[str, object]


async def _create_alias(call: Call, given: Input) -> Output:
    await create_alias(call, given["AccountAlias"])
    return {}


async def _delete_alias(call: Call, given: Input) -> Output:
    await delete_alias(call, given["AccountAlias"])
    return {}


async def _list_aliases(call: Call, _: Input) -> Output:
    alias = await get_alias(call)
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


async def _get_summary(call: Call, _: Input) -> Output:
    return {"SummaryMap": dict(await get_account_summary(call))}


async def _generate_report(call: Call, _: Input) -> Output:
    await generate_report(call)
    return {"State": "COMPLETE"}


async def _get_report(call: Call, _: Input) -> Output:
    report = await get_report(call)
    return {
        "Content": report.content,
        "ReportFormat": "text/csv",
        "GeneratedTime": report.generated_at,
    }


async def _get_details(call: Call, given: Input) -> Output:
    after, limit = paging(given)
    sections = {Section(name) for name in given.get("Filter", [])}
    rows, has_more = await get_details(call, sections, after=after, limit=limit)
    output: dict[str, object] = {
        "UserDetailList": _shapes(rows, User),
        "GroupDetailList": _shapes(rows, Group),
        "RoleDetailList": _shapes(rows, Role),
        "Policies": [_policy(row) for row in rows if isinstance(row, PolicyDetail)],
    }
    return paged(output, marker=rows[-1].marker if rows else "", has_more=has_more)


def _shapes(rows: Sequence[Detail], kind: type[Entity]) -> list[Shape]:
    found = (row for row in rows if isinstance(row, EntityDetail))
    return [_entity(row) for row in found if isinstance(row.entity, kind)]


def _entity(row: EntityDetail) -> Shape:
    entity = row.entity
    attached = [attached_shape(policy) for policy in row.managed]
    inline = [{"PolicyName": name, "PolicyDocument": document} for name, document in row.inline]
    if isinstance(entity, Group):
        return group_shape(entity) | {
            "GroupPolicyList": inline,
            "AttachedManagedPolicies": attached,
        }
    if isinstance(entity, User):
        return user_shape(entity) | {
            "UserPolicyList": inline,
            "GroupList": [group.name for group in row.groups],
            "AttachedManagedPolicies": attached,
            "Tags": tag_shapes(entity.tags),
        }
    shape = role_shape(entity) | {
        "InstanceProfileList": [profile_shape(profile, entity) for profile in row.profiles],
        "RolePolicyList": inline,
        "AttachedManagedPolicies": attached,
        "Tags": tag_shapes(entity.tags),
        "RoleLastUsed": role_use_shape(row.last_use),
    }
    del shape["Description"], shape["MaxSessionDuration"]  # RoleDetail has neither
    return shape


def _policy(row: PolicyDetail) -> Shape:
    policy = row.view.policy
    versions = [
        {
            "Document": version.document,
            "VersionId": f"v{version.number}",
            "IsDefaultVersion": version.number == policy.default_version,
            "CreateDate": version.created_at,
        }
        for version in row.versions
    ]
    return policy_shape(row.view) | {
        "Description": policy.description,
        "PolicyVersionList": versions,
    }


OPERATIONS: Mapping[str, Operation] = {
    "CreateAccountAlias": Operation(handler=_create_alias),
    "DeleteAccountAlias": Operation(handler=_delete_alias),
    "ListAccountAliases": Operation(handler=_list_aliases, is_read_only=True),
    "GetAccountSummary": Operation(handler=_get_summary, is_read_only=True),
    "GenerateCredentialReport": Operation(handler=_generate_report, is_read_only=True),
    "GetCredentialReport": Operation(handler=_get_report, is_read_only=True),
    "GetAccountAuthorizationDetails": Operation(handler=_get_details, is_read_only=True),
}
