"""The order to start a session is the one that a stock agent was seen to carry out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.errors import LocalProtocolError, RemoteProtocolError
from mooring.wire.ids import SessionId
from mooring.wire.json_object import write_json
from mooring.wire.session_order import SessionInputs, SessionOrder, SessionType

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/payloads.json").read_text())
CONTENT: str = VECTORS["session_order_content"]
ORDER = SessionOrder(
    session_id=SessionId("alice-418a996f891345879"),
    document_name="SSM-SessionManagerRunShell",
    description="sample",
    session_owner="arn:aws:iam::000000000000:user/alice",
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
orders = st.builds(
    SessionOrder,
    session_id=st.just(ORDER.session_id),
    session_type=st.sampled_from(SessionType),
    document_name=texts,
    description=texts,
    inputs=st.builds(
        SessionInputs,
        run_as_enabled=st.booleans(),
        run_as_default_user=texts,
        shell_profile_linux=texts,
        s3_encryption_enabled=st.booleans(),
        kms_key_id=texts,
    ),
    properties=st.dictionaries(texts, texts),
    parameters=st.dictionaries(texts, texts | st.lists(texts).map(tuple)),
    run_as_user=texts,
    session_owner=texts,
)


def payload(content: str) -> bytes:
    return write_json({"Content": content})


def test_reads_the_captured_order() -> None:
    assert SessionOrder.parse(payload(CONTENT)) == ORDER


def test_writes_the_captured_order_without_the_time_outs_that_nodes_skip() -> None:
    captured = json.loads(CONTENT)
    del captured["DocumentContent"]["inputs"]["idleSessionTimeout"]
    del captured["DocumentContent"]["inputs"]["maxSessionDuration"]

    written = json.loads(ORDER.serialize())

    assert json.loads(written.pop("Content")) == captured
    assert written == {
        "TaskId": "alice-418a996f891345879",
        "Topic": "aws.ssm.startSession",
        "SchemaVersion": 1,
    }


@given(orders)
def test_reads_back_what_it_wrote(order: SessionOrder) -> None:
    assert SessionOrder.parse(order.serialize()) == order


@given(st.binary() | st.text().map(lambda text: payload(text)))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        SessionOrder.parse(data)
    except RemoteProtocolError:
        pass


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"1.0"', '"1.1"', "schema version `1.1`, expected `1.0`"),
        ("Standard_Stream", "Desktop", "session type `Desktop`"),
        ("alice-418a996f891345879", "../../etc", "not a valid session id"),
        ('"Parameters":{}', '"Parameters":{"a":1}', "`a`"),
        ('"runAsEnabled":false', '"runAsEnabled":"maybe"', "`runAsEnabled`"),
    ],
)
def test_refuses_an_order_it_cannot_carry_out(old: str, new: str, reason: str) -> None:
    with pytest.raises(RemoteProtocolError, match=reason):
        SessionOrder.parse(payload(CONTENT.replace(old, new)))


def test_refuses_to_order_a_session_without_an_id() -> None:
    order = SessionOrder(session_id=SessionId(""), document_name="", session_owner="")

    with pytest.raises(LocalProtocolError, match="without a session id"):
        order.serialize()


def test_carries_what_the_document_declares() -> None:
    order = replace(ORDER, document_parameters={"linuxcmd": {"type": "String"}})

    assert SessionOrder.parse(order.serialize()) == order
