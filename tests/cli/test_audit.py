"""A log taken from a server or a file is checked, and an earlier file is an anchor for a later."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mooring.cli.audit import as_json, check_file, told
from mooring.cli.recording import KeysUnreadable
from mooring.wire.audit_chain import (
    FIRST_PREVIOUS_HASH,
    AuditHead,
    AuditVerdict,
    event_hash,
    head_message,
)
from mooring.wire.errors import RemoteProtocolError

ACCOUNT = "111111111111"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
SIGNED_US = 1_767_323_045_000_000


def a_log(count: int = 5, *, signed: int = 3) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Events and heads as the server tells them."""
    events: list[dict[str, str]] = []
    previous = FIRST_PREVIOUS_HASH
    for number in range(1, count + 1):
        body = {
            "account_id": ACCOUNT,
            "name": f"Event {number}",
            "sequence": number,
            "writer": "w",
        }
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        found = event_hash(previous, text)
        events.append({"Text": text, "PreviousHash": previous, "Hash": found})
        previous = found
    text = AuditHead(
        account_id=ACCOUNT,
        number=1,
        previous=FIRST_PREVIOUS_HASH,
        signed_us=SIGNED_US,
        key_id="key-1",
        writers={"w": (signed, events[signed - 1]["Hash"])},
    ).serialize()
    return events, [{"Text": text, "Signature": KEY.sign(head_message(text)).hex()}]


def exported(after: int, heads_after: int) -> dict[str, object]:
    """Answer ExportAuditEvents, two events a page."""
    events, heads = a_log()
    return {
        "AccountId": ACCOUNT,
        "Newest": 5,
        "Events": events[after : after + 2],
        "Heads": heads[heads_after:],
    }


def saved(path: Path, *, events: list[dict[str, str]], heads: list[dict[str, str]]) -> Path:
    lines: list[dict[str, str]] = [{"account_id": ACCOUNT}]
    lines += [{"head": head["Text"], "signature": head["Signature"]} for head in heads]
    lines += [
        {"event": event["Text"], "previous": event["PreviousHash"], "hash": event["Hash"]}
        for event in events
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"algorithm": "ed25519", "keys": {"key-1": PUBLIC}}))
    return path


def test_a_kept_log_is_whole_without_a_server(tmp_path: Path, keys: Path) -> None:
    events, heads = a_log()

    verdict = check_file(saved(tmp_path / "log", events=events, heads=heads), keys)

    assert verdict == AuditVerdict(events=5, heads=1, signed_until=3, signed_us=SIGNED_US)


def test_a_log_that_lost_its_end_is_not(tmp_path: Path, keys: Path) -> None:
    events, heads = a_log()

    verdict = check_file(saved(tmp_path / "log", events=events[:2], heads=heads), keys)

    assert verdict.broken_sequence == 3
    assert told(verdict).startswith("audit log: broken, event 3: the event is missing")
    assert as_json(verdict)["Whole"] is False


def test_a_log_that_nobody_signed_yet_says_so(tmp_path: Path, keys: Path) -> None:
    events, _ = a_log()

    verdict = check_file(saved(tmp_path / "log", events=events, heads=[]), keys)

    assert told(verdict) == "audit log: whole, 5 events, not signed yet"


def test_a_file_of_something_else_is_refused(tmp_path: Path, keys: Path) -> None:
    path = tmp_path / "log"
    path.write_text("hello\n")
    with pytest.raises(RemoteProtocolError, match="is not JSON"):
        check_file(path, keys)

    path.write_text("")
    with pytest.raises(RemoteProtocolError, match="is empty"):
        check_file(path, keys)

    with pytest.raises(KeysUnreadable):
        check_file(path, path)
