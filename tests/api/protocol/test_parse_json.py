"""JSON of the wrong type is refused in the words of AWS's deserializer."""

import math

import pytest
from botocore.model import Shape, StructureShape
from tests.api.protocol.shapes import MODELS

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.parse_json import decode_json, json_reader, structure_reader


def input_of(operation: str) -> StructureShape:
    shape = MODELS["ssm"].operation_model(operation).input_shape
    assert shape is not None
    return shape


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("string", 7, "NUMBER_VALUE can not be converted to a String"),
        ("string", True, "TRUE_VALUE can not be converted to a String"),
        ("string", [], "Start of list found where not expected"),
        ("integer", "7", "STRING_VALUE can not be converted to an Integer"),
        ("integer", False, "FALSE_VALUE can not be converted to an Integer"),
        ("integer", 2**31, "NUMBER_VALUE is out of the range of Integer"),
        ("integer", 1.5, "NUMBER_VALUE can not be converted to an Integer"),
        ("long", 2**63, "NUMBER_VALUE is out of the range of Long"),
        ("double", 10**400, "NUMBER_VALUE is out of the range of Double"),
        ("boolean", "true", "STRING_VALUE can not be converted to a Boolean"),
        ("timestamp", {}, "Start of structure or map found where not expected."),
        ("timestamp", 1e300, "is no time"),
        ("blob", 7, "NUMBER_VALUE can not be converted to a Blob"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, value: object, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        json_reader(Shape("S", {"type": kind}))(value)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [("integer", 7.0, 7), ("double", 7, 7.0), ("double", "Infinity", math.inf), ("blob", "", b"")],
)
def test_a_value_is_taken_as_aws_takes_it(kind: str, value: object, read: object) -> None:
    assert json_reader(Shape("S", {"type": kind}))(value) == read


def test_members_that_the_model_lacks_are_ignored() -> None:
    read = json_reader(input_of("StartSession"))

    assert read({"Target": "i-1", "Other": {"deep": []}}) == {"Target": "i-1"}


def test_null_is_absent() -> None:
    assert json_reader(input_of("StartSession"))({"Target": "i-1", "Reason": None}) == {
        "Target": "i-1"
    }


@pytest.mark.parametrize("value", [{}, {"AzureConfiguration": None}])
def test_a_union_has_exactly_one_member(value: object) -> None:
    shape = MODELS["ssm"].shape_for("NodeType")

    with pytest.raises(InvalidInput, match="exactly one member"):
        json_reader(shape)(value)


def test_an_empty_body_is_an_empty_object() -> None:
    assert decode_json(b"") == {}


def test_a_reader_can_be_held_to_some_members() -> None:
    shape = input_of("StartSession")
    read = structure_reader(shape, {"Target": shape.members["Target"]})

    assert read({"Target": "i-1", "Reason": "x"}) == {"Target": "i-1"}
