"""No tenant sees or changes another: every registered operation, by the other's administrator."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from tests.api.door import Door
from tests.fakes.world import make_world
from tests.tenants.inputs import REGISTERED, input_of
from tests.tenants.tenant import MARK, dump, make_tenant

from mooring.api.operations import OPERATIONS
from mooring.operations.organizations import create_organization

# Operations of a tenant's own administrator show what is marked, so the mark proves something.
SHOWS_THE_MARK = {
    "DescribeAccount",
    "DescribeActivations",
    "DescribeCreateAccountStatus",
    "DescribeDocument",
    "DescribeInstanceInformation",
    "DescribeInstanceProperties",
    "DescribeInstances",
    "DescribeOrganizationalUnit",
    "DescribePolicy",
    "DescribeSessions",
    "ExportAuditEvents",
    "GetAccountAuthorizationDetails",
    "GetDocument",
    "GetGroup",
    "GetGroupPolicy",
    "GetInstanceProfile",
    "GetOpenIDConnectProvider",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRecordingSegment",
    "GetRole",
    "GetRolePolicy",
    "GetUser",
    "GetUserPolicy",
    "ListCreateAccountStatus",
    "ListDocumentVersions",
    "ListDocuments",
    "ListGroups",
    "ListGroupsForUser",
    "ListInstanceProfileTags",
    "ListInstanceProfiles",
    "ListInstanceProfilesForRole",
    "ListOpenIDConnectProviderTags",
    "ListPolicyTags",
    "ListRoleTags",
    "ListRoles",
    "ListTagsForResource",
    "ListUserTags",
    "LookupEvents",
}
INPUT_WAS_WRONG = {
    "InvalidInputException",
    "InvalidParameterValue",
    "MalformedPolicyDocument",
    "MalformedPolicyDocumentException",
    "MalformedInput",
    "MissingParameter",
    "SerializationException",
    "ValidationError",
    "ValidationException",
}
# What is wrong with these inputs is that they are another's, and they do not say more than that.
NOT_KNOWN = {("sts", "GetAccessKeyInfo")}
_SID = MARK.replace("-", "")
_SHORTEST_ECHO = 8


def said_itself(value: Any) -> Iterator[str]:  # noqa: ANN401 - any member of any input
    """Walk the texts of an input."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in said_itself(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in said_itself(item))


def without_what_they_said(body: str, given: dict[str, Any]) -> str:
    """Take out what the caller brought: to hear that again tells them nothing."""
    for text in sorted(said_itself(given), key=len, reverse=True):
        if len(text) >= _SHORTEST_ECHO:
            for spelled in (text, json.dumps(text)[1:-1], escape(text), quote(text)):
                body = body.replace(spelled, "")
    return body


@pytest.mark.parametrize(("service", "operation"), REGISTERED)
async def test_another_tenants_administrator_reaches_nothing(
    tmp_path: Path, service: str, operation: str
) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        mine = await make_tenant(door)
        other_admin = await world.administrator(await world.account())
        keys = await door.keys(other_admin)
        await create_organization(world.call(other_admin, "organizations:CreateOrganization"))
        told_before = {node_id: list(told) for node_id, told in world.orders.items()}
        await world.world.audit.flush()
        before = dump(tmp_path, mine.account_id)

        given = input_of(service, operation, mine.known)

        answer = await door.call(keys, service, operation, given)
        await world.world.audit.flush()

        if (service, operation) not in NOT_KNOWN:
            assert answer.code not in INPUT_WAS_WRONG, answer.message
        assert answer.status < 500, answer.message
        shown = without_what_they_said(answer.response.body.decode(), given)
        assert MARK not in shown
        assert _SID not in shown
        assert mine.account_id not in shown
        assert dump(tmp_path, mine.account_id) == before
        assert world.orders == told_before


async def test_the_mark_is_seen_by_the_tenant_itself(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        mine = await make_tenant(door)

        seen = set()
        for service, operation in REGISTERED:
            if OPERATIONS[service][operation].is_read_only:
                given = input_of(service, operation, mine.known)
                answer = await door.call(mine.keys, service, operation, given)
                body = answer.response.body
                if operation == "GetRecordingSegment":
                    body = answer.output["Content"]
                if MARK.encode() in body or _SID.encode() in body:
                    seen.add(operation)

    assert seen >= SHOWS_THE_MARK


@pytest.mark.parametrize(("service", "operation"), REGISTERED)
async def test_what_an_administrator_does_is_audited_once(
    tmp_path: Path, service: str, operation: str
) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        mine = await make_tenant(door)
        before = len(await world.events(mine.account_id))

        answer = await door.call(
            mine.keys, service, operation, input_of(service, operation, mine.known)
        )

        events = (await world.events(mine.account_id))[before:]
        own = [event for event in events if event.name == operation]
        assert answer.code not in INPUT_WAS_WRONG, answer.message
        assert answer.status < 500, answer.message
        assert [(event.error_code, event.principal_arn) for event in own] == [
            (answer.code, mine.admin.arn)
        ]
        assert {event.name for event in events} <= {operation, "SessionEnded"}
        assert mine.keys.secret not in repr(events)
