"""Principals are renamed in a policy's text, and nothing else of it changes."""

import json

import pytest

from mooring.iam.trust import named_principals, rename_principals

ANN = "arn:aws:iam::111111111111:user/ann"
OPS = "arn:aws:iam::111111111111:role/Ops"


def document(principal: object, element: str = "Principal") -> str:
    statement = {"Effect": "Deny", element: principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=3)


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        ({"AWS": ANN}, (ANN,)),
        ({"AWS": [ANN, "*", OPS], "Service": "ssm.amazonaws.com"}, (ANN, "*", OPS)),
        ({"Service": "ssm.amazonaws.com"}, ()),
        ("*", ()),
    ],
)
def test_who_is_named_is_found(principal: object, found: tuple[str, ...]) -> None:
    assert named_principals(document(principal)) == found
    assert named_principals(document(principal, "NotPrincipal")) == found


def test_one_statement_may_stand_without_a_list() -> None:
    text = json.dumps({"Statement": {"Principal": {"AWS": ANN}, "Sid": ANN}})

    assert named_principals(text) == (ANN,)


def test_the_rest_of_the_text_stays_as_it_is() -> None:
    text = document({"AWS": [ANN, OPS]})

    renamed = rename_principals(text, {ANN: "AIDA1", OPS: "AROA1"})

    assert renamed == text.replace(ANN, "AIDA1").replace(OPS, "AROA1")
    assert rename_principals(renamed, {"AIDA1": ANN, "AROA1": OPS}) == text
    assert rename_principals(text, {}) == text


def test_a_name_that_is_written_with_escapes_is_the_same_name() -> None:
    text = document({"AWS": ANN}).replace("user/ann", r"user\/\u0061nn")

    assert named_principals(text) == (ANN,)
    assert rename_principals(text, {ANN: "AIDA1"}) == document({"AWS": "AIDA1"})
