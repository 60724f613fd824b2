"""Everything the command line prints: tables for people, JSON for programs.

What a node or a server reports goes through ``printable`` on its way to a person; JSON escapes
control characters by itself. A person's prompt and scripts must not mix: results go to standard
output, all else to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mooring.cli.printable import printable

__all__ = ["Output", "OutputFormat"]

_UNBOUNDED = 2000


class OutputFormat(StrEnum):
    """How results look."""

    TABLE = "table"
    JSON = "json"


class Output:
    """Prints in one format."""

    def __init__(self, output_format: OutputFormat) -> None:
        self.is_json = output_format is OutputFormat.JSON

    def records(
        self, columns: Mapping[str, str], records: Sequence[Mapping[str, object]], *, empty: str
    ) -> None:
        """Show a list: whole as JSON, as a table with the chosen columns.

        Args:
            columns: heading by the key of a record.
            records: what a service answered.
            empty: what a person reads when there is none.
        """
        if self.is_json:
            self.value(records)
        elif not records:
            self.line(empty)
        else:
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
            for heading in columns.values():
                table.add_column(heading, overflow="fold")
            for record in records:
                # Text, not str: rich would take brackets in a value for its own markup.
                table.add_row(*(Text(printable(str(record.get(key, "")))) for key in columns))
            # A program that reads the table must find each value in one piece.
            Console(width=None if self.is_terminal else _UNBOUNDED).print(table)

    def told(
        self, value: Mapping[str, Any], lines: Callable[[Mapping[str, Any]], Iterable[str]]
    ) -> None:
        """Show an answer: whole as JSON, in lines to a person."""
        if self.is_json:
            self.value(value)
            return
        for line in lines(value):
            self.line(line)

    def value(self, value: object) -> None:
        """Show one value as JSON."""
        print(json.dumps(value, indent=2, default=str))

    def line(self, text: str) -> None:
        """Show a line."""
        print(printable(text))

    def notice(self, text: str) -> None:
        """Tell a person something that is no result; each line by itself."""
        for line in text.splitlines():
            print(printable(line), file=sys.stderr)

    def error(self, text: str) -> None:
        """Say what went wrong."""
        self.notice(f"mooring: {text}")

    def replayed(self, text: str) -> None:
        """Show a piece of a recording, which has been filtered."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def exact(self, data: bytes) -> None:
        """Write bytes as they are, for a file or a program."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at the results."""
        return sys.stdout.isatty()
