r"""Patterns of policies: wildcards, policy variables and a matcher that cannot be made slow.

A text becomes tokens once, when its policy is parsed::

    "arn:aws:s3:::b/${aws:username}/*"  ->  "arn:aws:s3:::b/", Variable("aws:username"), "/", RUN

At the request the variables become literal text (a ``*`` in a value is no wildcard), and what
remains is a glob. Only ``*`` and ``?`` are special; ``[ ] . + \`` are plain characters.

Source: IAM User Guide, "IAM policy elements: Variables and tags" and "Resource".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

from mooring.iam.errors import PolicySyntaxError
from mooring.iam.facts import Facts, single

__all__ = [
    "Glob",
    "Plain",
    "Syntax",
    "Template",
    "Token",
    "Variable",
    "Wild",
    "compile_glob",
    "split_arn",
]

# ${*}, ${?}, ${$}, or ${key}, or ${key, 'default'}
_VARIABLE = re.compile(r"\$\{(?:([*?$])|([^}{$',]+)(?:,\s*'([^']*)')?)\}")
_ARN_COLONS = 5


class Wild(Enum):
    """The two wildcards."""

    ONE = "?"
    RUN = "*"


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference to a context key, with the text that stands in when it has no value."""

    key: str
    default: str | None


Plain = str | Wild
Token = Plain | Variable


class Syntax(Flag):
    """What is special in a text."""

    NONE = 0
    WILDCARDS = auto()
    VARIABLES = auto()


@dataclass(frozen=True, slots=True)
class Template:
    """A tokenised text."""

    tokens: tuple[Token, ...]

    @classmethod
    def parse(cls, text: str, syntax: Syntax) -> Template:
        """Tokenise a text.

        Raises:
            PolicySyntaxError: ``${`` opens something that is no variable.
        """
        tokens: list[Token] = []
        at = 0
        while at < len(text):
            start = text.find("${", at) if Syntax.VARIABLES in syntax else -1
            end = start if start >= 0 else len(text)
            tokens += _wild(text[at:end], syntax)
            if start >= 0:
                found = _VARIABLE.match(text, start)
                if found is None:
                    raise PolicySyntaxError(
                        f"`{text[start:]}` is no policy variable, expected `${{key}}`"
                    )
                tokens.append(_reference(found))
                end = found.end()
            at = end
        return cls(tuple(tokens))

    @property
    def is_fixed(self) -> bool:
        """Whether the text has no variable."""
        return not any(isinstance(token, Variable) for token in self.tokens)

    def ends(self) -> tuple[str, str]:
        """Return the plain text before the first, and behind the last, special token."""
        first, last = (self.tokens[0], self.tokens[-1]) if self.tokens else ("", "")
        return first if isinstance(first, str) else "", last if isinstance(last, str) else ""

    def variables(self) -> tuple[str, ...]:
        """Return the context keys that it refers to, in lower case."""
        return tuple(token.key for token in self.tokens if isinstance(token, Variable))

    def fill(self, facts: Facts) -> tuple[Plain, ...] | None:
        """Put values in the place of variables; None when one has neither value nor default."""
        filled: list[Plain] = []
        for token in self.tokens:
            if isinstance(token, Variable):
                value = single(facts, token.key)
                if value is None:
                    value = token.default
                if value is None:
                    return None
                filled.append(value)
            else:
                filled.append(token)
        return tuple(filled)


def _wild(text: str, syntax: Syntax) -> list[Token]:
    if Syntax.WILDCARDS not in syntax:
        return [text] if text else []
    parts = re.split(r"([*?])", text)
    return [Wild(part) if part in {"*", "?"} else part for part in parts if part]


def _reference(found: re.Match[str]) -> Token:
    escaped, key, default = found.groups()
    if escaped is not None:
        return str(escaped)
    return Variable(key.strip().lower(), default)


@dataclass(frozen=True, slots=True)
class _Literal:
    """Exactly one text."""

    text: str

    def matches(self, text: str) -> bool:
        return text == self.text


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Literal pieces with runs between them: the first and last are anchored.

    Taking each inner piece at its leftmost place is never worse than a later one, so
    there is nothing to try again.
    """

    head: str
    inner: tuple[str, ...]
    tail: str

    def matches(self, text: str) -> bool:
        at, end = len(self.head), len(text) - len(self.tail)
        if at > end or not text.startswith(self.head) or not text.endswith(self.tail):
            return False
        for piece in self.inner:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True


@dataclass(frozen=True, slots=True)
class _Automaton:
    """A pattern with ``?``: all positions at once, as the bits of one integer.

    Bit *i* is set while the first *i* characters of the pattern are consumed.
    """

    tokens: tuple[Plain, ...]
    size: int = field(compare=False, repr=False)
    loops: int = field(compare=False, repr=False)
    any_char: int = field(compare=False, repr=False)
    by_char: Mapping[str, int] = field(compare=False, repr=False)

    @classmethod
    def build(cls, tokens: tuple[Plain, ...]) -> _Automaton:
        size = loops = any_char = 0
        by_char: dict[str, int] = {}
        for token in tokens:
            if token is Wild.RUN:
                loops |= 1 << size
            elif token is Wild.ONE:
                any_char |= 1 << size
                size += 1
            else:
                for char in token:
                    by_char[char] = by_char.get(char, 0) | 1 << size
                    size += 1
        return cls(tokens, size, loops, any_char, by_char)

    def matches(self, text: str) -> bool:
        state = 1
        for char in text:
            step = state & (self.by_char.get(char, 0) | self.any_char)
            state = step << 1 | state & self.loops
            if not state:
                return False
        return bool(state >> self.size & 1)


Glob = _Literal | _Pieces | _Automaton


def compile_glob(tokens: Iterable[Plain]) -> Glob:
    """Return the cheapest matcher for the tokens; every one works in linear time."""
    tokens = tuple(tokens)
    if Wild.ONE in tokens:
        return _Automaton.build(tokens)
    pieces = [""]
    for token in tokens:
        if isinstance(token, Wild):
            pieces.append("")
        else:
            pieces[-1] += token
    if len(pieces) == 1:
        return _Literal(pieces[0])
    return _Pieces(pieces[0], tuple(piece for piece in pieces[1:-1] if piece), pieces[-1])


def split_arn(tokens: Iterable[Plain]) -> tuple[tuple[Plain, ...], ...] | None:
    """Cut at the first five colons; None when there are fewer."""
    parts: list[list[Plain]] = [[]]
    for token in tokens:
        if isinstance(token, Wild):
            parts[-1].append(token)
            continue
        first, *others = token.split(":", _ARN_COLONS + 1 - len(parts))
        parts[-1].append(first)
        parts += [[other] for other in others]
    if len(parts) <= _ARN_COLONS:
        return None
    return tuple(tuple(part) for part in parts)
