"""Mooring's own service: the audit log as it is kept, for who wants to check it."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.operations.audit_events import export_audit_events
from mooring.operations.call import Call

__all__ = ["OPERATIONS"]


async def _export_audit_events(call: Call, given: Input) -> Output:
    export = await export_audit_events(
        call, after=given.get("After", 0), heads_after=given.get("HeadsAfter", 0)
    )
    return {
        "AccountId": call.caller.account_id,
        "Newest": export.newest,
        "Events": [
            {"Text": line.text, "PreviousHash": line.previous, "Hash": line.hash}
            for line in export.lines
        ],
        "Heads": [{"Text": head.text, "Signature": head.signature} for head in export.heads],
    }


OPERATIONS: Mapping[str, Operation] = {
    "ExportAuditEvents": Operation(handler=_export_audit_events, is_read_only=True),
}
