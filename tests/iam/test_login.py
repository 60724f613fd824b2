"""What a password must be, by the account's policy and by IAM's own where there is none."""

from datetime import UTC, datetime, timedelta

import pytest

from mooring.iam.login import DEFAULT_POLICY, Passkey, PasswordPolicy, violations

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "password", "wrong"),
    [
        (PasswordPolicy(minimum_length=12), "short", "minimum length of 12"),
        (PasswordPolicy(require_uppercase=True), "lower1!", "at least one uppercase letter"),
        (PasswordPolicy(require_lowercase=True), "UPPER1!", "at least one lowercase letter"),
        (PasswordPolicy(require_numbers=True), "Letters!", "at least one number"),
        (PasswordPolicy(require_symbols=True), "Letters1", "at least one of the following symbols"),
        (DEFAULT_POLICY, "onlyletters", "three of these"),
        (DEFAULT_POLICY, "Ann.Smith", "identical to the user name"),
    ],
)
def test_a_violation_is_named(policy: PasswordPolicy, password: str, wrong: str) -> None:
    (found,) = violations(policy, password, user_name="ann.smith")

    assert wrong in found


@pytest.mark.parametrize("password", ["Correct-horse", "battery 77 Staple", "ÄäÖö1234"])
def test_a_good_password_has_none(password: str) -> None:
    assert violations(DEFAULT_POLICY, password, user_name="ann") == ()


def test_every_violation_is_told_at_once() -> None:
    policy = PasswordPolicy(minimum_length=20, require_numbers=True, require_symbols=True)

    assert len(violations(policy, "x", user_name="ann")) == 3


def test_a_password_expires_by_its_age_where_the_policy_says_so() -> None:
    policy = PasswordPolicy(max_age_days=90)

    assert not policy.is_expired(NOW - timedelta(days=89, hours=23), NOW)
    assert policy.is_expired(NOW - timedelta(days=90), NOW)
    assert not PasswordPolicy().is_expired(NOW - timedelta(days=9999), NOW)


def test_a_passkey_is_listed_as_a_security_key() -> None:
    passkey = Passkey(
        account_id="111122223333",
        credential_id="abcdefghijklmnopqrstuv",
        user_name="ann",
        user_id="AIDA",
        name="laptop",
        rp_id="mooring.example",
        public_key=b"",
        sign_count=0,
        created_at=NOW,
    )

    assert passkey.serial == "arn:aws:iam::111122223333:u2f/user/ann/laptop-abcdefghijklmnop"
