"""Keys for this end count only after Enter, as in ssh."""

import pytest

from mooring.cli.plugin.escape import Escape, EscapeScanner


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (b"ls\r", [b"ls\r"]),
        (b"~.", [Escape.LEAVE]),
        (b"ls\r~.", [b"ls\r", Escape.LEAVE]),
        (b"ls\n~.", [b"ls\n", Escape.LEAVE]),
        (b"\r~?x", [b"\r", Escape.HELP, b"x"]),
        (b"\r~?~.", [b"\r", Escape.HELP, Escape.LEAVE]),
        (b"a~.", [b"a~."]),
        (b"cd ~/x\r", [b"cd ~/x\r"]),
        (b"\r~~.", [b"\r~."]),
        (b"\r~/bin\r", [b"\r~/bin\r"]),
        (b"\r~\r~.", [b"\r~\r", Escape.LEAVE]),
        (b"\x03~.", [b"\x03~."]),
    ],
)
def test_what_is_sent_and_what_is_obeyed(typed: bytes, expected: list[bytes | Escape]) -> None:
    assert EscapeScanner().feed(typed) == expected


@pytest.mark.parametrize("typed", [b"ls\r~.", b"\r~?~~x", b"a~b\r~/", b"plain"])
def test_keys_may_come_one_by_one(typed: bytes) -> None:
    whole, single = EscapeScanner(), EscapeScanner()

    at_once = whole.feed(typed)
    one_by_one = [piece for byte in typed for piece in single.feed(bytes([byte]))]

    def joined(pieces: list[bytes | Escape]) -> bytes:
        return b"".join(p if isinstance(p, bytes) else p.name.encode() for p in pieces)

    assert joined(one_by_one) == joined(at_once)
