"""Names are written and read as the service authorization reference has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.arn import (
    Arn,
    assumed_role_arn,
    document_arn,
    node_arn,
    role_arn,
    session_arn,
    user_arn,
)
from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.ids import AccountId, NodeId, SessionId

ACCOUNT = AccountId("123456789012")
REGION = "eu-west-1"

part = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=12)
filled = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
arns = st.builds(
    Arn,
    partition=filled,
    service=filled,
    region=part,
    account_id=part,
    resource=st.text(min_size=1, max_size=40),
)


@pytest.mark.parametrize(
    ("arn", "text"),
    [
        (
            node_arn(REGION, ACCOUNT, NodeId("i-0abcdef1234567890")),
            "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abcdef1234567890",
        ),
        (
            node_arn(REGION, ACCOUNT, NodeId("mi-730a75e28eb7c7146")),
            "arn:aws:ssm:eu-west-1:123456789012:managed-instance/mi-730a75e28eb7c7146",
        ),
        (
            session_arn(REGION, ACCOUNT, SessionId("alice-418a996f891345879")),
            "arn:aws:ssm:eu-west-1:123456789012:session/alice-418a996f891345879",
        ),
        (
            document_arn(REGION, "", "AWS-StartSSHSession"),
            "arn:aws:ssm:eu-west-1::document/AWS-StartSSHSession",
        ),
        (user_arn(ACCOUNT, "/", "alice"), "arn:aws:iam::123456789012:user/alice"),
        (role_arn(ACCOUNT, "/team/", "Ops"), "arn:aws:iam::123456789012:role/team/Ops"),
        (
            assumed_role_arn(ACCOUNT, "Ops", "alice"),
            "arn:aws:sts::123456789012:assumed-role/Ops/alice",
        ),
    ],
)
def test_names_are_those_of_aws(arn: Arn, text: str) -> None:
    assert str(arn) == text
    assert Arn.parse(text) == arn


@given(arns)
def test_reads_back_what_it_wrote(arn: Arn) -> None:
    assert Arn.parse(str(arn)) == arn


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        Arn.parse(text)
    except RemoteProtocolError:
        pass


def test_a_resource_keeps_its_colons() -> None:
    assert Arn.parse("arn:aws:logs:r:1:log-group:a:*").resource == "log-group:a:*"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "arn:aws:ssm:r:1",
        "urn:aws:ssm:r:1:x",
        "arn::ssm:r:1:x",
        "arn:aws::r:1:x",
        "arn:aws:ssm:r:1:",
        "arn:aws:ssm:r:1:" + "x" * 2048,
    ],
)
def test_refuses_what_is_no_name(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        Arn.parse(text)


def test_a_path_has_a_slash_at_both_ends() -> None:
    with pytest.raises(LocalProtocolError, match="`team` is not a path"):
        user_arn(ACCOUNT, "team", "alice")
