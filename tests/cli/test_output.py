"""Tables are for people, JSON for programs, and a node's words are only words."""

import json

import pytest

from mooring.cli.output import Output, OutputFormat

COLUMNS = {"InstanceId": "ID", "Name": "NAME"}
RECORDS = [{"InstanceId": "i-1", "Name": "a\x1b]52;c;x\x07[red]b[/red]\nc", "More": 1}]


def test_a_table_shows_the_columns_and_no_control(capsys: pytest.CaptureFixture[str]) -> None:
    Output(OutputFormat.TABLE).records(COLUMNS, RECORDS, empty="none")

    shown = capsys.readouterr().out
    assert "ID" in shown
    assert "[red]b[/red] c" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Output(OutputFormat.TABLE).records(COLUMNS, [], empty="no nodes yet")

    assert capsys.readouterr().out == "no nodes yet\n"


@pytest.mark.parametrize("records", [RECORDS, []])
def test_json_is_whole(
    records: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    Output(OutputFormat.JSON).records(COLUMNS, records, empty="none")

    shown = capsys.readouterr().out
    assert json.loads(shown) == records
    assert "\x1b" not in shown


def test_errors_go_to_standard_error_without_controls(capsys: pytest.CaptureFixture[str]) -> None:
    Output(OutputFormat.TABLE).error("node said \x1b[2J\nsecond line")

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "mooring: node said \ufffd[2J\nsecond line\n"


def test_an_answer_is_whole_as_json_and_lines_to_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for output_format in OutputFormat:
        Output(output_format).told({"a": "b\x1b"}, lambda value: [f"a is {value['a']}"])

    assert capsys.readouterr().out == 'a is b\ufffd\n{\n  "a": "b\\u001b"\n}\n'
