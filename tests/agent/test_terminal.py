"""How output is cut; the rest of a terminal is tested in whole sessions."""

from hypothesis import given
from hypothesis import strategies as st

from mooring.agent.terminal import pieces


@given(st.text(), st.integers(min_value=4, max_value=64))
def test_pieces_are_whole_characters_and_lose_nothing(text: str, size_bytes: int) -> None:
    found = pieces(text.encode(), size_bytes)

    assert b"".join(found) == text.encode()
    assert all(0 < len(piece) <= size_bytes for piece in found)
    assert "".join(piece.decode() for piece in found) == text


@given(st.binary(), st.integers(min_value=4, max_value=64))
def test_bytes_that_are_no_text_pass_as_they_are(data: bytes, size_bytes: int) -> None:
    found = pieces(data, size_bytes)

    assert b"".join(found) == data
    assert all(0 < len(piece) <= size_bytes for piece in found)
