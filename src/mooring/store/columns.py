"""The kinds of columns, and the collection that every table is in.

Columns hold integers, texts and bytes, nothing else, so that a compiled statement runs on the
raw driver of either database: times are microseconds since 1970 in UTC, enums and JSON are
texts. Texts compare by code point in both.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Text
from sqlalchemy.types import TypeEngine

__all__ = ["METADATA", "binary", "integer", "optional_time", "text", "time"]

METADATA = MetaData()

_TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
_INTEGER: TypeEngine[int] = BigInteger()
_BYTES: TypeEngine[bytes] = LargeBinary()


def text(name: str) -> Column[str]:
    """Return a column of text."""
    return Column(name, _TEXT, nullable=False)


def integer(name: str) -> Column[int]:
    """Return a column of 64-bit integers."""
    return Column(name, _INTEGER, nullable=False, autoincrement=False)


def binary(name: str) -> Column[bytes]:
    """Return a column of bytes."""
    return Column(name, _BYTES, nullable=False)


def time(name: str) -> Column[int]:
    """Return a column of times."""
    return integer(name)


def optional_time(name: str) -> Column[int | None]:
    """Return a column of times that may be unset."""
    return Column(name, _INTEGER, nullable=True)
