"""Path, query string, headers and body each hold their members of the input."""

from datetime import UTC, datetime

import pytest
from botocore.model import OperationModel, ServiceModel
from tests.api.protocol.shapes import a_post

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.parse_rest import rest_reader

MODEL = ServiceModel(
    {
        "metadata": {"protocol": "rest-json"},
        "operations": {
            "Put": {
                "name": "Put",
                "http": {"method": "POST", "requestUri": "/things/{Id}/{Rest+}"},
                "input": {"shape": "Input"},
            },
            "Raw": {
                "name": "Raw",
                "http": {"method": "POST", "requestUri": "/raw"},
                "input": {"shape": "RawInput"},
            },
            "Text": {
                "name": "Text",
                "http": {"method": "POST", "requestUri": "/text"},
                "input": {"shape": "TextInput"},
            },
            "Nested": {
                "name": "Nested",
                "http": {"method": "POST", "requestUri": "/nested"},
                "input": {"shape": "NestedInput"},
            },
            "Nothing": {"name": "Nothing", "http": {"method": "POST", "requestUri": "/"}},
        },
        "shapes": {
            "Input": {
                "type": "structure",
                "members": {
                    "Id": {"shape": "Text", "location": "uri", "locationName": "Id"},
                    "Rest": {"shape": "Text", "location": "uri", "locationName": "Rest"},
                    "Max": {"shape": "Number", "location": "querystring", "locationName": "max"},
                    "Keys": {"shape": "List", "location": "querystring", "locationName": "key"},
                    "When": {"shape": "Time", "location": "header", "locationName": "X-When"},
                    "Names": {"shape": "List", "location": "header", "locationName": "X-Names"},
                    "Meta": {"shape": "Map", "location": "headers", "locationName": "X-Meta-"},
                    "Body": {"shape": "Text"},
                },
            },
            "RawInput": {
                "type": "structure",
                "payload": "Content",
                "members": {"Content": {"shape": "Blob"}},
            },
            "TextInput": {
                "type": "structure",
                "payload": "Content",
                "members": {"Content": {"shape": "Text"}},
            },
            "NestedInput": {
                "type": "structure",
                "payload": "Content",
                "members": {"Content": {"shape": "Inner"}},
            },
            "Inner": {"type": "structure", "members": {"A": {"shape": "Text"}}},
            "Text": {"type": "string"},
            "Number": {"type": "integer"},
            "Time": {"type": "timestamp"},
            "Blob": {"type": "blob"},
            "List": {"type": "list", "member": {"shape": "Text"}},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
        },
    },
    "x",
)


def operation(name: str) -> OperationModel:
    return MODEL.operation_model(name)


def test_reads_each_member_from_its_place() -> None:
    request = a_post(
        b'{"Body": "b", "Id": "not from here"}',
        path="/things/a%2Fb/c/d%20e",
        query="max=7&key=x&key=y&other=z",
        x_when="Tue, 24 Nov 2026 12:30:00 GMT",
        x_names='a, "b,c"',
        x_meta_one="1",
    )

    assert rest_reader(operation("Put"))(request) == {
        "Id": "a/b",
        "Rest": "c/d e",
        "Max": 7,
        "Keys": ["x", "y"],
        "When": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
        "Names": ["a", "b,c"],
        "Meta": {"one": "1"},
        "Body": "b",
    }


@pytest.mark.parametrize(
    ("name", "body", "value"),
    [
        ("Raw", b"\x00\xff", {"Content": b"\x00\xff"}),
        ("Text", "é".encode(), {"Content": "é"}),
        ("Nested", b'{"A":"x"}', {"Content": {"A": "x"}}),
        ("Nested", b"", {}),
    ],
)
def test_a_payload_is_the_whole_body(name: str, body: bytes, value: object) -> None:
    assert rest_reader(operation(name))(a_post(body, path=f"/{name.lower()}")) == value


def test_an_operation_without_input_reads_nothing() -> None:
    assert rest_reader(operation("Nothing"))(a_post(b"whatever")) == {}


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [
        ("/other", "", b""),
        ("/things/%ff/c", "", b""),
        ("/things/a/b", "max=many", b""),
        ("/things/a/b", "max=%ff", b""),
        ("/things/a/b", "", b"<xml/>"),
        ("/things/a/b", "", b'{"Body": 7}'),
    ],
)
def test_refuses_what_does_not_fit(path: str, query: str, body: bytes) -> None:
    with pytest.raises(InvalidInput):
        rest_reader(operation("Put"))(a_post(body, path=path, query=query))


def test_refuses_a_text_that_is_not_utf8() -> None:
    with pytest.raises(InvalidInput):
        rest_reader(operation("Text"))(a_post(b"\xff", path="/text"))
