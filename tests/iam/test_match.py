"""Actions, resources and principals: who and what a statement speaks of."""

import pytest

from mooring.iam.errors import NO_VENDOR, PolicySyntaxError
from mooring.iam.match import (
    ActionPattern,
    Grant,
    PrincipalForm,
    PrincipalPattern,
    ResourcePattern,
    best_grant,
    covers_any,
    is_listed,
    match_resources,
)
from mooring.iam.principal import Principal

ACCOUNT = "111122223333"
USER = Principal.user(ACCOUNT, "ann", user_id="AIDAEXAMPLEEXAMPLEEXA", path="/team/")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/team/Ops"
SESSION = Principal.role_session(ROLE_ARN, "ann", role_id="AROAEXAMPLEEXAMPLEEXA")
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/Ops/ann"
ROOT = Principal.root(ACCOUNT)
FEDERATED = Principal.federated_user(ACCOUNT, "ann")
SERVICE = Principal.service("ssm.amazonaws.com")
ANONYMOUS = Principal.anonymous()
DOCUMENT = f"arn:aws:ssm:us-east-1:{ACCOUNT}:document/Doc"


@pytest.mark.parametrize(
    "pattern",
    ["*", "ssm:*", "ssm:StartSession", "SSM:startsession", "ssm:Start*", "ssm:?tartSessio?"],
)
def test_action_pattern_covers_start_session(pattern: str) -> None:
    assert ActionPattern.parse(pattern).matches("ssm:startsession")


@pytest.mark.parametrize(
    "pattern",
    [
        *("ssm:Start", "ssm:Session", "ec2:*", "ssmmessages:StartSession", "ssm:", "ssm:?"),
        *("ssm: StartSession", "ssm:StartSession ", "ssm:StartSession,GetDocument"),
    ],
)
def test_action_pattern_does_not_cover_start_session(pattern: str) -> None:
    assert not ActionPattern.parse(pattern).matches("ssm:startsession")


@pytest.mark.parametrize("text", ["", "StartSession", "s*:StartSession", "?sm:x", ":x", "s m:x"])
def test_refuses_an_action_without_plain_service_prefix(text: str) -> None:
    with pytest.raises(PolicySyntaxError) as refused:
        ActionPattern.parse(text)

    assert refused.value.message == NO_VENDOR


def test_refuses_an_action_with_two_colons() -> None:
    with pytest.raises(PolicySyntaxError) as refused:
        ActionPattern.parse("ssm:A,ssm:B")

    assert refused.value.message == "Actions/Condition can contain only one colon."


def covers(pattern: str, *resources: str, **facts: str) -> bool | None:
    parsed = ResourcePattern.parse(pattern, variables=True)
    context = {f"aws:{key}": (value,) for key, value in facts.items()}
    return match_resources([parsed], resources, context)


@pytest.mark.parametrize(
    "pattern",
    [
        *("*", "arn:aws:ssm:*", "arn:aws:ssm:us-east-1:*", "arn:*", DOCUMENT),
        *(f"arn:aws:ssm:*:{ACCOUNT}:document/*", "arn:aws:ssm:*:*:*", "arn:aws:*:*:*:document/Doc"),
        "arn:aws:ssm:us-????-1:*:document/D?c",
    ],
)
def test_resource_pattern_covers_the_document(pattern: str) -> None:
    assert covers(pattern, DOCUMENT) is True


@pytest.mark.parametrize(
    "pattern",
    [
        *(DOCUMENT.lower(), DOCUMENT + "x", f"arn:aws:ssm:*:{ACCOUNT}:document/[D]oc"),
        "arn:aws:ssm:us-east-1::document/Doc",
    ],
)
def test_resource_pattern_does_not_cover_the_document(pattern: str) -> None:
    assert covers(pattern, DOCUMENT) is False


def test_a_request_without_resource_is_covered_by_the_star_only() -> None:
    assert covers("*", "*") is True
    assert covers("arn:aws:ssm:*", "*") is False
    assert covers("arn:aws:ssm:*:*:*", "*") is False


def test_a_star_in_the_resource_part_crosses_slashes_and_colons() -> None:
    assert covers("arn:aws:s3:::b*/c", "arn:aws:s3:::b/a:b/c") is True


