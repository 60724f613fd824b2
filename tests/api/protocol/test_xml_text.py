"""Any text can stand between tags, and reads back as it was where XML can hold it."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.api.protocol.xml_text import escape


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a<b>&c", "a&lt;b&gt;&amp;c"),
        ("]]>", "]]&gt;"),
        ("a\r\n", "a&#13;\n"),
        ("\x00\x1b[31m", "\ufffd\ufffd[31m"),
        ("\ud800", "\ufffd"),
    ],
)
def test_escapes_what_would_be_read_otherwise(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"])))
def test_reads_back_what_it_wrote(text: str) -> None:
    element = ET.fromstring(f"<a>{escape(text)}</a>")  # noqa: S314 - we wrote it

    assert (element.text or "") == text


@given(st.text())
def test_any_text_makes_sound_xml(text: str) -> None:
    ET.fromstring(f"<a>{escape(text)}</a>".encode())  # noqa: S314 - we wrote it
