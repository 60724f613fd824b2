"""Documents are shared with other accounts, or with everybody. Source: Systems Manager API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mooring.operations.authorize import require
from mooring.operations.call import Call
from mooring.operations.documents_find import (
    DEFAULT_VERSION,
    find_document,
    on_document,
    unknown_document,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tokens import open_page_token, page_token
from mooring.ports.tables import Transaction

__all__ = ["MAX_SHARES", "SharePage", "describe_shares", "modify_shares"]

MAX_SHARES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage:
    """One page of accounts and which versions they see; an empty token ends the list."""

    shares: tuple[tuple[str, str], ...]
    next_token: str


async def modify_shares(
    call: Call,
    name: str,
    *,
    add: Sequence[str],
    remove: Sequence[str],
    shared_version: str = "",
) -> None:
    """Share a document with these accounts, and no longer with those.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT or DOCUMENT_PERMISSION_LIMIT.
    """
    await require(call, on_document(call, name, await find_document(call, name)))

    def work(tx: Transaction) -> None:
        record = tx.documents.get(call.caller.region, name)
        if record is None:
            raise unknown_document(name)
        shares = dict(record.shared_with)
        for account_id in remove:
            shares.pop(account_id.lower(), None)
        for account_id in add:
            shares[account_id.lower()] = shared_version or DEFAULT_VERSION
        if len(shares) > MAX_SHARES:
            raise OperationRefused(
                Problem.DOCUMENT_PERMISSION_LIMIT,
                "The document can't be shared with more Amazon Web Services accounts. You can "
                f"specify a maximum of {MAX_SHARES} accounts per document.",
            )
        tx.documents.put(replace(record, shared_with=shares))

    await call.write(work)


async def describe_shares(call: Call, name: str, *, next_token: str, limit: int) -> SharePage:
    """Say whom a document of the caller's account is shared with, by account.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_DOCUMENT or INVALID_NEXT_TOKEN.
    """
    record = await find_document(call, name)
    await require(call, on_document(call, name, record))
    after = open_page_token(call.world, call.name, next_token).get("after", "")
    if record is None or record.account_id != call.caller.account_id:
        raise unknown_document(name)
    rows = [row for row in sorted(record.shared_with.items()) if row[0] > after]
    following = ""
    if len(rows) > limit:
        following = page_token(call.world, call.name, {"after": rows[limit - 1][0]})
    return SharePage(shares=tuple(rows[:limit]), next_token=following)
