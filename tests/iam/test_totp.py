"""Codes are those of RFC 6238's appendix B, cut to six digits as every app shows them."""

from datetime import UTC, datetime

import pytest

from mooring.iam.totp import (
    base32_seed,
    code_at,
    matching_pair,
    matching_step,
    provisioning_uri,
    step_of,
)

SEED = b"12345678901234567890"
NOW = datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC)
STEP = 37037036


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)

    assert code_at(SEED, step_of(moment)) == code[2:]


@pytest.mark.parametrize(("offset", "taken"), [(-2, False), (-1, True), (0, True), (1, True)])
def test_a_code_may_be_one_step_off(offset: int, taken: bool) -> None:  # noqa: FBT001
    found = matching_step(SEED, code_at(SEED, STEP + offset), NOW, drift=0, after=-1)

    assert found == (STEP + offset if taken else None)


def test_a_code_and_those_before_it_are_used_up() -> None:
    for offset in (0, -1):
        code = code_at(SEED, STEP + offset)
        assert matching_step(SEED, code, NOW, drift=0, after=STEP) is None

    assert matching_step(SEED, code_at(SEED, STEP + 1), NOW, drift=0, after=STEP) == STEP + 1


def test_a_device_whose_clock_is_ahead_is_met_where_it_is() -> None:
    code = code_at(SEED, STEP + 5)

    assert matching_step(SEED, code, NOW, drift=0, after=-1) is None
    assert matching_step(SEED, code, NOW, drift=5, after=-1) == STEP + 5


def test_two_codes_in_a_row_say_where_the_device_is() -> None:
    codes = (code_at(SEED, STEP - 2), code_at(SEED, STEP - 1))

    assert matching_pair(SEED, codes, NOW, reach=3, after=-1) == STEP - 1
    assert matching_pair(SEED, codes[::-1], NOW, reach=3, after=-1) is None
    assert matching_pair(SEED, codes, NOW, reach=1, after=-1) is None
    assert matching_pair(SEED, codes, NOW, reach=3, after=STEP - 2) is None


@pytest.mark.parametrize(
    "code", ["", "x", "\uff11\uff12\uff13\uff14\uff15\uff16", "\ud800", "0" * 1000]
)
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(SEED, code, NOW, drift=0, after=-1) is None


def test_the_seed_is_written_for_people_and_for_apps() -> None:
    assert base32_seed(SEED) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert provisioning_uri(SEED, account="ann@111122223333", issuer="My Ship") == (
        "otpauth://totp/My%20Ship:ann@111122223333"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20Ship"
    )
