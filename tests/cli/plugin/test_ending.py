"""What is read at the end, and the exit code, for who asks and who does not."""

import signal

import pytest

from mooring.cli.plugin.ending import Ending, How


def test_a_plain_end_has_the_stock_text() -> None:
    text = Ending(how=How.CLOSED).message("ann-1")

    assert text == "\n\nExiting session with sessionId: ann-1.\n\n"


def test_an_end_with_a_reason_has_the_stock_text() -> None:
    text = Ending(how=How.CLOSED, text="idle for 20 minutes").message("ann-1")

    assert text == "\n\nSessionId: ann-1 : idle for 20 minutes\n\n"


def test_a_session_that_was_over_has_the_stock_text() -> None:
    assert Ending(how=How.TIMED_OUT).message("ann-1") == "Session: ann-1 timed out.\n"


def test_a_failure_is_told_on_standard_error_alone() -> None:
    ending = Ending(how=How.FAILED, text="no server")

    assert ending.message("ann-1") == ""
    assert ending.complaint() == "\nno server\n"


@pytest.mark.parametrize(
    ("ending", "stock", "own"),
    [
        (Ending(how=How.CLOSED), 0, 0),
        (Ending(how=How.CLOSED, exit_code=0), 0, 0),
        (Ending(how=How.CLOSED, exit_code=3), 0, 3),
        (Ending(how=How.CLOSED, exit_code=256), 0, 255),
        (Ending(how=How.CLOSED, exit_code=-9), 0, 137),
        (Ending(how=How.CLOSED, text="the node is gone"), 0, 1),
        (Ending(how=How.CLOSED, text="bye", exit_code=0), 0, 0),
        (Ending(how=How.LEFT), 0, 0),
        (Ending(how=How.TIMED_OUT), 0, 1),
        (Ending(how=How.FAILED, text="x"), 1, 1),
        (Ending(how=How.SIGNALLED, signal_number=signal.SIGHUP), 129, 129),
    ],
)
def test_exit_codes(ending: Ending, stock: int, own: int) -> None:
    assert ending.status(passes_exit_code=False) == stock
    assert ending.status(passes_exit_code=True) == own
