"""Recordings are replayed in time and without harm, and checked to the last byte."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mooring.cli.output import Output, OutputFormat
from mooring.cli.recording import KeysUnreadable, as_json, check, exact, play, read_keys
from mooring.wire.chain import FIRST_PREVIOUS, SegmentEnd, SegmentHeader, seal, segment_digest

SESSION = "ann-0123456789abcdef0"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
KEYS = read_keys(json.dumps({"algorithm": "ed25519", "keys": {"key-1": PUBLIC}}))


def recorded(*parts: str) -> list[bytes]:
    """Seal one segment for each part."""
    segments: list[bytes] = []
    for index, part in enumerate(parts):
        header = SegmentHeader(
            format="asciicast-v2",
            session_id=SESSION,
            index=index,
            key_id="key-1",
            previous=segment_digest(segments[-1]) if segments else FIRST_PREVIOUS,
            created_us=1,
        )
        opened = header.serialize() + part.encode()
        end = SegmentEnd(final=index == len(parts) - 1, reason="exit", closed_us=2)
        segments.append(opened + seal(opened, end, KEY.sign))
    return segments


PARTS = (
    '{"version":2,"width":80,"height":24}\n[0.0,"o","one\\r\\n"]\n[0.1,"n","1 "]\n',
    '[0.2,"o","two \\u001b]52;c;eA==\\u0007three"]\n[9.0,"i","typed"]\n[90.0,"o","\\r\\nend"]\n',
)


async def test_a_replay_shows_all_output_and_no_harm(capsys: pytest.CaptureFixture[str]) -> None:
    await play(recorded(*PARTS), Output(OutputFormat.TABLE), speed=1.0, idle_limit_s=0.01)

    assert capsys.readouterr().out == "one\r\ntwo three\r\nend"


async def test_a_replay_can_be_faster(capsys: pytest.CaptureFixture[str]) -> None:
    await play(recorded(*PARTS), Output(OutputFormat.TABLE), speed=1000.0, idle_limit_s=None)

    assert capsys.readouterr().out.endswith("end")


async def test_what_is_torn_is_shown_as_far_as_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    torn = recorded(PARTS[0])[0][:-150] + b"\n[1.0,"

    await play([torn], Output(OutputFormat.TABLE), speed=1.0, idle_limit_s=0)

    assert capsys.readouterr().out == "one\r\n"


def test_the_exact_bytes_are_not_filtered() -> None:
    assert exact(recorded(*PARTS)) == b"one\r\ntwo \x1b]52;c;eA==\x07three\r\nend"


def test_a_whole_recording_is_whole() -> None:
    verdict = check(recorded(*PARTS), SESSION, KEYS)

    assert verdict.is_whole
    assert as_json(verdict) == {
        "Whole": True, "Segments": 2, "Fault": None, "BrokenSegment": None, "Detail": "",
        "Reason": "exit",
    }  # fmt: skip


def test_a_changed_byte_is_found_and_its_segment_named() -> None:
    segments = recorded(*PARTS)
    segments[1] = segments[1].replace(b"two", b"too")

    verdict = check(segments, SESSION, KEYS)

    assert not verdict.is_whole
    assert verdict.broken_index == 1


def test_a_missing_end_is_found() -> None:
    assert not check(recorded(*PARTS)[:1], SESSION, KEYS).is_whole


def test_the_recording_of_another_session_is_foreign() -> None:
    verdict = check(recorded(*PARTS), "bob-0123456789abcdef0", KEYS)

    assert as_json(verdict)["Fault"] == "foreign"


def test_a_key_that_is_not_trusted_is_named() -> None:
    other = base64.b64encode(bytes(32)).decode()
    verdict = check(recorded(*PARTS), SESSION, read_keys(json.dumps({"keys": {"key-2": other}})))

    assert as_json(verdict)["Fault"] == "wrong key"
    assert "key-1" in verdict.detail


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": []}', '{"keys": {"a": 1}}', '{"keys": {"a": "AAAA"}}']
)
def test_keys_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(KeysUnreadable, match="expected keys as"):
        read_keys(text)
