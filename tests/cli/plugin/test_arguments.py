"""The command line of the AWS CLI, of older ones, and of others that play it."""

import json

import pytest

from mooring.cli.plugin.arguments import Invocation, Notice, read_arguments
from mooring.secret import Secret

ANSWER = {"SessionId": "ann-1", "TokenValue": "token", "StreamUrl": "wss://host/x"}
REST = ["ap-northeast-1", "StartSession", "work", '{"Target": "i-1"}', "https://ssm.example"]


def no_variable(name: str) -> str:
    raise AssertionError(f"`{name}` was looked up")


def test_the_answer_may_be_json() -> None:
    argv = ["plugin", json.dumps(ANSWER), *REST]

    assert read_arguments(argv, no_variable) == Invocation(
        session_id="ann-1",
        token=Secret("token"),
        stream_url="wss://host/x",
        region="ap-northeast-1",
        profile="work",
        target="i-1",
        endpoint_url="https://ssm.example",
    )


def test_the_answer_may_be_in_a_variable_whose_name_only_begins_so() -> None:
    variables = {"AWS_SSM_START_SESSION_RESPONSE_7": json.dumps(ANSWER)}
    argv = ["plugin", "AWS_SSM_START_SESSION_RESPONSE_7", *REST]

    invocation = read_arguments(argv, variables.pop)

    assert isinstance(invocation, Invocation)
    assert invocation.token.reveal() == "token"
    assert not variables


def test_keys_nobody_knows_are_skipped() -> None:
    answer = {**ANSWER, "ResponseMetadata": {"HTTPStatusCode": 200}}

    assert isinstance(read_arguments(["p", json.dumps(answer), *REST], no_variable), Invocation)


def test_an_old_cli_names_no_profile() -> None:
    invocation = read_arguments(["p", json.dumps(ANSWER), "r", "StartSession"], no_variable)

    assert isinstance(invocation, Invocation)
    assert (invocation.profile, invocation.target, invocation.endpoint_url) == ("", "", "")


@pytest.mark.parametrize("request_text", ["", "null", "{}", '{"Target": 1}', "[]"])
def test_a_request_without_a_target_is_no_panic(request_text: str) -> None:
    argv = ["p", json.dumps(ANSWER), "r", "StartSession", "", request_text]

    assert isinstance(read_arguments(argv, no_variable), Invocation)


def test_without_arguments_it_says_that_it_is_installed() -> None:
    expected = (
        "\nThe Session Manager plugin was installed successfully. "
        "Use the AWS CLI to start a session.\n\n"
    )

    assert read_arguments(["plugin"], no_variable) == Notice(text=expected)


@pytest.mark.parametrize("argv", [["p", "x"], ["p", "x", "y"]])
def test_too_few_arguments_get_the_hint(argv: list[str]) -> None:
    notice = read_arguments(argv, no_variable)

    assert notice == Notice(
        text="\nUnknown operation x. \n"
        "Use session-manager-plugin --version to check the version.\n\n"
    )


def test_another_operation_is_invalid() -> None:
    notice = read_arguments(["p", json.dumps(ANSWER), "r", "StopSession"], no_variable)

    assert notice == Notice(text="Invalid Operation")


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", "{}", '{"SessionId": "a", "TokenValue": "t"}', '{"SessionId": 1}']
)
def test_an_answer_that_cannot_be_read_is_told(answer: str) -> None:
    notice = read_arguments(["p", answer, *REST], no_variable)

    assert isinstance(notice, Notice)
    assert notice.text.startswith("Cannot perform start session: ")
    assert notice.status == 0
