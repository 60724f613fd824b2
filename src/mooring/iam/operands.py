"""How each family of condition operators reads and compares values.

=========  =========================================  ==================================
family     a value is                                 it hits a policy value when
=========  =========================================  ==================================
text       any text                                   equal; equal without case; glob
number     a decimal number                           the relation holds (``300 = 300.0``)
date       ISO 8601, or seconds since the epoch       the relation holds between instants
boolean    ``true`` or ``false``, without case        equal
bytes      base64                                     the decoded bytes are equal
address    IPv4 or IPv6                               inside the CIDR block
arn        six parts, cut at the first five colons    each part globs its own part
=========  =========================================  ==================================

Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import ipaddress
import operator
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from fractions import Fraction
from typing import TypeVar

from mooring.iam.facts import Facts
from mooring.iam.pattern import Glob, Syntax, Template, compile_glob, split_arn

__all__ = [
    "Builder",
    "Comparison",
    "Matcher",
    "Outcome",
    "arn_like",
    "binary_equals",
    "bool_equals",
    "compare_dates",
    "compare_numbers",
    "in_network",
    "text_equals",
    "text_equals_ignoring_case",
    "text_like",
]

T = TypeVar("T")

_Address = tuple[int, int]  # version and number
_Arn = tuple[str, ...]

_NUMBER = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,64}(?:\.[0-9]{0,64})?(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T([0-9]{2}:[0-9]{2})(?::([0-9]{2})(\.[0-9]{1,64})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NETWORK = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the offset is applied by hand, to the second
_ARN_PARTS = 6
_DAY_MINUTES = 24 * 60


class Outcome(Enum):
    """What comparing one context value with all policy values gave."""

    HIT = auto()
    MISS = auto()
    ALIEN = auto()
    """The context value is not of the operator's family."""
    BROKEN = auto()
    """No hit, and some policy value is not of the operator's family."""


Matcher = Callable[[str, Facts], Outcome]
Builder = Callable[[tuple[str, ...], Syntax], Matcher]
"""Compiles the policy values of one condition; the syntax says whether variables count."""

Comparison = Callable[[Callable[[Fraction, Fraction], bool]], Builder]
"""Turns a relation into the builder of its operator."""

_Test = Callable[[T, Facts], bool | None]


def _family(
    read: Callable[[str], T | None], compile_value: Callable[[str, Syntax], _Test[T]]
) -> Builder:
    """Join the reader of context values with the compiler of policy values.

    A test answers None when its policy value is not of the family.
    """

    def build(values: tuple[str, ...], syntax: Syntax) -> Matcher:
        tests = [compile_value(value, syntax) for value in values]

        def match(text: str, facts: Facts) -> Outcome:
            value = read(text)
            if value is None:
                return Outcome.ALIEN
            answers = [test(value, facts) for test in tests]
            if True in answers:
                return Outcome.HIT
            return Outcome.BROKEN if None in answers else Outcome.MISS

        return match

    return build


def _read_text(text: str) -> str:
    return text


def _compile_glob(text: str, syntax: Syntax) -> _Test[str]:
    template = Template.parse(text, syntax)
    tokens = template.fill({}) if template.is_fixed else None
    fixed = compile_glob(tokens) if tokens is not None else None

    def test(value: str, facts: Facts) -> bool:
        if fixed is not None:
            return fixed.matches(value)
        filled = template.fill(facts)
        return filled is not None and compile_glob(filled).matches(value)

    return test


def _compile_like(text: str, syntax: Syntax) -> _Test[str]:
    return _compile_glob(text, syntax | Syntax.WILDCARDS)


def _compile_caseless(text: str, syntax: Syntax) -> _Test[str]:
    template = Template.parse(text, syntax)

    def test(value: str, facts: Facts) -> bool:
        filled = template.fill(facts)
        return filled is not None and "".join(map(str, filled)).lower() == value.lower()

    return test


