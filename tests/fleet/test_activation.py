"""An activation lets in who knows the code, in time, until it is used up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mooring.fleet.activation import (
    DEFAULT_LIFETIME,
    MAXIMUM_LIFETIME,
    MAXIMUM_REGISTRATIONS,
    NODE_TYPE_TAG,
    Activation,
    RegistrationRefused,
    check_registration,
    node_prefix,
)
from mooring.secret import Secret

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ACTIVATION = Activation(
    account_id="111122223333",
    region="eu-west-1",
    activation_id="11111111-2222-4333-8444-555555555555",
    code_hash=Secret("ab"),
    role_name="Role",
    registration_limit=2,
    created_at=NOW,
    expires_at=NOW + timedelta(hours=24),
)


def test_limits_are_those_of_the_api() -> None:
    assert timedelta(hours=24) == DEFAULT_LIFETIME
    assert timedelta(days=30) == MAXIMUM_LIFETIME
    assert MAXIMUM_REGISTRATIONS == 1000


def test_the_right_code_in_time_is_let_in() -> None:
    last = replace(ACTIVATION, registrations=1)

    check_registration(last, Secret("ab"), NOW + timedelta(hours=23, minutes=59))


@pytest.mark.parametrize(
    ("activation", "code", "hours", "text"),
    [
        (ACTIVATION, "ac", 1, "does not match"),
        (ACTIVATION, "", 1, "does not match"),
        (ACTIVATION, "ab", 24, "expired at 2026-01-03T00:00Z"),
        (replace(ACTIVATION, registrations=2), "ab", 1, "all 2 registrations are used"),
        (replace(ACTIVATION, registrations=3), "ab", 1, "all 2 registrations are used"),
    ],
)
def test_anything_else_is_refused_with_its_reason(
    activation: Activation, code: str, hours: int, text: str
) -> None:
    with pytest.raises(RegistrationRefused, match=text):
        check_registration(activation, Secret(code), NOW + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("tags", "prefix"),
    [({}, "mi"), ({NODE_TYPE_TAG: "instance"}, "i"), ({NODE_TYPE_TAG: "other"}, "mi")],
)
def test_a_tag_makes_instances(tags: dict[str, str], prefix: str) -> None:
    assert node_prefix(replace(ACTIVATION, tags=tags)) == prefix


def test_the_code_is_not_shown() -> None:
    assert "ab" not in repr(ACTIVATION.code_hash)
