"""Names in a form spell places in the input; odd names are refused."""

import pytest
from botocore.model import ServiceModel, StructureShape

from mooring.api.protocol.errors import InvalidInput
from mooring.api.protocol.parse_query import parse_form, read_form

MODEL = ServiceModel(
    {
        "metadata": {},
        "operations": {},
        "shapes": {
            "Input": {
                "type": "structure",
                "members": {
                    "Name": {"shape": "Text"},
                    "Names": {"shape": "List"},
                    "Flat": {"shape": "FlatList"},
                    "Map": {"shape": "Map"},
                    "Inner": {"shape": "Inner", "locationName": "inner"},
                },
            },
            "Inner": {"type": "structure", "members": {"Count": {"shape": "Number"}}},
            "Text": {"type": "string"},
            "Number": {"type": "integer"},
            "List": {"type": "list", "member": {"shape": "Text"}},
            "FlatList": {
                "type": "list",
                "member": {"shape": "Text", "locationName": "Item"},
                "flattened": True,
            },
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
        },
    },
    "x",
)


def read(form: str, *, ec2: bool = False) -> dict[str, object]:
    shape = MODEL.shape_for("Input")
    assert isinstance(shape, StructureShape)
    return read_form(parse_form(form), shape, ec2=ec2)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("", {}),
        ("Action=X&Version=1&Name=a+b%20c", {"Name": "a b c"}),
        ("Name=", {"Name": ""}),
        ("Names=", {"Names": []}),
        ("Names.member.2=b&Names.member.1=a", {"Names": ["a", "b"]}),
        ("Names.member.1=a&Names.member.10=c&Names.member.9=b", {"Names": ["a", "b", "c"]}),
        ("Item.1=a&Item.2=b", {"Flat": ["a", "b"]}),
        ("Map.entry.1.key=k&Map.entry.1.value=7", {"Map": {"k": 7}}),
        ("inner.Count=3", {"Inner": {"Count": 3}}),
        ("Unknown.member.1=a", {}),
    ],
)
def test_reads_the_query_protocol(form: str, value: object) -> None:
    assert read(form) == value


@pytest.mark.parametrize(
    ("form", "value"),
    [("Names.1=a&Names.2=b", {"Names": ["a", "b"]}), ("Inner.Count=3", {"Inner": {"Count": 3}})],
)
def test_reads_the_protocol_of_ec2(form: str, value: object) -> None:
    assert read(form, ec2=True) == value


@pytest.mark.parametrize(
    "form",
    [
        "Name=a&Name=b",
        "Name.below=a",
        "Names.member.x=a",
        "Names.member.-1=a",
        "Names.member.99999999999=a",
        "Names.member.1.deep=a",
        "Map.entry.1.key=a",
        "inner.Count=many",
        "Name=%ff",
        "a." * 40 + "b=1",
        "&".join(f"N{number}=x" for number in range(10_001)),
    ],
    ids=range(11),
)
def test_refuses_a_form_that_does_not_fit(form: str) -> None:
    with pytest.raises(InvalidInput):
        read(form)
