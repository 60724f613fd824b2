"""CloudTrail: the account's events, found and shown as CloudTrail shows them.

Source of names, limits and the record's shape: the CloudTrail API reference (LookupEvents) and
the CloudTrail User Guide, "CloudTrail record contents" and "userIdentity element".
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mooring.api.cloudtrail_record import record_of, resources_of, user_name_of
from mooring.api.registry import Input, Operation, Output
from mooring.operations.audit_events import EventQuery, lookup_events
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.records import AuditEvent

__all__ = ["OPERATIONS"]

_PAGE = 50

_FACTS: Mapping[str, Callable[[AuditEvent], Sequence[str]]] = {
    "EventId": lambda event: (event.event_id,),
    "EventName": lambda event: (event.name,),
    "ReadOnly": lambda event: (_flag(event),),
    "Username": lambda event: (user_name_of(event),),
    "ResourceType": lambda event: [kind for kind, _ in resources_of(event)],
    "ResourceName": lambda event: [*event.resources, *(name for _, name in resources_of(event))],
    "EventSource": lambda event: (event.source,),
    "AccessKeyId": lambda event: (event.access_key_id,),
}


async def _lookup_events(call: Call, given: Input) -> Output:
    digest = _digest(given)
    page = await lookup_events(
        call,
        EventQuery(
            is_match=_matcher(given.get("LookupAttributes", [])),
            start=given.get("StartTime"),
            end=_checked_end(given),
            before=_place(given["NextToken"], digest) if "NextToken" in given else None,
            limit=given.get("MaxResults", _PAGE),
        ),
    )
    output: dict[str, Any] = {"Events": [_shown(call, event) for event in page.events]}
    return output | ({} if page.before is None else {"NextToken": _token(page.before, digest)})


def _matcher(attributes: Sequence[Mapping[str, str]]) -> Callable[[AuditEvent], bool]:
    if not attributes:
        return lambda _: True
    if len(attributes) > 1:
        raise _invalid_attributes("Only one lookup attribute is allowed")
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    fact = _FACTS[key]
    return lambda event: value in fact(event)


def _checked_end(given: Input) -> Any:  # noqa: ANN401 - a time, or None
    start, end = given.get("StartTime"), given.get("EndTime")
    if start is not None and end is not None and start > end:
        raise OperationRefused(
            Problem.INVALID_TIME_RANGE, "The start time must not be after the end time."
        )
    return end


def _shown(call: Call, event: AuditEvent) -> Output:
    shown: dict[str, Any] = {
        "EventId": event.event_id,
        "EventName": event.name,
        "ReadOnly": _flag(event),
        "EventTime": event.time,
        "EventSource": event.source,
        "Username": user_name_of(event),
        "Resources": [
            {"ResourceType": kind, "ResourceName": name} for kind, name in resources_of(event)
        ],
        "CloudTrailEvent": json.dumps(record_of(event, call.caller.account_id)),
    }
    return shown | ({"AccessKeyId": event.access_key_id} if event.access_key_id else {})


def _flag(event: AuditEvent) -> str:
    return str(event.read_only).lower()


def _digest(given: Input) -> str:
    """Tell one question from another: a token goes on with the question it came from."""
    asked = {key: value for key, value in given.items() if key not in ("NextToken", "MaxResults")}
    text = json.dumps(asked, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _token(before: int, digest: str) -> str:
    return base64.urlsafe_b64encode(f"{before}:{digest}".encode()).decode()


def _place(token: str, digest: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        text = ""
    number, _, of = text.partition(":")
    if of != digest or not number.isascii() or not number.isdecimal():
        raise OperationRefused(
            Problem.INVALID_LOOKUP_TOKEN,
            "The token is not valid, or its other parameters are not those it came with.",
        )
    return min(int(number), 2**63 - 1)


def _invalid_attributes(text: str) -> OperationRefused:
    return OperationRefused(Problem.INVALID_LOOKUP_ATTRIBUTES, text)


OPERATIONS: Mapping[str, Operation] = {
    "LookupEvents": Operation(handler=_lookup_events, is_read_only=True),
}
