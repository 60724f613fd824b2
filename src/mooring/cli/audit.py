"""The audit log as the person checks it: taken whole from a server, or from a file, then verified.

The file is lines of JSON: the account, each signed head, each event. With public keys at hand a
file is checked without any server. A file from an earlier check is an anchor: what it holds must
still be in the log that the server tells now, which also shows the loss of events that nobody had
signed yet, or whose heads went with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

import anyio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mooring.cli.client import MOORING, Client, Unreachable
from mooring.cli.recording import is_signed_by, keys, read_keys
from mooring.wire.audit_chain import AuditLine, AuditVerdict, SignedHead, verify_audit
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject

__all__ = ["as_json", "check_file", "check_server", "fetch", "told"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Anchor:
    """What an earlier check saw: the heads, and the newest event of each writer."""

    heads: list[SignedHead] = field(default_factory=list)
    places: dict[str, tuple[int, str]] = field(default_factory=dict)


async def fetch(client: Client, path: Path) -> None:
    """Write the caller's audit log to a file: heads first, so that no head is ahead of it.

    Raises:
        Unreachable: the server answered something else.
    """
    with path.open("w", encoding="utf-8") as file:
        answer = await _export(client, after=0, heads_after=0)
        _write(file, {"account_id": str(answer.get("AccountId", ""))})
        count = 0
        page = answer
        while heads := page.get("Heads", []):
            for head in heads:
                _write(file, {"head": head["Text"], "signature": head["Signature"]})
            count += len(heads)
            page = await _export(client, after=0, heads_after=count)
        count = 0
        page = await _export(client, after=0, heads_after=0)
        while events := page.get("Events", []):
            for event in events:
                _write(
                    file,
                    {
                        "event": event["Text"],
                        "previous": event["PreviousHash"],
                        "hash": event["Hash"],
                    },
                )
            count += len(events)
            # A page of one is the event of the question before: the log would never end.
            if len(events) == 1:
                break
            page = await _export(client, after=count, heads_after=0)


async def _export(
    client: Client, *, after: int, heads_after: int
) -> dict[str, list[dict[str, str]]]:
    answer = await client.call(
        MOORING, "ExportAuditEvents", {"After": after, "HeadsAfter": heads_after}
    )
    rows = [*answer.get("Heads", []), *answer.get("Events", [])]
    if not all(isinstance(row, dict) and isinstance(row.get("Text"), str) for row in rows):
        raise Unreachable("expected events and heads, got something else")
    return answer


def _write(file: TextIO, line: Mapping[str, str]) -> None:
    file.write(json.dumps(line) + "\n")


async def check_server(client: Client, *, pinned: Path | None, save: Path | None) -> AuditVerdict:
    """Take the log from the server and check it; ``save`` keeps it, and is the anchor next time.

    A log that is not whole is kept beside it, under a name that ends with ``.broken``.
    """
    public = await keys(client, pinned)
    with TemporaryDirectory() as scratch:
        found = (
            Path(scratch) / "audit.jsonl" if save is None else save.with_name(f"{save.name}.new")
        )
        await fetch(client, found)
        is_anchored = save is not None and await anyio.Path(save).exists()
        verdict = _checked(found, public, anchor=save if is_anchored else None)
        if save is not None:
            kept = save if verdict.is_whole else save.with_name(f"{save.name}.broken")
            await anyio.Path(found).replace(kept)
    return verdict


def check_file(path: Path, public_keys: Path) -> AuditVerdict:
    """Check a saved log against public keys, without a server.

    Raises:
        KeysUnreadable: the keys are none.
        RemoteProtocolError: the file holds something else.
    """
    return _checked(path, read_keys(public_keys.read_bytes()), anchor=None)


def _checked(
    path: Path, public: Mapping[str, Ed25519PublicKey], *, anchor: Path | None
) -> AuditVerdict:
    before = _Anchor() if anchor is None else _read_anchor(anchor)
    heads = list(_heads(path))
    for number, head in enumerate(before.heads, start=1):
        if heads[number - 1 : number] != [head]:
            detail = f"head {number}: is not the one that was there at the earlier check"
            return AuditVerdict(events=0, heads=len(heads), detail=detail)
    return verify_audit(
        _lines(path),
        heads,
        account_id=_account(path),
        public_key_verify=is_signed_by(public),
        anchors={place: (writer, kept) for writer, (place, kept) in before.places.items()},
    )


def _read_anchor(path: Path) -> _Anchor:
    anchor = _Anchor(heads=list(_heads(path)))
    for line in _lines(path):
        body = JsonObject.parse(line.text, what="audit event")
        anchor.places[body.text("writer")] = (body.integer("sequence"), line.hash)
    return anchor


def _bodies(path: Path) -> Iterator[JsonObject]:
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            yield JsonObject.parse(line, what="audit file's line")


def _account(path: Path) -> str:
    body = next(_bodies(path), None)
    if body is None:
        raise RemoteProtocolError(f"`{path.name}` is empty, expected an audit log")
    return body.text("account_id")


def _heads(path: Path) -> Iterator[SignedHead]:
    for body in _bodies(path):
        if body.has("head"):
            yield SignedHead(text=body.text("head"), signature=body.text("signature"))


def _lines(path: Path) -> Iterator[AuditLine]:
    for body in _bodies(path):
        if body.has("event"):
            yield AuditLine(
                text=body.text("event"), previous=body.text("previous"), hash=body.text("hash")
            )


def told(verdict: AuditVerdict) -> str:
    """Return a verdict in one line."""
    if not verdict.is_whole:
        return f"audit log: broken, {verdict.detail}"
    if not verdict.heads:
        return f"audit log: whole, {verdict.events} events, not signed yet"
    signed = (_EPOCH + timedelta(microseconds=verdict.signed_us)).isoformat(timespec="seconds")
    return (
        f"audit log: whole, {verdict.events} events, "
        f"signed up to event {verdict.signed_until} at {signed}"
    )


def as_json(verdict: AuditVerdict) -> dict[str, object]:
    """Return a verdict for programs."""
    return {
        "Whole": verdict.is_whole,
        "Events": verdict.events,
        "Heads": verdict.heads,
        "SignedUntil": verdict.signed_until,
        "BrokenEvent": verdict.broken_sequence,
        "Detail": verdict.detail,
    }