def _fixed(
    read: Callable[[str], T | None], relation: Callable[[T, T], bool]
) -> Callable[[str, Syntax], _Test[T]]:
    """Return the compiler for families whose policy values hold no variables."""

    def compile_value(text: str, _: Syntax) -> _Test[T]:
        bound = read(text)
        if bound is None:
            return _unreadable

        def test(value: T, _: Facts) -> bool:
            return relation(value, bound)

        return test

    return compile_value


def _unreadable(_value: object, _facts: Facts) -> None:
    return None


def _read_number(text: str) -> Fraction | None:
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def _read_date(text: str) -> Fraction | None:
    """Return seconds since the epoch; a date alone is midnight, no zone is UTC."""
    found = _DATE.fullmatch(text)
    if found is None:
        return _read_number(text)
    day, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{minute or '00:00'}:{second or '00'}")
    except ValueError:
        return None
    offset = _read_zone(zone)
    if offset is None:
        return None
    seconds = (moment - _EPOCH).total_seconds() - offset * 60
    return int(seconds) + Fraction(f"0{fraction or ''}")


def _read_zone(zone: str | None) -> int | None:
    """Return minutes east of UTC."""
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    if minutes >= _DAY_MINUTES:
        return None
    return -minutes if zone[0] == "-" else minutes


def _read_bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _read_bytes(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


def _read_address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A zone (`fe80::1%eth0`) belongs to a machine, not to an address a policy can name.
    return None if "%" in text else (address.version, int(address))


def _compile_network(text: str, _: Syntax) -> _Test[_Address]:
    # The library would also take net masks and host masks; AWS takes a prefix length only.
    try:
        network = ipaddress.ip_network(text, strict=False) if _NETWORK.fullmatch(text) else None
    except ValueError:
        network = None
    if network is None:
        return _unreadable
    version, host_bits = network.version, network.max_prefixlen - network.prefixlen
    prefix = int(network.network_address) >> host_bits

    def test(address: _Address, _: Facts) -> bool:
        return address[0] == version and address[1] >> host_bits == prefix

    return test


def _read_arn(text: str) -> _Arn | None:
    parts = tuple(text.split(":", _ARN_PARTS - 1))
    return parts if len(parts) == _ARN_PARTS else None


def _compile_arn(text: str, syntax: Syntax) -> _Test[_Arn]:
    template = Template.parse(text, syntax | Syntax.WILDCARDS)
    fixed = _arn_globs(template, {}) if template.is_fixed else None

    def test(value: _Arn, facts: Facts) -> bool | None:
        globs = fixed if template.is_fixed else _arn_globs(template, facts)
        if globs is None:
            return None
        return bool(globs) and all(map(_part_matches, globs, value))

    return test


def _arn_globs(template: Template, facts: Facts) -> tuple[Glob, ...] | None:
    """Return a glob per part; none at all for a missing variable, None when it is no ARN."""
    filled = template.fill(facts)
    if filled is None:
        return ()
    parts = split_arn(filled)
    return None if parts is None else tuple(compile_glob(part) for part in parts)


def _part_matches(glob: Glob, part: str) -> bool:
    return glob.matches(part)


text_equals: Builder = _family(_read_text, _compile_glob)
text_equals_ignoring_case: Builder = _family(_read_text, _compile_caseless)
text_like: Builder = _family(_read_text, _compile_like)
bool_equals: Builder = _family(_read_bool, _fixed(_read_bool, operator.eq))
binary_equals: Builder = _family(_read_bytes, _fixed(_read_bytes, operator.eq))
in_network: Builder = _family(_read_address, _compile_network)
arn_like: Builder = _family(_read_arn, _compile_arn)


def compare_numbers(relation: Callable[[Fraction, Fraction], bool]) -> Builder:
    """Return the builder for one numeric relation, context value first."""
    return _family(_read_number, _fixed(_read_number, relation))


def compare_dates(relation: Callable[[Fraction, Fraction], bool]) -> Builder:
    """Return the builder for one relation of instants, context value first."""
    return _family(_read_date, _fixed(_read_date, relation))
