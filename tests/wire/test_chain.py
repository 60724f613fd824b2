"""A chain that verifies was written by the key it names, whole and in order."""

import hashlib
import hmac
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.wire.chain import (
    FIRST_PREVIOUS,
    Fault,
    SegmentEnd,
    SegmentHeader,
    Verdict,
    content,
    is_sealed,
    seal,
    segment_digest,
    verify,
)
from mooring.wire.errors import RemoteProtocolError

SESSION = "alice-418a996f891345879"
KEYS = {"k1": b"one", "k2": b"two"}
HEADER = SegmentHeader(
    format="asciicast-v2",
    session_id=SESSION,
    index=0,
    key_id="k1",
    previous=FIRST_PREVIOUS,
    created_us=1_700_000_000_000_000,
)


def sign(message: bytes) -> bytes:
    return hmac.digest(KEYS["k1"], message, "sha256")


def check(key_id: str, signature: bytes, message: bytes) -> bool:
    key = KEYS.get(key_id)
    return key is not None and hmac.digest(key, message, "sha256") == signature


def recording(
    bodies: list[bytes], *, session_id: str = SESSION, key_id: str = "k1", ends: bool = True
) -> list[bytes]:
    segments: list[bytes] = []
    previous = FIRST_PREVIOUS
    for index, body in enumerate(bodies):
        header = SegmentHeader(
            format="asciicast-v2",
            session_id=session_id,
            index=index,
            key_id=key_id,
            previous=previous,
            created_us=index,
        )
        final = ends and index == len(bodies) - 1
        end = SegmentEnd(final=final, reason="ended by its owner" if final else "", closed_us=9)
        opened = header.serialize() + body
        segments.append(opened + seal(opened, end, sign))
        previous = segment_digest(segments[-1])
    return segments


def judge(segments: list[bytes]) -> Verdict:
    return verify(segments, session_id=SESSION, public_key_verify=check)


def fault(segments: list[bytes]) -> tuple[Fault | None, int | None]:
    verdict = judge(segments)
    return verdict.fault, verdict.broken_index


def seal_upper(sealed: bytes) -> bytes:
    before, mark, signature = sealed.rpartition(b'"signature":"')
    return before + mark + signature.upper()


THREE = recording([b'[0,"o","a"]\n', b'[1,"o","b"]\n', b'[2,"o","c"]\n'])


def test_a_segment_is_written_as_documented() -> None:
    opened = HEADER.serialize() + b"x\n"
    end = SegmentEnd(final=True, reason="idle", closed_us=7)

    sealed = opened + seal(opened, end, sign)

    head, body, end_line, seal_line = sealed.decode().splitlines()
    covered = f"{head}\n{body}\n{end_line}\n".encode()
    digest = hashlib.sha256(covered)
    assert head == (
        '{"version":1,"format":"asciicast-v2","session_id":"alice-418a996f891345879","index":0,'
        f'"key_id":"k1","previous":"{"0" * 64}","created":1700000000000000}}'
    )
    assert end_line == '{"end":{"final":true,"reason":"idle","closed":7}}'
    assert json.loads(seal_line) == {
        "seal": {
            "sha256": digest.hexdigest(),
            "signature": sign(b"mooring segment 1\n" + digest.digest()).hex(),
        }
    }


def test_a_whole_recording_says_how_its_session_ended() -> None:
    assert judge(THREE) == Verdict(segments=3, reason="ended by its owner")
    assert judge(THREE).is_whole


def test_ed25519_signs_and_verifies() -> None:
    key = Ed25519PrivateKey.generate()
    opened = HEADER.serialize()
    sealed = opened + seal(opened, SegmentEnd(final=True, reason="", closed_us=0), key.sign)

    def public_key_verify(_: str, signature: bytes, message: bytes) -> bool:
        try:
            key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    verdict = verify([sealed], session_id=SESSION, public_key_verify=public_key_verify)

    assert verdict.is_whole


@given(
    st.builds(
        SegmentHeader,
        format=st.text(st.characters(codec="utf-8"), min_size=1),
        session_id=st.text(st.characters(codec="utf-8"), min_size=1),
        index=st.integers(0, 2**31),
        key_id=st.text(st.characters(codec="utf-8"), min_size=1),
        previous=st.binary(min_size=32, max_size=32).map(bytes.hex),
        created_us=st.integers(0, 2**62),
    )
)
def test_headers_read_back(header: SegmentHeader) -> None:
    assert SegmentHeader.parse(header.serialize()) == header


