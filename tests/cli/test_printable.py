"""Texts of others cannot move the cursor, nor turn the direction of writing."""

import pytest

from mooring.cli.printable import printable


@pytest.mark.parametrize("text", ["", "web-1", "größer 日本 ☃", "C:\\Windows [red]x[/red]"])
def test_what_only_shows_stays(text: str) -> None:
    assert printable(text) == text


def test_controls_are_replaced() -> None:
    assert printable("a\x1b]52;c;x\x07b\x00\x7f\x9bc") == "a\ufffd]52;c;x\ufffdb\ufffd\ufffd\ufffdc"


def test_line_ends_become_blanks() -> None:
    assert printable("a\r\nb\tc\u2028d") == "a  b c d"


def test_hidden_characters_are_replaced() -> None:
    assert printable("exe.\u202egpj\u200b\ud800") == "exe.\ufffdgpj\ufffd\ufffd"
