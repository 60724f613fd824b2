"""No character is ever cut, no byte ever lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire.utf8 import Utf8Splitter, incomplete_suffix

# Text, rubbish, and rubbish that looks like text.
pieces = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.text(max_size=4).map(str.encode),
        st.sampled_from(
            [b"\xe2", b"\x82", b"\xac", b"\xf0\x9f", b"\x98\x80", b"\xed\xa0", b"\xc0"]
        ),
    )
)


@given(pieces)
def test_nothing_is_lost_or_added(parts: list[bytes]) -> None:
    splitter = Utf8Splitter()

    out = b"".join(splitter.push(part) for part in parts) + splitter.flush()

    assert out == b"".join(parts)


@given(pieces)
def test_pieces_read_one_by_one_show_the_same_text(parts: list[bytes]) -> None:
    splitter = Utf8Splitter()

    shown = "".join(splitter.push(part).decode(errors="replace") for part in parts)
    shown += splitter.flush().decode(errors="replace")

    assert shown == b"".join(parts).decode(errors="replace")


@given(pieces)
def test_at_most_three_bytes_are_kept_back(parts: list[bytes]) -> None:
    splitter = Utf8Splitter()
    for part in parts:
        splitter.push(part)

        assert len(splitter.pending) <= 3


@given(st.text())
def test_text_fed_byte_by_byte_comes_out_in_characters(text: str) -> None:
    splitter = Utf8Splitter()

    out = [splitter.push(bytes([byte])).decode() for byte in text.encode()]

    assert "".join(out) == text


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"", 0),
        (b"abc", 0),
        (b"a\xe2", 1),
        (b"a\xe2\x82", 2),
        (b"a\xe2\x82\xac", 0),
        (b"\xf0\x9f\x98", 3),
        (b"\xf0\x9f\x98\x80", 0),
        (b"\x80\x80\x80\x80", 0),
        (b"\xc0", 0),
        (b"\xff", 0),
        (b"\xed\xa0", 0),
        (b"\xe0\x80", 0),
        (b"\xf4\x90", 0),
    ],
)
def test_only_the_beginning_of_a_character_is_kept(data: bytes, kept: int) -> None:
    assert incomplete_suffix(data) == kept
