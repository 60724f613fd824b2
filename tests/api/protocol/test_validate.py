"""What does not fit its model is refused in AWS's words, all of it at once, secrets unsaid."""

from typing import Any

import pytest
from botocore.model import ServiceModel
from tests.api.protocol.shapes import MODELS

from mooring.api.protocol.errors import Fault, InvalidInput
from mooring.api.protocol.validate import compile_check, refuse_violations


def refusal_of(value: dict[str, Any], *, protocol: str = "json", **shapes: Any) -> InvalidInput:  # noqa: ANN401
    described = {
        "metadata": {},
        "operations": {},
        "shapes": {
            "Text": {"type": "string"},
            **shapes,
            "Input": {"type": "structure", **shapes["Input"]},
        },
    }
    check = compile_check(ServiceModel(described, "x").shape_for("Input"))
    assert check is not None
    found: list[tuple[str, bool]] = []
    check(value, (), found)
    with pytest.raises(InvalidInput) as refused:
        refuse_violations(found, protocol=protocol)
    return refused.value


def one(name: str, **shape: Any) -> dict[str, Any]:  # noqa: ANN401 - botocore's format
    return {"Input": {"members": {name: {"shape": "S"}}}, "S": shape}


@pytest.mark.parametrize(
    ("shape", "value", "text"),
    [
        (
            {"type": "string", "min": 1},
            "",
            "Value '' at 'target' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            {"type": "string", "max": 2},
            "abc",
            "Value 'abc' at 'target' failed to satisfy constraint: "
            "Member must have length less than or equal to 2",
        ),
        (
            {"type": "string", "pattern": "[a-z]+"},
            "a1",
            "Value 'a1' at 'target' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-z]+",
        ),
        (
            {"type": "string", "enum": ["Active", "History"]},
            "Old",
            "Value 'Old' at 'target' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Active, History]",
        ),
        (
            {"type": "integer", "min": 1},
            0,
            "Value '0' at 'target' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        (
            {"type": "string", "min": 5, "sensitive": True},
            "word",
            "Value at 'target' failed to satisfy constraint: "
            "Member must have length greater than or equal to 5",
        ),
        (
            {"type": "blob", "max": 1},
            b"ab",
            "Value at 'target' failed to satisfy constraint: "
            "Member must have length less than or equal to 1",
        ),
    ],
)
def test_a_violation_is_told_in_the_words_of_aws(
    shape: dict[str, Any], value: object, text: str
) -> None:
    refused = refusal_of({"Target": value}, **one("Target", **shape))

    assert str(refused) == f"1 validation error detected: {text}"
    assert refused.fault is Fault.INVALID_INPUT


def test_a_missing_member_is_null() -> None:
    members = {"required": ["Target"], "members": {"Target": {"shape": "Text"}}}

    refused = refusal_of({}, Input=members)

    assert str(refused) == (
        "1 validation error detected: Value null at 'target' failed to satisfy constraint: "
        "Member must not be null"
    )
    assert refused.fault is Fault.MISSING_INPUT


def test_ec2_names_the_missing_parameter() -> None:
    members = {"required": ["InstanceId"], "members": {"InstanceId": {"shape": "Text"}}}

    refused = refusal_of({}, protocol="ec2", Input=members)

    assert str(refused) == "The request must contain the parameter InstanceId"


def test_a_place_inside_lists_and_maps_is_spelled_as_aws_does() -> None:
    refused = refusal_of(
        {"Filters": [{"Key": "ok"}, {"Key": ""}], "Tags": {"k": ""}},
        Input={"members": {"Filters": {"shape": "List"}, "Tags": {"shape": "Map"}}},
        List={"type": "list", "member": {"shape": "Filter"}},
        Filter={"type": "structure", "members": {"Key": {"shape": "Key"}}},
        Map={"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Key"}},
        Key={"type": "string", "min": 1},
    )

    assert str(refused).startswith("2 validation errors detected: ")
    assert "at 'filters.2.member.key'" in str(refused)
    assert "at 'tags.k.member'" in str(refused)


def test_a_shape_that_holds_itself_is_checked_all_the_way_down() -> None:
    refused = refusal_of(
        {"Inner": {"Inner": {"Name": ""}}},
        Input={"members": {"Inner": {"shape": "Input"}, "Name": {"shape": "Name"}}},
        Name={"type": "string", "min": 1},
    )

    assert "at 'inner.inner.name'" in str(refused)


def test_a_hostile_input_gets_a_short_answer() -> None:
    refused = refusal_of(
        {"L": ["x" * 10_000] * 5_000},
        Input={"members": {"L": {"shape": "List"}}},
        List={"type": "list", "member": {"shape": "Short"}},
        Short={"type": "string", "max": 1},
    )

    assert len(str(refused)) < 8_000


def test_a_pattern_is_not_tried_on_what_is_too_long() -> None:
    slow = {"type": "string", "max": 10, "pattern": "(a|a)*b"}

    refused = refusal_of({"Target": "a" * 5_000}, **one("Target", **slow))

    assert "length less than or equal to 10" in str(refused)


def test_nothing_found_is_nothing_refused() -> None:
    refuse_violations([], protocol="json")


def test_a_shape_without_limits_needs_no_check() -> None:
    shape = MODELS["ssm"].operation_model("UpdateInstanceInformation").output_shape
    assert shape is not None

    assert compile_check(shape) is None
