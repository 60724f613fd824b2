"""Signatures agree with AWS's published vectors, with the stock agent, and with botocore."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.sigv4 import (
    Refusal,
    SignatureRefused,
    SignedRequest,
    SigningIdentity,
    authorization_header,
    canonical_request,
    draft,
    is_node_key_id,
    payload_hash,
    presign,
    sign_headers,
    signature,
    signing_key,
    string_to_sign,
)
from mooring.wire.sigv4_verify import check_signature, check_signed_headers, parse_credential

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # noqa: S105 - AWS publishes it
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
AGENT_KEY = "HC4SiNKI4Tmfz5BDWwGc7km76E8iMBFEc9UL/ABB"
AGENT_SESSION = (
    "AKaXwjzs0TeAT/CiMo94qfzZEtQVwM/VR211C0hg8nMl3nH8ijpRF9OVqlGOHv2y2rF17jPb5DxfP0tK9ZNBFk"
    "+KANeuULCoDi0CIH0qDpayKoJbAcJGWD4gwXm3EY0L"
)
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
IDENTITY = SigningIdentity(
    access_key_id="AKIDEXAMPLE", secret_access_key=SECRET, region="us-east-1", service="service"
)
VANILLA = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}


def authorization(signed: str, made: str) -> str:
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature={made}"


# From the public aws-sig-v4-test-suite.
@pytest.mark.parametrize(
    ("method", "path", "query", "made"),
    [
        (
            "GET",
            "/",
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "/",
            "",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "GET",
            "/",
            "Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET",
            "/example/..",
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case", "get-relative"],
)
def test_agrees_with_the_published_suite(method: str, path: str, query: str, made: str) -> None:
    headers = {**VANILLA, "authorization": authorization("host;x-amz-date", made)}
    request = SignedRequest(method=method, path=path, query_string=query, headers=headers)

    credential = parse_credential(request)

    check_signed_headers(request, credential)
    check_signature(request, credential, SECRET)


def test_writes_the_canonical_request_of_the_published_suite() -> None:
    headers = {**VANILLA, "authorization": authorization("host;x-amz-date", "0")}
    request = SignedRequest(method="get", path="/", headers=headers)
    credential = parse_credential(request)

    canonical = canonical_request(request, credential)

    assert canonical == (
        "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
        f"host;x-amz-date\n{EMPTY}"
    )
    assert string_to_sign(credential, canonical) == (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
        "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
    )


def test_derives_the_key_of_the_general_reference() -> None:
    key = signing_key(SECRET, "20150830", "us-east-1", "iam")

    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_accepts_what_the_stock_agent_signed() -> None:
    request = SignedRequest(
        method="POST",
        path="/v1/control-channel/mi-730a75e28eb7c7146",
        headers={
            "host": "localhost:21000",
            "content-type": "application/json",
            "x-amz-date": "20261123T162426Z",
            "x-amz-security-token": AGENT_SESSION,
            "authorization": "AWS4-HMAC-SHA256 Credential=ASIANLQPVADF4VN7AUBE/20261123/us-east-1/"
            "ssmmessages/aws4_request, SignedHeaders=content-type;host;x-amz-date;"
            "x-amz-security-token, Signature="
            "07f84e41702feeba59a471306d412ccddd61e445e6241c972b469e77246b1c89",
        },
        body=b'{"MessageSchemaVersion":"1.0","RequestId":"f7ba2ccf-558c-4b94-83aa-89e66608b72a"}',
    )

    credential = parse_credential(request)

    check_signed_headers(request, credential)
    check_signature(request, credential, AGENT_KEY)


def test_accepts_the_websocket_opening_of_the_stock_agent() -> None:
    request = SignedRequest(
        method="GET",
        path="/v1/control-channel/mi-730a75e28eb7c7146",
        query_string="role=subscribe&stream=input",
        headers={
            "host": "localhost:21000",
            "x-amz-date": "20261123T162426Z",
            "x-amz-security-token": AGENT_SESSION,
            "authorization": "AWS4-HMAC-SHA256 Credential=ASIANLQPVADF4VN7AUBE/20261123/us-east-1/"
            "ssmmessages/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, "
            "Signature=4d97c891f4d83f71eb7ff63a71020b74b9cb1902a9521f1e842811c2a7df9c4e",
        },
    )

    check_signature(request, parse_credential(request), AGENT_KEY)


segments = st.text("abz09-._~ :@=+&é/", max_size=12)
values = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=st.lists(segments, max_size=3),
    query=st.lists(st.tuples(segments, segments), max_size=4, unique_by=lambda pair: pair[0]),
    value=values,
    body=st.binary(max_size=40),
    token=st.none() | st.just("token/+="),
)
def test_agrees_with_botocore(
    method: str,
    path: list[str],
    query: list[tuple[str, str]],
    value: str,
    body: bytes,
    token: str | None,
) -> None:
    target = "/" + "/".join(quote(part, safe="") for part in path)
    query_string = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query)
    theirs = AWSRequest(
        method=method,
        url=f"https://ssm.here.example{target}" + (f"?{query_string}" if query_string else ""),
        headers={"Host": "ssm.here.example", "X-Amz-Other": value, "Content-Type": "text/x"},
        data=body,
    )
    SigV4Auth(Credentials("AKIDEXAMPLE", SECRET, token), "ssm", "here").add_auth(theirs)
    request = SignedRequest(
        method=method,
        path=target,
        query_string=query_string,
        headers={name.lower(): text for name, text in theirs.headers.items()},
        body=body,
    )

    credential = parse_credential(request)

    check_signed_headers(request, credential)
    check_signature(request, credential, SECRET)
    assert credential.security_token == token


@given(st.text("abz/%2Fé ~", max_size=10), st.text("ab=&%+ é", max_size=10), st.binary(max_size=9))
def test_accepts_what_it_signed(path: str, query: str, body: bytes) -> None:
    request = SignedRequest(
        method="POST", path=f"/{path}", query_string=query, headers={"host": "x"}, body=body
    )
    identity = replace(IDENTITY, security_token=AGENT_SESSION)

    sent = replace(request, headers={**request.headers, **sign_headers(request, identity, NOW)})

    credential = parse_credential(sent)
    check_signed_headers(sent, credential)
    check_signature(sent, credential, SECRET)
    assert credential.security_token == AGENT_SESSION


@given(st.text("ab=&+é", max_size=10))
def test_accepts_what_it_presigned(query: str) -> None:
    request = SignedRequest(method="GET", path="/", query_string=query, headers={"host": "x"})

    sent = replace(request, query_string=presign(request, IDENTITY, NOW, 60))

    credential = parse_credential(sent)
    check_signed_headers(sent, credential)
    check_signature(sent, credential, SECRET)
    assert credential.expires_s == 60


@given(st.integers(min_value=0), st.sampled_from("0123456789abcdefABCDEF/;-Zé"))
def test_refuses_a_changed_byte_of_the_authorization(place: int, new: str) -> None:
    request = SignedRequest(method="GET", path="/", headers={"host": "x"})
    headers = {**request.headers, **sign_headers(request, IDENTITY, NOW)}
    before = headers["authorization"]
    start = before.index("AKID")
    place = start + place % (len(before) - start)
    after = before[:place] + new + before[place + 1 :]
    if after == before:
        return

    def attempt() -> None:
        sent = replace(request, headers={**headers, "authorization": after})
        credential = parse_credential(sent)
        if credential.access_key_id != "AKIDEXAMPLE":
            raise SignatureRefused(Refusal.MISMATCH, "unknown key")
        check_signed_headers(sent, credential)
        check_signature(sent, credential, SECRET)

    if after.replace(" ", "") != before.replace(" ", ""):
        with pytest.raises(SignatureRefused):
            attempt()


def test_refuses_another_body() -> None:
    request = SignedRequest(method="POST", path="/", headers={"host": "x"}, body=b"{}")
    headers = {**request.headers, **sign_headers(request, IDENTITY, NOW)}
    sent = replace(request, headers=headers, body=b"{ }")

    with pytest.raises(SignatureRefused) as refused:
        check_signature(sent, parse_credential(sent), SECRET)

    assert refused.value.reason is Refusal.MISMATCH
    assert str(refused.value).startswith("The request signature we calculated does not match")


def test_spaces_in_a_header_do_not_matter() -> None:
    request = SignedRequest(method="GET", path="/", headers={"host": "x", "x-amz-a": " a   b\t c "})
    added = sign_headers(request, IDENTITY, NOW)
    sent = replace(request, headers={"host": "x", "x-amz-a": "a b c", **added})

    check_signature(sent, parse_credential(sent), SECRET)


def test_a_plus_in_the_query_is_a_space() -> None:
    request = SignedRequest(method="GET", path="/", query_string="a=b%20c", headers={"host": "x"})
    headers = {"host": "x", **sign_headers(request, IDENTITY, NOW)}
    sent = replace(request, query_string="a=b+c", headers=headers)

    check_signature(sent, parse_credential(sent), SECRET)


def test_encodes_a_path_twice_but_for_s3() -> None:
    request = SignedRequest(method="GET", path="/a%2Fb", headers={"host": "x"})

    _, ours, _ = draft(request, IDENTITY, NOW)
    _, s3, _ = draft(request, replace(IDENTITY, service="s3"), NOW)

    complete = replace(request, headers={"host": "x", "x-amz-date": "20150830T123600Z"})
    assert canonical_request(complete, ours).split("\n")[1] == "/a%252Fb"
    assert canonical_request(complete, s3).split("\n")[1] == "/a/b"


def test_a_signed_hash_must_be_the_hash_of_the_body() -> None:
    request = SignedRequest(
        method="GET", path="/", headers={"host": "x", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    )

    with pytest.raises(SignatureRefused, match="x-amz-content-sha256"):
        sign_headers(request, IDENTITY, NOW)


def test_an_unsigned_hash_is_ignored() -> None:
    request = SignedRequest(method="GET", path="/", headers={"host": "x"})
    _, credential, _ = draft(request, IDENTITY, NOW)

    odd = replace(request, headers={"host": "x", "x-amz-content-sha256": "whatever"})

    assert payload_hash(odd, credential) == EMPTY


def test_a_presigned_s3_request_leaves_its_body_open() -> None:
    request = SignedRequest(method="PUT", path="/k", headers={"host": "x"}, body=b"anything")
    identity = replace(IDENTITY, service="s3")
    query = presign(request, identity, NOW, 60)
    sent = replace(request, query_string=query, body=b"something else")

    check_signature(sent, parse_credential(sent), SECRET)


def test_a_node_signs_the_same_text_with_another_key() -> None:
    request = SignedRequest(method="POST", path="/", headers={"host": "x"}, body=b"{}")
    node = SigningIdentity(access_key_id="mi-730a75e28eb7c7146", region="r", service="ssm")

    added, credential, text = draft(request, node, NOW)
    header = authorization_header(credential, "a+b/c==")
    sent = replace(request, headers={"host": "x", **added, "authorization": header})

    parsed = parse_credential(sent)
    assert is_node_key_id(parsed.access_key_id)
    assert parsed.signature == "a+b/c=="
    assert string_to_sign(parsed, canonical_request(sent, parsed)) == text
    assert signature(b"key", text) != parsed.signature


@pytest.mark.parametrize("name", ["AKIDEXAMPLE", "mi-xyz", "mi-730A75E28EB7C7146", "i-0feed", ""])
def test_an_access_key_is_no_node(name: str) -> None:
    assert not is_node_key_id(name)


def test_secrets_do_not_print() -> None:
    assert SECRET not in repr(IDENTITY)
