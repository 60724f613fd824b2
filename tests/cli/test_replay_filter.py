"""What passes the replay filter, and what hostile output never gets through it.

The sequences are from xterm's "XTerm Control Sequences", and from what has been used against people
who look at logs.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.cli.replay_filter import ReplayFilter

HARMLESS = {
    "text": "héllo wörld ☃ 日本",
    "controls": "a\tb\r\nc\x08d\x07",
    "colours": "\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3mtrue\x1b[m \x1b[38:5:196mcolons",
    "cursor": "\x1b[2J\x1b[H\x1b[10;20H\x1b[A\x1b[3C\x1b[K\x1b[s\x1b[u\x1b7\x1b8",
    "scrolling": "\x1b[2;20r\x1b[3S\x1b[T\x1bM\x1bD\x1b[4L\x1b[P\x1b[3X",
    "full screen": "\x1b[?1049h\x1b[?25l\x1b[?7h\x1b[?25h\x1b[?1049l",
    "character sets": "\x1b(0lqk\x1b(B\x0e\x0f",
    "resets": "\x1bc\x1b[!p",
    "cursor shape": "\x1b[2 q",
    "an empty link": "\x1b]8;;\x1b\\",
    "a link to the web": "\x1b]8;id=1;https://example.com/a?b\x1b\\x",
    "a title": "\x1b]0;root@web-1: ~\x1b\\",
}

HOSTILE = {
    "clipboard": "\x1b]52;c;cm0gLXJmIC8K\x07",
    "clipboard, other end": "\x1b]52;c;cm0gLXJmIC8K\x1b\\",
    "clipboard, in C1": "\x9d52;c;cm0gLXJmIC8K\x9c",
    "link to a file": "\x1b]8;;file:///etc/passwd\x1b\\",
    "link to a program": "\x1b]8;;javascript:alert(1)\x07",
    "link to ssh": "\x1b]8;;ssh://-oProxyCommand=x\x07",
    "colour question": "\x1b]11;?\x07",
    "palette question": "\x1b]4;1;?\x07",
    "command at the prompt": "\x1b]133;A\x07",
    "iTerm file": "\x1b]1337;File=name=eA==:AAAA\x07",
    "notification": "\x1b]9;hello\x07",
    "working directory": "\x1b]7;file://host/etc\x07",
    "title report": "\x1b[21t",
    "window move": "\x1b[3;0;0t",
    "device attributes": "\x1b[c\x1b[>c\x1b[=c\x1b[0c",
    "status reports": "\x1b[5n\x1b[6n\x1b[?6n\x1b[?15n",
    "terminal parameters": "\x1b[x\x1b[1x",
    "mode question": "\x1b[?1049$p\x1b[4$p",
    "version question": "\x1b[>0q\x1b[>q",
    "keyboard question": "\x1b[?u",
    "keyboard mode": "\x1b[>1u\x1b[=1;1u\x1b[<u",
    "checksum of the screen": "\x1b[1;1;1;1;1;1*y",
    "print the screen": "\x1b[i\x1b[5i\x1b[?5i",
    "mouse": "\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1015h",
    "mouse, with zeros": "\x1b[?01000h",
    "focus": "\x1b[?1004h",
    "paste": "\x1b[?2004h",
    "answerback": "\x05",
    "identify": "\x1bZ",
    "status string": "\x1bP$qm\x1b\\",
    "terminfo question": "\x1bP+q544e\x1b\\",
    "sixel": "\x1bPq#0;2;0;0;0#0~~\x1b\\",
    "user keys": "\x1bP0;1|17/6c730d\x1b\\",
    "application command": "\x1b_Ga=T;AAAA\x1b\\",
    "privacy message": "\x1b^x\x1b\\",
    "start of string": "\x1bXx\x1b\\",
    "C1 questions": "\x9bc\x9b6n\x90$qm\x9c",
    "other C1": "\x80\x81\x99\x9a",
    "NUL and DEL": "\x00\x7f",
    "key format": "\x1b[>4;2m",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_shows_passes(text: str) -> None:
    assert ReplayFilter().feed(text) == text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_acts_or_answers_is_dropped_and_the_text_around_it_stays(text: str) -> None:
    assert ReplayFilter().feed(f"before{text}after") == "beforeafter"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_sequence_may_be_cut_anywhere(text: str) -> None:
    shown = ReplayFilter()

    assert "".join(shown.feed(character) for character in f"<{text}>") == "<>"


def test_of_modes_set_together_only_the_harmless_ones_pass() -> None:
    assert ReplayFilter().feed("\x1b[?1000;25;2004h") == "\x1b[?25h"


def test_a_sequence_inside_another_does_not_hide() -> None:
    assert ReplayFilter().feed("\x1b[3\x1b]52;c;eA==\x07m") == "m"


def test_a_link_cannot_end_early_and_go_on_as_another_sequence() -> None:
    shown = ReplayFilter().feed("\x1b]8;;https://a\x1b]52;c;eA==\x07b")

    assert shown == "b"


def test_a_control_inside_a_sequence_is_obeyed_as_terminals_do() -> None:
    assert ReplayFilter().feed("\x1b[3\n1m") == "\n\x1b[31m"


@pytest.mark.parametrize("begin", ["\x1b]0;", "\x1bP", "\x1b["])
def test_a_sequence_without_an_end_takes_a_bounded_space(begin: str) -> None:
    shown = ReplayFilter()
    for _ in range(200):
        shown.feed(("1" if begin == "\x1b[" else "x") * 1000)
    shown.feed(begin)
    for _ in range(200):
        shown.feed("1" * 1000)

    assert len(shown._sequence) <= 4096


@given(st.text(st.sampled_from("\x1b[]P\\;?0125289cnthqumpRJ\x07\x9b\x9d\x9c\x18 $>a")))
def test_whatever_passes_passes_again_unchanged(text: str) -> None:
    once = ReplayFilter().feed(text)

    assert ReplayFilter().feed(once) == once


@given(st.lists(st.sampled_from([*HARMLESS.values(), *HOSTILE.values()]), max_size=12))
def test_no_question_and_no_clipboard_ever_passes(pieces: list[str]) -> None:
    shown = ReplayFilter().feed("".join(pieces))

    assert "\x1b]52" not in shown
    assert "\x1bP" not in shown
    assert not any(question in shown for question in ("\x1b[6n", "\x1b[c", "\x1b[21t", "\x05"))
