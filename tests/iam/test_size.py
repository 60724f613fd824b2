"""Quotas count characters, not layout."""

from mooring.iam.size import (
    GROUP_INLINE_SIZE,
    MANAGED_SIZE,
    ROLE_INLINE_SIZE,
    SESSION_SIZE,
    TRUST_SIZE,
    USER_INLINE_SIZE,
    policy_size,
)


def test_white_space_does_not_count() -> None:
    assert policy_size('{ "Version":\t"2012-10-17"\r\n}') == len('{"Version":"2012-10-17"}')


def test_quotas_are_those_of_aws() -> None:
    assert (USER_INLINE_SIZE, GROUP_INLINE_SIZE, ROLE_INLINE_SIZE) == (2048, 5120, 10240)
    assert (MANAGED_SIZE, TRUST_SIZE, SESSION_SIZE) == (6144, 2048, 2048)
