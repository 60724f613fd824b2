"""Log lines as values: what is written, and what never is."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from mooring import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_writes_one_json_object_per_event_with_its_fields() -> None:
    out = io.StringIO()
    logs.configure(log_format=logs.LogFormat.JSON, stream=out)

    logging.getLogger("mooring.x").info("session_started", extra={"session_id": "a-1", "pid": 7})

    line = json.loads(out.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "session_started",
        "logger": "mooring.x",
        "session_id": "a-1",
        "pid": 7,
    }


def test_leaves_out_a_field_that_nobody_classified() -> None:
    out = io.StringIO()
    logs.configure(log_format=logs.LogFormat.JSON, stream=out)

    logging.getLogger("mooring.x").info("token_made", extra={"token": "hunter2"})

    assert "hunter2" not in out.getvalue()


def test_adds_bound_fields_inside_the_block_only() -> None:
    out = io.StringIO()
    logs.configure(log_format=logs.LogFormat.JSON, stream=out)

    with logs.bind(node_id="mi-1"):
        logging.getLogger("mooring.x").info("inside")
    logging.getLogger("mooring.x").info("outside")

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("node_id") for line in lines] == ["mi-1", None]


def test_escapes_what_a_node_reports_on_a_terminal() -> None:
    out = io.StringIO()
    logs.configure(log_format=logs.LogFormat.CONSOLE, stream=out)

    logging.getLogger("mooring.x").warning("bad\x1b[2J", extra={"reason": "x\x1b]0;title\x07"})

    assert "\x1b[2J" not in out.getvalue()
    assert "\x1b]0;" not in out.getvalue()


def test_shows_the_traceback_of_an_exception() -> None:
    out = io.StringIO()
    logs.configure(log_format=logs.LogFormat.JSON, stream=out)

    try:
        int("nowhere")
    except ValueError:
        logging.getLogger("mooring.x").exception("failed")

    assert "ValueError: invalid literal" in json.loads(out.getvalue())["traceback"]
