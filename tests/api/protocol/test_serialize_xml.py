"""Values of each type have one spelling in XML."""

from datetime import UTC, datetime

import pytest
from botocore.model import ServiceModel
from tests.api.protocol.shapes import MODELS

from mooring.api.protocol.serialize_xml import compile_xml, ec2_document, structure_writer
from mooring.wire.errors import LocalProtocolError

MODEL = ServiceModel(
    {
        "metadata": {},
        "operations": {},
        "shapes": {
            "Thing": {
                "type": "structure",
                "members": {
                    "Name": {"shape": "Text", "locationName": "name"},
                    "On": {"shape": "Flag"},
                    "At": {"shape": "Time"},
                    "Data": {"shape": "Blob"},
                    "List": {"shape": "List"},
                    "Flat": {"shape": "FlatList"},
                    "Map": {"shape": "Map"},
                    "Inner": {"shape": "Thing"},
                },
            },
            "Text": {"type": "string"},
            "Flag": {"type": "boolean"},
            "Time": {"type": "timestamp"},
            "Blob": {"type": "blob"},
            "List": {"type": "list", "member": {"shape": "Text"}},
            "FlatList": {
                "type": "list",
                "member": {"shape": "Text", "locationName": "item"},
                "flattened": True,
            },
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
        },
    },
    "x",
)


def written(value: dict[str, object]) -> str:
    out: list[str] = []
    compile_xml(MODEL.shape_for("Thing"), "T")(value, out)
    return "".join(out)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "<T></T>"),
        ({"Name": "a<b"}, "<T><name>a&lt;b</name></T>"),
        ({"Name": None}, "<T></T>"),
        ({"On": False}, "<T><On>false</On></T>"),
        ({"At": datetime(2026, 1, 2, tzinfo=UTC)}, "<T><At>2026-01-02T00:00:00Z</At></T>"),
        ({"Data": b"\xff"}, "<T><Data>/w==</Data></T>"),
        ({"List": []}, "<T><List></List></T>"),
        ({"List": ["a"]}, "<T><List><member>a</member></List></T>"),
        ({"Flat": ["a", "b"]}, "<T><item>a</item><item>b</item></T>"),
        (
            {"Map": {"k": "v"}},
            "<T><Map><entry><key>k</key><value>v</value></entry></Map></T>",
        ),
        ({"Inner": {"Inner": {}}}, "<T><Inner><Inner></Inner></Inner></T>"),
    ],
)
def test_a_value_has_one_spelling(value: dict[str, object], text: str) -> None:
    assert written(value) == text


def test_a_member_that_the_model_lacks_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        structure_writer({})({"Name": "x"}, [])


def test_ec2_puts_the_request_id_first() -> None:
    document = ec2_document(MODELS["ec2"].operation_model("DescribeInstances"))

    assert document({"Reservations": []}, "RID") == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15">'
        "<requestId>RID</requestId><reservationSet></reservationSet></DescribeInstancesResponse>"
    )