@given(st.booleans(), st.text(st.characters(codec="utf-8")), st.integers(0, 2**62))
def test_ends_read_back(final: bool, reason: str, closed_us: int) -> None:  # noqa: FBT001
    end = SegmentEnd(final=final, reason=reason, closed_us=closed_us)

    assert SegmentEnd.parse(end.serialize()) == end


def test_content_is_what_stands_between() -> None:
    assert content(THREE[1]) == [b'[1,"o","b"]']


@given(st.lists(st.binary(max_size=200)))
def test_any_files_are_judged(segments: list[bytes]) -> None:
    assert not judge(segments).is_whole


@settings(max_examples=300)
@given(st.integers(0, 2), st.data())
def test_no_byte_can_be_changed(index: int, draw: st.DataObject) -> None:
    segment = bytearray(THREE[index])
    at = draw.draw(st.integers(0, len(segment) - 1))
    byte = draw.draw(st.integers(0, 255).filter(lambda value: value != segment[at]))
    segment[at] = byte
    changed = [*THREE]
    changed[index] = bytes(segment)

    assert not judge(changed).is_whole


@given(st.permutations(range(3)), st.integers(0, 3))
def test_only_all_segments_in_their_order_are_whole(order: list[int], count: int) -> None:
    chosen = order[:count]

    assert judge([THREE[index] for index in chosen]).is_whole == (chosen == [0, 1, 2])


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([], (Fault.MISSING, 0)),
        ([THREE[0], THREE[2]], (Fault.MISSING, 1)),
        ([THREE[1], THREE[2]], (Fault.MISSING, 0)),
        ([THREE[0], THREE[2], THREE[1]], (Fault.REORDERED, 1)),
        ([THREE[0], THREE[1].replace(b"b", b"B"), THREE[2]], (Fault.ALTERED, 1)),
        ([*THREE, THREE[2]], (Fault.MISSING, 3)),
        ([THREE[0], THREE[1][:-1], THREE[2]], (Fault.TRUNCATED, 1)),
        ([*THREE[:2], seal_upper(THREE[2])], (Fault.ALTERED, 2)),
        ([*THREE[:2], THREE[2].replace(b'"signature":"', b'"signature":"x')], (Fault.ALTERED, 2)),
        ([THREE[0], THREE[1][: THREE[1].index(b'{"seal"')], THREE[2]], (Fault.TRUNCATED, 1)),
        ([THREE[0] + b"x\n", *THREE[1:]], (Fault.TRUNCATED, 0)),
        ([b""], (Fault.TRUNCATED, 0)),
        (THREE[:2], (Fault.NOT_FINAL, 1)),
        (recording([b"a\n"], key_id="k2"), (Fault.WRONG_KEY, 0)),
        (recording([b"a\n"], key_id="k3"), (Fault.WRONG_KEY, 0)),
        (recording([b"a\n"], session_id="bob-418a996f891345879"), (Fault.FOREIGN, 0)),
        ([THREE[0], recording([b"x\n", b"y\n"])[1]], (Fault.ALTERED, 1)),
    ],
)
def test_names_the_first_broken_segment_and_why(
    segments: list[bytes], expected: tuple[Fault, int]
) -> None:
    assert fault(segments) == expected


def test_nothing_may_follow_the_last_segment() -> None:
    first = recording([b"a\n"])
    header = SegmentHeader(
        format="asciicast-v2",
        session_id=SESSION,
        index=1,
        key_id="k1",
        previous=segment_digest(first[0]),
        created_us=0,
    ).serialize()
    more = header + seal(header, SegmentEnd(final=True, reason="", closed_us=0), sign)

    verdict = judge([*first, more])

    assert verdict.fault is Fault.ALTERED
    assert verdict.detail == "segment 1: comes after the segment that says it is the last"


def test_tells_a_sealed_segment_from_an_open_one() -> None:
    assert is_sealed(THREE[0])
    assert not is_sealed(THREE[0][:-1])
    assert not is_sealed(HEADER.serialize())
    assert not is_sealed(b"")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"version":1', b'"version":2', "version 2, expected 1"),
        (b'"' + b"0" * 64, b'"x', "`previous` is not a SHA-256"),
        (b'"index":0', b'"index":-1', "`index`"),
    ],
)
def test_refuses_headers_of_another_kind(old: bytes, new: bytes, reason: str) -> None:
    with pytest.raises(RemoteProtocolError, match=reason):
        SegmentHeader.parse(HEADER.serialize().replace(old, new))


def test_refuses_an_end_line_that_is_none() -> None:
    with pytest.raises(RemoteProtocolError, match="no `end`"):
        SegmentEnd.parse(b"{}")


def test_refuses_the_content_of_an_open_segment() -> None:
    with pytest.raises(RemoteProtocolError, match="no seal"):
        content(HEADER.serialize())