def test_a_variable_becomes_literal_text() -> None:
    pattern = "arn:aws:s3:::home/${aws:username}/*"

    assert covers(pattern, "arn:aws:s3:::home/ann/x", username="ann") is True
    assert covers(pattern, "arn:aws:s3:::home/bob/x", username="*") is False
    assert covers(pattern, "arn:aws:s3:::home/*/x", username="*") is True


def test_a_variable_without_value_leaves_the_answer_unknown() -> None:
    unknown = ResourcePattern.parse("arn:aws:s3:::${aws:username}", variables=True)
    known = ResourcePattern.parse("arn:aws:s3:::b", variables=True)

    assert match_resources([unknown], ("arn:aws:s3:::b",), {}) is None
    assert match_resources([unknown, known], ("arn:aws:s3:::b",), {}) is True
    assert match_resources([unknown, known], ("arn:aws:s3:::c",), {}) is None


def test_a_pattern_covers_a_resource_by_any_of_its_names() -> None:
    names = ("arn:aws:ssm:r:1:session/ann-0a", "arn:aws:ssm:r:1:session/AIDA1-0a")

    assert covers("arn:aws:ssm:*:*:session/${aws:userid}-*", *names, userid="AIDA1") is True
    assert covers("arn:aws:ssm:*:*:session/${aws:userid}-*", *names, userid="AIDA2") is False


@pytest.mark.parametrize("text", ["", "document/Doc", "arn:aws:ssm", "a*", "**", "s3:::b:::"])
def test_refuses_a_resource_that_is_no_arn(text: str) -> None:
    with pytest.raises(PolicySyntaxError) as refused:
        ResourcePattern.parse(text, variables=True)

    assert refused.value.message == f'Resource {text} must be in ARN format or "*".'


def test_refuses_a_variable_before_the_fifth_colon() -> None:
    text = "arn:aws:ssm:*:${aws:PrincipalAccount}:document/Doc"

    with pytest.raises(PolicySyntaxError, match="before its fifth colon"):
        ResourcePattern.parse(text, variables=True)
    assert ResourcePattern.parse(text, variables=False).fixed is not None


def grant(kind: str, text: str, principal: Principal) -> Grant:
    return PrincipalPattern.parse(kind, text).grant(principal, {})


@pytest.mark.parametrize("principal", [USER, SESSION, ROOT, FEDERATED, SERVICE, ANONYMOUS])
def test_the_star_names_everyone(principal: Principal) -> None:
    assert grant("AWS", "*", principal) is Grant.DIRECT


@pytest.mark.parametrize("text", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_an_account_names_each_of_its_principals_and_only_delegates(text: str) -> None:
    for principal in [USER, SESSION, ROOT, FEDERATED]:
        assert grant("AWS", text, principal) is Grant.ACCOUNT
    for principal in [SERVICE, ANONYMOUS, Principal.root("444455556666")]:
        assert grant("AWS", text, principal) is Grant.NONE


@pytest.mark.parametrize(
    ("kind", "text", "named", "expected"),
    [
        ("AWS", f"arn:aws:iam::{ACCOUNT}:user/team/ann", USER, Grant.DIRECT),
        ("AWS", "AIDAEXAMPLEEXAMPLEEXA", USER, Grant.DIRECT),
        ("AWS", ROLE_ARN, SESSION, Grant.ROLE),
        ("AWS", "AROAEXAMPLEEXAMPLEEXA", SESSION, Grant.ROLE),
        ("AWS", SESSION_ARN, SESSION, Grant.DIRECT),
        ("AWS", f"arn:aws:sts::{ACCOUNT}:federated-user/ann", FEDERATED, Grant.DIRECT),
        ("Service", "ssm.amazonaws.com", SERVICE, Grant.DIRECT),
    ],
)
def test_a_name_names_its_bearer_and_nobody_else(
    kind: str, text: str, named: Principal, expected: Grant
) -> None:
    assert grant(kind, text, named) is expected
    for other in {USER, SESSION, ROOT, FEDERATED, SERVICE, ANONYMOUS} - {named}:
        assert grant(kind, text, other) is Grant.NONE


def test_an_identity_provider_names_the_sessions_it_vouched_for() -> None:
    pattern = PrincipalPattern.parse("Federated", "accounts.example.org")
    context = {"aws:federatedprovider": ("accounts.example.org",)}

    assert pattern.grant(SESSION, context) is Grant.DIRECT
    assert pattern.grant(SESSION, {}) is Grant.NONE


def test_a_canonical_user_id_names_nobody_here() -> None:
    pattern = PrincipalPattern.parse("CanonicalUser", "79a59df900b949e55d96a1e698fb")

    assert pattern.form is PrincipalForm.CANONICAL_USER
    assert pattern.grant(USER, {}) is Grant.NONE


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[("AWS", ""), ("AWS", "ann"), ("AWS", "1234"), ("AWS", f"arn:aws:iam::{ACCOUNT}:*")],
        *[("AWS", f"arn:aws:iam::{ACCOUNT}:user/*"), ("AWS", f"arn:aws:iam::{ACCOUNT}:role/O?s")],
        *[("AWS", SESSION_ARN[:-3] + "*"), ("Service", "*"), ("Service", ""), ("Federated", "*")],
        *[("aws", "*"), ("Everyone", "x"), ("AWS", f"arn:aws:iam::{ACCOUNT}:group/g")],
    ],
)
def test_refuses_a_principal_that_names_nobody(kind: str, text: str) -> None:
    with pytest.raises(PolicySyntaxError) as refused:
        PrincipalPattern.parse(kind, text)

    assert refused.value.message == f'Invalid principal in policy: "{kind}":"{text}"'


