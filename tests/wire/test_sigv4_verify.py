"""Every way to be refused has its reason and AWS's words; nothing else comes out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.sigv4 import Credential, Refusal, SignatureRefused, SignedRequest
from mooring.wire.sigv4_verify import (
    check_date,
    check_scope,
    check_signature,
    check_signed_headers,
    fold_headers,
    parse_credential,
    skew_window,
)

HEADER = (
    "AWS4-HMAC-SHA256 Credential=AKID/20160610/us-east-1/ssm/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=abc"
)
CREDENTIAL = Credential(
    access_key_id="AKID",
    date="20160610",
    region="us-east-1",
    service="ssm",
    signed_headers=("host", "x-amz-date"),
    signature="abc",
    amz_date="20160610T180547Z",
)
FIVE = timedelta(minutes=5)


def request_with(header: str | None = HEADER, *, query: str = "", **headers: str) -> SignedRequest:
    every = {"host": "x", "x-amz-date": "20160610T180547Z"}
    every |= {name.replace("_", "-"): value for name, value in headers.items()}
    if header is not None:
        every["authorization"] = header
    return SignedRequest(method="POST", path="/", query_string=query, headers=every)


def refusal_of(request: SignedRequest) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as refused:
        parse_credential(request)
    return refused.value


def test_reads_the_header_form() -> None:
    assert parse_credential(request_with()) == CREDENTIAL


def test_reads_the_date_header_when_there_is_no_other() -> None:
    request = SignedRequest(
        method="POST",
        path="/",
        headers={"authorization": HEADER, "date": "Fri, 10 Jun 2016 18:05:47 GMT"},
    )

    assert parse_credential(request) == CREDENTIAL


def test_reads_the_presigned_form() -> None:
    query = (
        "Action=GetCallerIdentity&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
        "AKID%2F20160610%2Fus-east-1%2Fssm%2Faws4_request&X-Amz-Date=20160610T180547Z"
        "&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-amz-date&X-Amz-Security-Token=t%2B"
        "&X-Amz-Signature=abc"
    )

    credential = parse_credential(request_with(None, query=query))

    assert credential.security_token == "t+"  # noqa: S105 - what the query holds
    assert replace(credential, security_token=None) == replace(CREDENTIAL, expires_s=60)


def test_no_authorization_is_missing() -> None:
    refused = refusal_of(request_with(None))

    assert refused.reason is Refusal.MISSING
    assert str(refused) == "Missing Authentication Token"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Basic abc", "Unsupported AWS 'algorithm': 'Basic'."),
        ("AWS4-HMAC-SHA256 nonsense", "not a valid key=value pair"),
        ("AWS4-HMAC-SHA256 Signature=a", "requires 'Credential' parameter"),
        (HEADER.replace("host;x-amz-date", "x-amz-date;host"), "sorted"),
        (HEADER.replace("host;x-amz-date", "host;host"), "sorted"),
        (HEADER.replace("host;", "Host;"), "lower-case"),
        (HEADER + ", Signature=abc", "more than once"),
        (HEADER.replace("/ssm/", "/"), "exactly 5 slash-delimited elements"),
        (HEADER.replace("/us-east-1/", "//"), "exactly 5 slash-delimited elements"),
    ],
)
def test_a_header_that_cannot_be_read_is_malformed(header: str, text: str) -> None:
    refused = refusal_of(request_with(header))

    assert refused.reason is Refusal.MALFORMED
    assert text in str(refused)


@pytest.mark.parametrize("stamp", ["", "yesterday", "20161340T180547Z", "2016-06-10T18:05:47Z"])
def test_a_date_that_is_none_is_malformed(stamp: str) -> None:
    assert refusal_of(request_with(x_amz_date=stamp)).reason is Refusal.MALFORMED


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Algorithm=RSA",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b&X-Amz-Expires=604801"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=a",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b&X-Amz-Expires=-1"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=a",
    ],
)
def test_a_presigned_query_that_cannot_be_read_is_malformed(query: str) -> None:
    assert refusal_of(request_with(None, query=query)).reason is Refusal.MALFORMED


def test_two_authorizations_are_one_too_many() -> None:
    refused = refusal_of(request_with(query="X-Amz-Algorithm=AWS4-HMAC-SHA256"))

    assert refused.reason is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("was", "new", "text"),
    [
        ("aws4_request", "aws5_request", "valid terminator: 'aws4_request'"),
        ("20160610/", "20160611/", "'20160611' != '20160610', from '20160610T180547Z'"),
    ],
)
def test_a_scope_that_contradicts_itself_is_refused(was: str, new: str, text: str) -> None:
    refused = refusal_of(request_with(HEADER.replace(was, new)))

    assert refused.reason is Refusal.SCOPE
    assert text in str(refused)


def test_an_old_signature_is_refused_in_the_words_that_sdks_read() -> None:
    now = datetime(2016, 6, 10, 18, 11, 12, tzinfo=UTC)

    with pytest.raises(SignatureRefused) as refused:
        check_date(CREDENTIAL, now, FIVE)

    assert refused.value.reason is Refusal.SKEWED
    assert str(refused.value) == (
        "Signature expired: 20160610T180547Z is now earlier than 20160610T180612Z "
        "(20160610T181112Z - 5 min.)"
    )


def test_a_signature_of_the_future_is_refused() -> None:
    now = datetime(2016, 6, 10, 18, 0, 46, tzinfo=UTC)

    with pytest.raises(SignatureRefused) as refused:
        check_date(CREDENTIAL, now, FIVE)

    assert str(refused.value) == (
        "Signature not yet current: 20160610T180547Z is still later than 20160610T180546Z "
        "(20160610T180046Z + 5 min.)"
    )


@pytest.mark.parametrize("late", [timedelta(minutes=-5), timedelta(0), timedelta(minutes=5)])
def test_a_clock_may_be_five_minutes_off(late: timedelta) -> None:
    check_date(CREDENTIAL, datetime(2016, 6, 10, 18, 5, 47, tzinfo=UTC) + late, FIVE)


def test_a_presigned_request_lives_as_long_as_it_says() -> None:
    credential = replace(CREDENTIAL, expires_s=3600)
    made = datetime(2016, 6, 10, 18, 5, 47, tzinfo=UTC)

    check_date(credential, made + timedelta(seconds=3600), FIVE)

    with pytest.raises(SignatureRefused, match="Signature expired"):
        check_date(credential, made + timedelta(seconds=3601), FIVE)


def test_iam_and_sts_allow_a_quarter_of_an_hour() -> None:
    minutes = [skew_window(name) // timedelta(minutes=1) for name in ("iam", "sts", "ssm", "ec2")]

    assert minutes == [15, 15, 5, 5]


def test_the_scope_must_name_our_region_and_service() -> None:
    check_scope(CREDENTIAL, service="ssm", region="us-east-1")
    check_scope(CREDENTIAL, service="ssm", region=None)

    with pytest.raises(SignatureRefused, match="scoped to a valid region"):
        check_scope(CREDENTIAL, service="ssm", region="eu-west-1")
    with pytest.raises(SignatureRefused, match="scoped to correct service: 'iam'"):
        check_scope(CREDENTIAL, service="iam", region="us-east-1")


@pytest.mark.parametrize(
    ("headers", "signed"),
    [
        ({"host": "x", "x-amz-date": "d"}, ("x-amz-date",)),
        ({"host": "x", "x-amz-date": "d", "x-amz-target": "t"}, ("host", "x-amz-date")),
        ({"host": "x", "date": "d"}, ("host",)),
    ],
)
def test_what_matters_must_be_signed(headers: dict[str, str], signed: tuple[str, ...]) -> None:
    request = SignedRequest(method="POST", path="/", headers=headers)

    with pytest.raises(SignatureRefused, match="must be a 'SignedHeader'") as refused:
        check_signed_headers(request, replace(CREDENTIAL, signed_headers=signed))

    assert refused.value.reason is Refusal.UNSIGNED_HEADER


def test_the_body_hash_of_the_stock_agent_need_not_be_signed() -> None:
    check_signed_headers(request_with(x_amz_content_sha256="466adf"), CREDENTIAL)


def test_a_signed_header_must_be_there() -> None:
    request = SignedRequest(method="POST", path="/", headers={"host": "x"})

    with pytest.raises(SignatureRefused, match="is not in the request"):
        check_signature(request, CREDENTIAL, "secret")


def test_folds_headers_as_the_published_suite_does() -> None:
    folded = fold_headers([("Host", "x"), ("My-Header1", "value2"), ("my-header1", "value1")])

    assert folded == {"host": "x", "my-header1": "value2,value1"}


@pytest.mark.parametrize("name", ["Host", "Authorization", "X-Amz-Date", "X-Amz-Target"])
def test_refuses_a_second_header_that_must_stand_alone(name: str) -> None:
    with pytest.raises(SignatureRefused, match="more than once"):
        fold_headers([(name, "a"), (name.lower(), "a")])


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=20))
def test_any_text_is_parsed_or_refused(header: str, query: str, stamp: str) -> None:
    try:
        parse_credential(request_with(header, query=query, x_amz_date=stamp))
        parse_credential(request_with("AWS4-HMAC-SHA256 " + header, x_amz_date=stamp))
    except SignatureRefused:
        pass


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_query_is_parsed_or_refused(name: str, value: str) -> None:
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-{name}={value}"

    with pytest.raises(SignatureRefused):
        parse_credential(request_with(None, query=query))
