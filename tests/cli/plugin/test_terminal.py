"""Raw mode begins and ends; sizes are measured or guessed as AWS's plugin does."""

import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.cli.plugin.terminal import NO_TERMINAL, Terminal
from mooring.wire.payloads import TerminalSize


@pytest.fixture
def tty() -> Iterator[int]:
    master, slave = os.openpty()
    yield slave
    os.close(slave)
    os.close(master)


def test_raw_mode_is_given_back_as_it_was(tty: int) -> None:
    before = termios.tcgetattr(tty)
    terminal = Terminal(tty, tty)

    terminal.make_raw()
    during = termios.tcgetattr(tty)
    terminal.restore()

    assert not during[3] & (termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    assert not during[0] & (termios.ICRNL | termios.IXON)
    assert not during[1] & termios.OPOST
    assert termios.tcgetattr(tty) == before


def test_raw_mode_twice_still_ends(tty: int) -> None:
    before = termios.tcgetattr(tty)
    terminal = Terminal(tty, tty)

    terminal.make_raw()
    terminal.make_raw()
    terminal.restore()
    terminal.restore()

    assert termios.tcgetattr(tty) == before
    assert not terminal.is_raw


def test_what_was_typed_before_is_kept() -> None:
    master, slave = os.openpty()
    os.write(master, b"early\n")
    terminal = Terminal(slave, slave)

    terminal.make_raw()
    typed = os.read(slave, 100)
    terminal.restore()
    os.close(master)
    os.close(slave)

    assert typed == b"early\n"


def test_a_terminal_that_is_gone_is_no_error() -> None:
    master, slave = os.openpty()
    terminal = Terminal(slave, slave)
    terminal.make_raw()

    os.close(master)
    terminal.restore()
    os.close(slave)

    assert not terminal.is_raw


def test_a_pipe_has_no_modes_and_the_stock_size(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        terminal = Terminal(file.fileno(), file.fileno())
        terminal.make_raw()

        assert not terminal.is_terminal
        assert not terminal.is_raw
        assert terminal.size() == NO_TERMINAL == TerminalSize(columns=300, rows=100)


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (50, 132, TerminalSize(columns=132, rows=50)),
        (0, 0, TerminalSize(columns=80, rows=24)),
    ],
)
def test_the_screen_is_measured(tty: int, rows: int, columns: int, expected: TerminalSize) -> None:
    fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    assert Terminal(tty, tty).size() == expected
