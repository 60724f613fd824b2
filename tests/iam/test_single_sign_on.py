"""Who becomes which role."""

import pytest

from mooring.iam.single_sign_on import RoleRule, SingleSignOn, parse_rules
from mooring.secret import Secret

OPS = "arn:aws:iam::111122223333:role/Ops"
DEV = "arn:aws:iam::111122223333:role/path/Dev"


def sso(claim: str = "groups") -> SingleSignOn:
    return SingleSignOn(
        issuer="https://id.example.com",
        client_id="mooring",
        client_secret=Secret("the-secret"),
        role_claim=claim,
        rules=parse_rules(f"ops={OPS}; CN=dev,OU=all = {DEV};"),
    )


def test_rules_may_hold_distinguished_names() -> None:
    assert sso().rules == (
        RoleRule(value="ops", role_arn=OPS),
        RoleRule(value="CN=dev,OU=all", role_arn=DEV),
    )


def test_the_first_rule_that_fits_counts() -> None:
    assert sso().role_for({"groups": ["CN=dev,OU=all", "ops"]}) == OPS
    assert sso("role").role_for({"role": "CN=dev,OU=all"}) == DEV


@pytest.mark.parametrize("claims", [{}, {"groups": []}, {"groups": "op"}, {"groups": {"ops": 1}}])
def test_nobody_else_has_a_role(claims: dict[str, object]) -> None:
    assert sso().role_for(claims) is None


@pytest.mark.parametrize("text", ["ops", "ops=", f"={OPS}", "ops=arn:aws:iam::1:user/ann"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rule `"):
        parse_rules(text)


def test_the_secret_is_not_printed() -> None:
    assert "the-secret" not in repr(sso())
