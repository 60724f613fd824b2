"""Lets through what a terminal shows, and nothing that makes it act, answer or remember.

A recording is the node's output, and the node may be hostile: shown as it is, it could fill the
clipboard of whoever replays it, ask their terminal questions whose answers are typed into their
shell, hide a link behind a harmless word, or print on paper. So this is a list of what may pass:

==============  ==================================================================================
passes          text; BEL, BS, HT, LF, VT, FF, CR, SO, SI
ESC             character sets, cursor save and restore, index, keypad, full reset
CSI             cursor, erase, insert, scroll, colour, margins, and modes that change no input
OSC             window title; hyperlinks (8) to http and https
never           OSC 52 and all other OSC; DCS, APC, PM, SOS; questions (DA, DSR, DECRQM, window
                reports, XTVERSION, ENQ); mouse, focus and paste modes; media copy; C1 controls
                that are none of the above in one character
==============  ==================================================================================

Sequences may be cut anywhere; one that does not end within a bound is dropped.

Source: ECMA-48; xterm, "XTerm Control Sequences" (ctlseqs).
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["ReplayFilter"]

_ESC = "\x1b"
_CONTROLS = frozenset("\x07\x08\t\n\x0b\x0c\r\x0e\x0f")
_CANCEL = frozenset("\x18\x1a")
_MAX_STRING = 4096
_MAX_SEQUENCE = 256

_ESC_FINALS = frozenset("78=>DEHMNOc")
_ESC_WITH_INTERMEDIATE = re.compile(r"[()*+\-./#% ][0-9A-Za-z<=>@]")
_CSI = re.compile(
    r"[0-9:;]*["
    r"@ABCDEFGHIJKLMPSTXZ`abdefgr"  # cursor, erase, insert, delete, scroll, margins
    r"su"  # save and restore the cursor
    r"]|[0-9:;]*m"  # colours
    r"|[0-9;]*[hl]|[0-9;]* q|!p"  # ANSI modes, cursor shape, soft reset
)
_PRIVATE_MODE = re.compile(r"\?([0-9;]*)([hlsr])")
_INPUT_MODES = frozenset(
    {"9", "66", "67", "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1015"}
    | {"1016", "1034", "1035", "1036", "1037", "1039", "2004", "2026", "2031", "2048", "9001"}
)
_ERASE_SELECTIVE = re.compile(r"\?[0-9;]*[JK]")
_LINK = re.compile(r"8;[^;\x00-\x1f]*;(|https?://[!-~]*)", re.IGNORECASE)
_TITLE = re.compile(r"[012];[^\x00-\x1f\x7f-\x9f]*")

_C1 = {
    "\x84": "D",
    "\x85": "E",
    "\x88": "H",
    "\x8d": "M",
    "\x90": "P",
    "\x98": "X",
    "\x9b": "[",
    "\x9d": "]",
    "\x9e": "^",
    "\x9f": "_",
}


class ReplayFilter:
    """Filters one recording, piece by piece."""

    def __init__(self) -> None:
        self._state: Callable[[str], str] = self._text
        self._sequence = ""
        self._length = 0

    def feed(self, text: str) -> str:
        """Return what may be shown of the next piece."""
        return "".join([self._state(character) for character in text])

    def _text(self, character: str) -> str:
        if character >= " " and not "\x7f" <= character <= "\x9f":
            return character
        if character in _CONTROLS:
            return character
        if character == _ESC:
            self._begin(self._escape)
        elif character in _C1:
            # In one character what ESC and a letter are in two: some terminals know both.
            self._begin(self._escape)
            return self._escape(_C1[character])
        return ""

    def _begin(self, state: Callable[[str], str]) -> None:
        self._state = state
        self._sequence = ""
        self._length = 0

    def _end(self) -> str:
        self._state = self._text
        return ""

    def _interrupted(self, character: str) -> bool:
        """Tell whether a control ends the sequence; the sequence is dropped then."""
        if character == _ESC:
            self._begin(self._escape)
        elif character in _CANCEL:
            self._end()
        else:
            return False
        return True

    def _escape(self, character: str) -> str:
        if self._interrupted(character):
            return ""
        if not self._sequence and character in _STRINGS:
            self._begin(_STRINGS[character](self))
            return ""
        self._sequence += character
        if "\x20" <= character <= "\x2f" and len(self._sequence) < _MAX_SEQUENCE:
            return ""
        sequence = self._sequence
        self._end()
        passes = sequence in _ESC_FINALS or _ESC_WITH_INTERMEDIATE.fullmatch(sequence)
        return _ESC + sequence if passes else ""

    def _control_sequence(self, character: str) -> str:
        if self._interrupted(character):
            return ""
        if character in _CONTROLS:
            # Terminals obey a control inside a sequence and go on with it.
            return character
        self._sequence += character
        if "\x20" <= character <= "\x3f" and len(self._sequence) < _MAX_SEQUENCE:
            return ""
        sequence = self._sequence
        self._end()
        return f"{_ESC}[{sequence}" if _is_harmless(sequence) else _without_input(sequence)

    def _command(self, character: str) -> str:
        if character in "\x07\x9c":
            return self._finish_command()
        if character == _ESC:
            self._state = self._command_end
            return ""
        if character in _CANCEL:
            return self._end()
        self._length += 1
        if self._length <= _MAX_STRING:
            self._sequence += character
        return ""

    def _command_end(self, character: str) -> str:
        if character == "\\":
            return self._finish_command()
        self._begin(self._escape)
        return self._escape(character)

    def _finish_command(self) -> str:
        command, length = self._sequence, self._length
        self._end()
        if length > _MAX_STRING:
            return ""
        passes = _LINK.fullmatch(command) or _TITLE.fullmatch(command)
        return f"{_ESC}]{command}{_ESC}\\" if passes else ""

    def _dropped(self, character: str) -> str:
        if character == "\x9c" or character in _CANCEL:
            self._end()
        elif character == _ESC:
            self._state = self._dropped_end
        return ""

    def _dropped_end(self, character: str) -> str:
        if character == "\\":
            return self._end()
        self._begin(self._escape)
        return self._escape(character)


_STRINGS: dict[str, Callable[[ReplayFilter], Callable[[str], str]]] = {
    "[": lambda owner: owner._control_sequence,  # noqa: SLF001  # a table of its own states
    "]": lambda owner: owner._command,  # noqa: SLF001
    "P": lambda owner: owner._dropped,  # noqa: SLF001
    "X": lambda owner: owner._dropped,  # noqa: SLF001
    "^": lambda owner: owner._dropped,  # noqa: SLF001
    "_": lambda owner: owner._dropped,  # noqa: SLF001
}


def _is_harmless(sequence: str) -> bool:
    return bool(_CSI.fullmatch(sequence) or _ERASE_SELECTIVE.fullmatch(sequence))


def _without_input(sequence: str) -> str:
    """Return a setting of private modes without those that change what a terminal sends."""
    match = _PRIVATE_MODE.fullmatch(sequence)
    if match is None:
        return ""
    modes = [mode for mode in match[1].split(";") if mode.lstrip("0") not in _INPUT_MODES]
    return f"{_ESC}[?{';'.join(modes)}{match[2]}" if any(modes) else ""
