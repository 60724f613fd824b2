"""A log that was altered, cut, rewritten or sewn together is known, with the first bad event."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mooring.wire.audit_chain import (
    AuditHead,
    AuditLine,
    AuditVerdict,
    SignedHead,
    event_hash,
    head_digest,
    head_message,
    verify_audit,
)
from mooring.wire.errors import RemoteProtocolError

ACCOUNT = "111111111111"
ZEROS = "0" * 64
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
FORGED = Ed25519PrivateKey.from_private_bytes(b"f" * 32)

Log = tuple[list[AuditLine], list[SignedHead]]


def is_signed(key_id: str, signature: bytes, message: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return key_id == "key"


def event(sequence: int, writer: str, what: str = "Event") -> str:
    body = {"account_id": ACCOUNT, "name": what, "sequence": sequence, "writer": writer}
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def chained(texts: list[str]) -> list[AuditLine]:
    lines: list[AuditLine] = []
    last: dict[str, str] = {}
    for text in texts:
        writer = json.loads(text)["writer"]
        previous = last.get(writer, ZEROS)
        last[writer] = hashlib.sha256((previous + text).encode()).hexdigest()
        lines.append(AuditLine(text=text, previous=previous, hash=last[writer]))
    return lines


def head(
    number: int, previous: str, lines: list[AuditLine], key: Ed25519PrivateKey = KEY
) -> SignedHead:
    writers = {}
    for line in lines:
        body = json.loads(line.text)
        writers[body["writer"]] = (body["sequence"], line.hash)
    text = AuditHead(
        account_id=ACCOUNT,
        number=number,
        previous=previous,
        signed_us=number * 60_000_000,
        key_id="key",
        writers=writers,
    ).serialize()
    digest = hashlib.sha256(text.encode()).digest()
    signature = key.sign(b"mooring audit head 1\n" + digest)
    return SignedHead(text=text, signature=signature.hex())


def a_log() -> Log:
    """Seven events by two writers; heads after the third and the sixth."""
    lines = chained([event(n, "b" if n in (2, 5) else "a") for n in range(1, 8)])
    first = head(1, ZEROS, lines[:3])
    second = head(2, hashlib.sha256(first.text.encode()).hexdigest(), lines[:6])
    return lines, [first, second]


def check(log: Log) -> AuditVerdict:
    lines, heads = log
    return verify_audit(lines, heads, account_id=ACCOUNT, public_key_verify=is_signed)


def test_a_whole_log_says_how_far_it_is_signed() -> None:
    verdict = check(a_log())

    assert verdict == AuditVerdict(events=7, heads=2, signed_until=6, signed_us=120_000_000)
    assert verdict.is_whole


def test_an_empty_log_is_whole() -> None:
    assert check(([], [])).is_whole


def altered(log: Log) -> Log:
    lines, heads = log
    lines[3] = replace(lines[3], text=event(4, "a", "Mallory"))
    return lines, heads


def taken_out(log: Log) -> Log:
    lines, heads = log
    del lines[4]
    return lines, heads


def cut_off(log: Log) -> Log:
    lines, heads = log
    return lines[:5], heads


def cut_off_with_the_head(log: Log) -> Log:
    lines, heads = log
    return lines[:2], heads[:1]


def rewritten(log: Log) -> Log:
    lines, heads = log
    texts = [line.text for line in lines]
    texts[3] = event(4, "a", "Mallory")
    return chained(texts), heads


def swapped(log: Log) -> Log:
    lines, heads = log
    lines[3], lines[4] = lines[4], lines[3]
    return lines, heads


def of_another_account(log: Log) -> Log:
    lines, heads = log
    text = lines[6].text.replace(ACCOUNT, "2" * 12)
    lines[6] = AuditLine(
        text=text, previous=lines[6].previous, hash=event_hash(lines[6].previous, text)
    )
    return lines, heads


def unreadable(log: Log) -> Log:
    lines, heads = log
    lines[1] = replace(lines[1], text="[]")
    return lines, heads


def another_previous(log: Log) -> Log:
    lines, heads = log
    lines[2] = replace(lines[2], previous=ZEROS, hash=event_hash(ZEROS, lines[2].text))
    return lines, heads


@pytest.mark.parametrize(
    ("change", "sequence", "text"),
    [
        (altered, 4, "altered"),
        (taken_out, 5, "missing"),
        (cut_off, 6, "what was signed or seen says there are 6 or more"),
        (cut_off_with_the_head, 3, "what was signed or seen says there are 3 or more"),
        (rewritten, 6, "not the one that was signed"),
        (swapped, 4, "missing"),
        (of_another_account, 7, "belongs to account `222222222222`"),
        (unreadable, 2, "not a JSON object"),
        (another_previous, 3, "wrong previous hash"),
    ],
)
def test_the_first_bad_event_is_named(
    change: Callable[[Log], Log], sequence: int, text: str
) -> None:
    verdict = check(change(a_log()))

    assert not verdict.is_whole
    assert verdict.broken_sequence == sequence
    assert text in verdict.detail


def test_what_somebody_saw_before_must_still_be_there() -> None:
    lines, heads = a_log()
    seen = {7: ("a", lines[6].hash)}

    def verdict(found: list[AuditLine]) -> AuditVerdict:
        return verify_audit(
            found, heads, account_id=ACCOUNT, public_key_verify=is_signed, anchors=seen
        )

    assert verdict(lines).is_whole
    assert verdict(lines[:6]).broken_sequence == 7
    rewritten_end = [*lines[:6], replace(lines[6], hash=ZEROS)]
    assert verdict(rewritten_end).broken_sequence == 7


def dropped_head(log: Log) -> Log:
    lines, heads = log
    return lines, heads[1:]


def forged_head(log: Log) -> Log:
    lines, heads = log
    return lines, [heads[0], head(2, head_digest(heads[0].text), lines[:6], FORGED)]


def head_elsewhere(log: Log) -> Log:
    lines, heads = log
    return lines, [heads[0], head(2, ZEROS, lines[:6])]


def respelled_head(log: Log) -> Log:
    lines, heads = log
    text = heads[1].text.replace('":', '": ')
    signature = KEY.sign(head_message(text)).hex()
    return lines, [heads[0], SignedHead(text=text, signature=signature)]


def no_signature(log: Log) -> Log:
    lines, heads = log
    return lines, [heads[0], replace(heads[1], signature="zz")]


def foreign_head(log: Log) -> Log:
    lines, heads = log
    text = heads[0].text.replace(ACCOUNT, "2" * 12)
    return lines, [SignedHead(text=text, signature=KEY.sign(head_message(text)).hex())]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (dropped_head, "head 1: is missing, number 2 is in its place"),
        (forged_head, "head 2: is not signed by key `key`"),
        (head_elsewhere, "head 2: does not follow the head before it"),
        (respelled_head, "head 2: is written otherwise"),
        (no_signature, "head 2: has a signature that is not hexadecimal"),
        (foreign_head, "head 1: belongs to account `222222222222`"),
    ],
)
def test_a_bad_head_is_named(change: Callable[[Log], Log], text: str) -> None:
    verdict = check(change(a_log()))

    assert not verdict.is_whole
    assert verdict.broken_sequence is None
    assert verdict.detail.startswith(text)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "nothing",
        '{"account_id":"1","key_id":"k","number":1,"previous":"0","signed":1,"writers":[]}',
        '{"account_id":"1","key_id":"k","number":1,"previous":"0","signed":1,"writers":{"a":[1]}}',
        '{"account_id":"1","key_id":"k","number":1,"previous":"0","signed":1,'
        '"writers":{"a":[true,"x"]}}',
    ],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        AuditHead.parse(text)


def test_every_byte_of_a_head_is_signed() -> None:
    lines, heads = a_log()
    text = heads[1].text

    for place in range(len(text)):
        changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        heads[1] = replace(heads[1], text=changed)
        assert not check((lines, heads)).is_whole, place
