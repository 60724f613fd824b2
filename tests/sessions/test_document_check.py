"""Documents are checked member by member before they are kept."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.sessions.document import (
    DocumentParameter,
    DocumentProblem,
    DocumentRefused,
    ParameterType,
)
from mooring.sessions.document_check import check_document
from mooring.sessions.document_text import DocumentFormat, read_text
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

# The examples of the Systems Manager User Guide, "Session document schema".
LOG_FILE = """
schemaVersion: '1.0'
description: Document to view a log file on a Linux instance
sessionType: InteractiveCommands
parameters:
  logpath:
    type: String
    description: The log file path to read.
    default: "/var/log/amazon/ssm/amazon-ssm-agent.log"
    allowedPattern: "^[a-zA-Z0-9-_/]+(.log)$"
properties:
  linux:
    commands: "tail -f {{ logpath }}"
    runAsElevated: true
"""
PORT = """
schemaVersion: 1.0
description: Document to open given port connection over Session Manager
sessionType: Port
parameters:
  paramExample:
    type: string
    description: document parameter
properties:
  portNumber: anyPortNumber
"""
LINES = """
schemaVersion: '1.0'
sessionType: InteractiveCommands
parameters:
  Test: {type: String, description: Test Input, maxChars: 32}
properties:
  windows:
    commands: ["$Test = '{{ Test }}'", "Write-Host $Test"]
    runAsElevated: false
"""


def body(**changes: JsonValue) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {
        "schemaVersion": "1.0",
        "sessionType": "Port",
        "parameters": {"p": {"type": "String"}},
        "properties": {"portNumber": "{{ p }}"},
    }
    made.update(changes)
    return made


def test_the_guides_log_file_is_a_document() -> None:
    document = check_document(read_text(LOG_FILE, DocumentFormat.YAML))

    assert document.session_type is SessionType.INTERACTIVE_COMMANDS
    assert document.parameters == {
        "logpath": DocumentParameter(
            name="logpath",
            type=ParameterType.STRING,
            description="The log file path to read.",
            default="/var/log/amazon/ssm/amazon-ssm-agent.log",
            allowed_pattern="^[a-zA-Z0-9-_/]+(.log)$",
        )
    }
    assert document.properties == {
        "linux": {"commands": "tail -f {{ logpath }}", "runAsElevated": True}
    }


@pytest.mark.parametrize("text", [PORT, LINES])
def test_the_guides_other_examples_are_documents(text: str) -> None:
    check_document(read_text(text, DocumentFormat.YAML))


@pytest.mark.parametrize("version", ["2.2", "1", None, 1, True, "1.2", ["1.0"]])
def test_another_schema_version_is_said_as_aws_says_it(version: JsonValue) -> None:
    with pytest.raises(DocumentRefused, match="is not supported by document") as refused:
        check_document(body(schemaVersion=version))

    assert refused.value.problem is DocumentProblem.SCHEMA_VERSION


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mainSteps": []}, "mainSteps"),
        ({"sessionType": "Shell"}, "expected one of Standard_Stream"),
        ({"sessionType": None}, "sessionType"),
        ({"description": 5}, "description"),
        ({"description": "x" * 1025}, "longer than 1024"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {"idleSessionTimeout": "99"}}, "from 1 to 60"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"p": "x"}}, "`p`"),
        ({"parameters": {"p": {}}}, "no `type`"),
        ({"parameters": {"a b": {"type": "String"}}}, "letters and digits"),
        ({"parameters": {"p": {"type": "Map"}}}, "expected one of String, StringList"),
        ({"parameters": {"p": {"type": "String", "allowedPatern": "x"}}}, "allowedPatern"),
        ({"parameters": {"p": {"type": "String", "allowedPattern": "("}}}, "allowedPattern"),
        ({"parameters": {"p": {"type": "String", "allowedValues": []}}}, "allowedValues"),
        ({"parameters": {"p": {"type": "String", "allowedValues": "ab"}}}, "allowedValues"),
        ({"parameters": {"p": {"type": "String", "allowedValues": [{}]}}}, "allowedValues"),
        ({"parameters": {"p": {"type": "String", "default": ["x"]}}}, "is no String"),
        ({"parameters": {"p": {"type": "StringList", "default": "x"}}}, "is no StringList"),
        ({"parameters": {"p": {"type": "Boolean", "default": "true"}}}, "is no Boolean"),
        ({"parameters": {"p": {"type": "Integer", "default": True}}}, "is no Integer"),
        ({"parameters": {"p": {"type": "String", "default": "x", "minChars": 2}}}, "2 or more"),
        ({"parameters": {"p": {"type": "String", "minChars": -1}}}, "minChars"),
        (
            {"parameters": {"p": {"type": "String", "allowedValues": ["a"], "default": "b"}}},
            "the default of parameter p is `b`",
        ),
        ({"parameters": {f"p{n}": {"type": "String"} for n in range(201)}}, "the limit is 200"),
        ({"properties": {}}, "portNumber"),
    ],
)
def test_what_is_wrong_is_named(changes: Mapping[str, JsonValue], said: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        check_document(body(**changes))

    assert refused.value.problem is DocumentProblem.CONTENT
    assert said in refused.value.message


def test_inputs_with_parameters_are_checked_when_they_are_filled_in() -> None:
    document = check_document(body(inputs={"idleSessionTimeout": "{{ p }}"}))

    assert document.inputs == {"idleSessionTimeout": "{{ p }}"}


def test_flags_and_numbers_are_allowed_values_as_callers_write_them() -> None:
    declared: JsonValue = {"p": {"type": "String", "allowedValues": [True, 7, "x"]}}

    document = check_document(body(parameters=declared))

    assert document.parameters["p"].allowed_values == ("true", "7", "x")


WORDS = st.sampled_from(["type", "default", "String", "allowedPattern", "linux", "commands", "1.0"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@given(
    changes=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("inputs", "parameters", "properties", "description"), ODD)
    ),
    session_type=st.sampled_from(SessionType),
)
def test_any_body_is_a_document_or_refused(
    changes: dict[str, JsonValue], session_type: SessionType
) -> None:
    with suppress(DocumentRefused):
        check_document(body(sessionType=session_type.value, **changes))