def test_the_strongest_name_counts() -> None:
    patterns = [PrincipalPattern.parse("AWS", text) for text in [ACCOUNT, ROLE_ARN]]

    assert best_grant(patterns, SESSION, {}) is Grant.ROLE
    assert best_grant(patterns[:1], SESSION, {}) is Grant.ACCOUNT
    assert best_grant([], SESSION, {}) is Grant.NONE


@pytest.mark.parametrize(
    ("texts", "principal", "spared"),
    [
        (["*"], ANONYMOUS, True),
        ([USER.arn], USER, True),
        ([ACCOUNT], USER, False),
        ([ACCOUNT], ROOT, True),
        ([USER.arn], ROOT, False),
        ([ACCOUNT, ROLE_ARN, SESSION_ARN], SESSION, True),
        ([ROLE_ARN, SESSION_ARN], SESSION, False),
        ([ACCOUNT, ROLE_ARN], SESSION, False),
        ([ACCOUNT, SESSION_ARN], SESSION, False),
        ([FEDERATED.arn], FEDERATED, True),
        ([ACCOUNT], ANONYMOUS, False),
    ],
)
def test_not_principal_spares_who_is_listed_in_full(
    texts: list[str], principal: Principal, *, spared: bool
) -> None:
    patterns = tuple(PrincipalPattern.parse("AWS", text) for text in texts)

    assert is_listed(patterns, principal, {}) is spared


@pytest.mark.parametrize(
    ("text", "head", "tail"),
    [
        ("*", "", ""),
        ("arn:aws:ec2:*:1:instance/i-1", "arn:aws:ec2:", ":1:instance/i-1"),
        ("arn:aws:ssm:::session/${aws:userid}-x", "arn:aws:ssm:::session/", "-x"),
        ("arn:aws:s3:::b", "arn:aws:s3:::b", "arn:aws:s3:::b"),
    ],
)
def test_a_pattern_knows_the_plain_text_at_its_ends(text: str, head: str, tail: str) -> None:
    pattern = ResourcePattern.parse(text, variables=True)

    assert (pattern.head, pattern.tail) == (head, tail)


def test_what_a_pattern_covers_is_what_it_matches() -> None:
    own = ResourcePattern.parse("arn:aws:ssm:::session/${aws:userid}-*", variables=True)
    facts = {"aws:userid": ("AIDA",)}

    assert covers_any([own], ("arn:aws:ssm:::session/ann-1", "arn:aws:ssm:::session/AIDA-1"), facts)
    assert not covers_any([own], ("arn:aws:ssm:::session/ann-1",), facts)
    assert not covers_any([own], ("arn:aws:ssm:::session/AIDA-1",), {})
