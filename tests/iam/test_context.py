"""Keys are there when AWS sets them, and absent when it does not."""

from datetime import UTC, datetime, timedelta, timezone

from mooring.iam.context import request_context
from mooring.iam.principal import Principal

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
USER = Principal.user("111122223333", "ann", user_id="AIDAEXAMPLEEXAMPLEEXA")


def plain() -> dict[str, tuple[str, ...]]:
    return request_context(
        principal=USER,
        now=NOW,
        source_ip="203.0.113.9",
        secure=True,
        user_agent="aws-cli/2",
        region="ap-northeast-1",
    )


def test_a_plain_call_has_the_network_and_principal_keys_only() -> None:
    assert plain() == {
        "aws:SourceIp": ("203.0.113.9",),
        "aws:SecureTransport": ("true",),
        "aws:UserAgent": ("aws-cli/2",),
        "aws:RequestedRegion": ("ap-northeast-1",),
        "aws:CurrentTime": ("2026-03-01T12:00:00Z",),
        "aws:EpochTime": ("1772366400",),
        "aws:ViaAWSService": ("false",),
        **USER.context(),
    }


def test_behind_a_private_endpoint_there_is_no_source_ip() -> None:
    context = request_context(
        principal=USER,
        now=NOW.astimezone(timezone(timedelta(hours=9))),
        source_ip="",
        secure=False,
        user_agent="",
        region="r",
        extra={"aws:SourceVpce": ("vpce-1",)},
    )

    assert "aws:SourceIp" not in context
    assert context["aws:SourceVpce"] == ("vpce-1",)
    assert context["aws:SecureTransport"] == ("false",)
    assert context["aws:CurrentTime"] == ("2026-03-01T12:00:00Z",)


def session(mfa_at: datetime | None) -> dict[str, tuple[str, ...]]:
    return request_context(
        principal=USER,
        now=NOW,
        source_ip="::1",
        secure=True,
        user_agent="x",
        region="r",
        token_issued_at=NOW - timedelta(hours=1),
        mfa_at=mfa_at,
    )


def test_temporary_credentials_say_whether_a_second_factor_was_given() -> None:
    context = session(None)

    assert context["aws:TokenIssueTime"] == ("2026-03-01T11:00:00Z",)
    assert context["aws:MultiFactorAuthPresent"] == ("false",)
    assert "aws:MultiFactorAuthAge" not in context


def test_the_age_of_the_second_factor_is_in_seconds() -> None:
    context = session(NOW - timedelta(minutes=5))

    assert context["aws:MultiFactorAuthPresent"] == ("true",)
    assert context["aws:MultiFactorAuthAge"] == ("300",)


def test_long_term_keys_say_nothing_of_a_second_factor() -> None:
    assert not {"aws:TokenIssueTime", "aws:MultiFactorAuthPresent"} & set(plain())


def test_tags_of_resource_and_request_have_their_keys() -> None:
    context = request_context(
        principal=USER,
        now=NOW,
        source_ip="::1",
        secure=True,
        user_agent="x",
        region="r",
        resource_account="111122223333",
        resource_tags={"Env": "prod"},
        request_tags={"A": "1", "B": "2"},
    )

    assert context["aws:ResourceAccount"] == ("111122223333",)
    assert context["aws:ResourceTag/Env"] == ("prod",)
    assert context["ssm:resourceTag/Env"] == ("prod",)
    assert context["aws:RequestTag/B"] == ("2",)
    assert context["aws:TagKeys"] == ("A", "B")


def test_further_keys_cannot_replace_a_computed_one() -> None:
    context = request_context(
        principal=USER,
        now=NOW,
        source_ip="203.0.113.9",
        secure=True,
        user_agent="x",
        region="r",
        extra={"aws:SourceIp": ("10.0.0.1",), "aws:userid": ("x",), "ssm:k": ("v",)},
    )

    assert context["aws:SourceIp"] == ("203.0.113.9",)
    assert context["aws:userid"] == ("AIDAEXAMPLEEXAMPLEEXA",)
    assert context["ssm:k"] == ("v",)
