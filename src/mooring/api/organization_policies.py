"""Organizations: service control policies."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.organization_shapes import (
    kind_of,
    page_of,
    place_of,
    policy_summary,
    refuse_tags,
    root,
    turned,
)
from mooring.api.registry import Handler, Input, Operation, Output
from mooring.iam.organization import ControlPolicy
from mooring.operations import organization_policies as policies
from mooring.operations.call import Call
from mooring.operations.organization_policies import NewPolicy
from mooring.operations.organizations import arn_of

__all__ = ["OPERATIONS"]


async def _whole(call: Call, policy: ControlPolicy) -> Output:
    summary = policy_summary(await place_of(call), policy)
    return {"Policy": {"PolicySummary": summary, "Content": policy.document}}


async def _create_policy(call: Call, given: Input) -> Output:
    refuse_tags(given)
    new = NewPolicy(name=given["Name"], description=given["Description"], document=given["Content"])
    return await _whole(call, await policies.create_policy(call, new, kind=given["Type"]))


async def _describe_policy(call: Call, given: Input) -> Output:
    return await _whole(call, await policies.describe_policy(call, given["PolicyId"]))


async def _update_policy(call: Call, given: Input) -> Output:
    new = NewPolicy(
        name=given.get("Name", ""),
        description=given.get("Description"),
        document=given.get("Content", ""),
    )
    return await _whole(call, await policies.update_policy(call, given["PolicyId"], new))


async def _delete_policy(call: Call, given: Input) -> Output:
    await policies.delete_policy(call, given["PolicyId"])
    return {}


async def _list_policies(call: Call, given: Input) -> Output:
    found, has_more = await policies.list_policies(call, page_of(given), kind=given["Filter"])
    place = await place_of(call)
    return turned(
        {"Policies": [policy_summary(place, policy) for policy in found]},
        last_id=found[-1].policy_id if found else "",
        has_more=has_more,
    )


async def _attach_policy(call: Call, given: Input) -> Output:
    await policies.attach_policy(call, given["PolicyId"], given["TargetId"])
    return {}


async def _detach_policy(call: Call, given: Input) -> Output:
    await policies.detach_policy(call, given["PolicyId"], given["TargetId"])
    return {}


async def _list_policies_of(call: Call, given: Input) -> Output:
    found = await policies.list_policies_of(call, given["TargetId"], kind=given["Filter"])
    place = await place_of(call)
    return {"Policies": [policy_summary(place, policy) for policy in found]}


async def _list_targets(call: Call, given: Input) -> Output:
    found, has_more = await policies.list_targets(call, given["PolicyId"], page_of(given))
    place = await place_of(call)
    rows = [
        {
            "TargetId": target.target_id,
            "Arn": arn_of(place, target.target_id),
            "Name": target.name,
            "Type": kind_of(target.target_id),
        }
        for target in found
    ]
    return turned(
        {"Targets": rows}, last_id=found[-1].target_id if found else "", has_more=has_more
    )


def _switch(*, enabled: bool) -> Handler:
    async def handler(call: Call, given: Input) -> Output:
        changed = await policies.switch_controls(
            call, given["RootId"], kind=given["PolicyType"], enabled=enabled
        )
        return {"Root": root(changed)}

    return handler


OPERATIONS: Mapping[str, Operation] = {
    "CreatePolicy": Operation(handler=_create_policy),
    "DescribePolicy": Operation(handler=_describe_policy, is_read_only=True),
    "UpdatePolicy": Operation(handler=_update_policy),
    "DeletePolicy": Operation(handler=_delete_policy),
    "ListPolicies": Operation(handler=_list_policies, is_read_only=True),
    "AttachPolicy": Operation(handler=_attach_policy),
    "DetachPolicy": Operation(handler=_detach_policy),
    "ListPoliciesForTarget": Operation(handler=_list_policies_of, is_read_only=True),
    "ListTargetsForPolicy": Operation(handler=_list_targets, is_read_only=True),
    "EnablePolicyType": Operation(handler=_switch(enabled=True)),
    "DisablePolicyType": Operation(handler=_switch(enabled=False)),
}
