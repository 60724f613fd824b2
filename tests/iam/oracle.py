"""A second evaluator: slow, obvious, and blind to the first.

It reads policies as plain JSON and follows the rules of AWS's documentation sentence by
sentence, without compiling, indexing or sharing code with ``mooring.iam``. Where the two
disagree, one of them is wrong.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
Context = dict[str, list[str]]
Reason = tuple[bool, bool, str | None, list[tuple[str, int]]]
Symbol = tuple[str, str]  # ("char", c) | ("one", "") | ("run", "")


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- patterns -----------------------------------------------------------------------------


def glob(pattern: list[Symbol], text: str) -> bool:
    """Match by a table of prefixes: row i, column j, whether pattern[:i] matches text[:j]."""
    table = [[False] * (len(text) + 1) for _ in range(len(pattern) + 1)]
    table[0][0] = True
    for i, (kind, char) in enumerate(pattern, start=1):
        for j in range(len(text) + 1):
            if kind == "run":
                table[i][j] = table[i - 1][j] or (j > 0 and table[i][j - 1])
            elif j > 0:
                table[i][j] = table[i - 1][j - 1] and (kind == "one" or char == text[j - 1])
    return table[-1][-1]


def symbols(text: str, context: Context, *, wild: bool, variables: bool) -> list[Symbol] | None:
    """Return the pattern with its variables filled in; None when one has no value."""
    out: list[Symbol] = []
    while text:
        if variables and text.startswith("${"):
            inside, _, text = text[2:].partition("}")
            value = inside if inside in {"*", "?", "$"} else lookup(inside, context)
            if value is None:
                return None
            out += [("char", char) for char in value]
        elif wild and text[0] in "*?":
            out.append(("run" if text[0] == "*" else "one", ""))
            text = text[1:]
        else:
            out.append(("char", text[0]))
            text = text[1:]
    return out


def lookup(inside: str, context: Context) -> str | None:
    key, comma, default = inside.partition(", ")
    values = context.get(key.lower(), [])
    if len(values) == 1:
        return values[0]
    return default.strip("'") if comma else None


def plain(pattern: list[Symbol]) -> str:
    return "".join(char for _, char in pattern)


# --- condition operators ------------------------------------------------------------------


class BrokenError(Exception):
    """The policy's value is not of the operator's kind."""


def number(text: str) -> Decimal | None:
    digits = text.lstrip("+-").replace(".", "", 1)
    return Decimal(text) if digits.isascii() and digits.isdigit() else None


def instant(text: str) -> Decimal | None:
    if number(text) is not None:
        return number(text)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return Decimal((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(seconds=1))


def address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def in_block(value: str, block: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(block, strict=False)
    except ValueError as exc:
        raise BrokenError from exc


def arn(text: str) -> str | None:
    return text if text.count(":") >= 5 else None


def decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


READERS: list[tuple[str, Any]] = [
    ("string", str),
    ("numeric", number),
    ("date", instant),
    ("bool", truth),
    ("binaryequals", decoded),
    ("ipaddress", address),
    ("notipaddress", address),
    ("arn", arn),
]


def reader(op: str) -> tuple[str, Any]:
    return next(row for row in READERS if op.startswith(row[0]))


def related(name: str, left: Decimal, right: Decimal) -> bool:
    order = (left > right) - (left < right)
    return {
        "equals": order == 0,
        "notequals": order == 0,
        "lessthan": order < 0,
        "lessthanequals": order <= 0,
        "greaterthan": order > 0,
        "greaterthanequals": order >= 0,
    }[name]


def arn_parts(pattern: list[Symbol]) -> list[list[Symbol]]:
    parts: list[list[Symbol]] = [[]]
    for symbol in pattern:
        if symbol == ("char", ":") and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(symbol)
    return parts


def compare(op: str, wanted: str, value: str, context: Context, *, variables: bool) -> bool:
    """Tell whether one request value meets one policy value, for the positive operator."""
    if op.startswith("string"):
        pattern = symbols(wanted, context, wild="like" in op, variables=variables)
        if pattern is None:
            return False
        if "ignorecase" in op:
            return plain(pattern).lower() == value.lower()
        return glob(pattern, value)
    if op.startswith("arn"):
        return compare_arn(wanted, value, context, variables=variables)
    if "ipaddress" in op:
        return in_block(value, wanted)
    prefix, read = reader(op)
    left, right = read(value), read(wanted)
    if right is None:
        raise BrokenError
    if prefix in {"numeric", "date"}:
        return related(op.removeprefix(prefix), left, right)
    return bool(left == right)


def compare_arn(wanted: str, value: str, context: Context, *, variables: bool) -> bool:
    pattern = symbols(wanted, context, wild=True, variables=variables)
    if pattern is None:
        return False
    parts = arn_parts(pattern)
    if len(parts) < 6:
        raise BrokenError
    return all(map(glob, parts, value.split(":", 5)))


def satisfies(
    op: str, wanted: list[str], value: str, context: Context, *, variables: bool, open_: bool
) -> bool:
    negated, strict, broken = "not" in op, op.startswith("arn"), False
    if reader(op)[1](value) is None:
        return negated and open_ and not strict
    for text in wanted:
        try:
            if compare(op, text, value, context, variables=variables):
                return not negated
        except BrokenError:
            broken = True
    if broken:
        return open_ and not strict
    return negated


def holds(
    name: str, key: str, wanted: list[str], context: Context, *, variables: bool, open_: bool
) -> bool:
    """Decide one condition; ``open_`` is the answer where AWS gives none."""
    op = name.lower()
    values = context.get(key.lower(), [])
    if op == "null":
        return any((text.lower() == "true") == (not values) for text in wanted)
    every, some = op.startswith("forallvalues:"), op.startswith("foranyvalue:")
    op = op.split(":")[-1]
    optional = op.endswith("ifexists")
    op = op.removesuffix("ifexists")
    if not values:
        if some:
            return optional and open_
        return optional or every or "not" in op
    answers = [
        satisfies(op, wanted, value, context, variables=variables, open_=open_) for value in values
    ]
    if every:
        return all(answers)
    if some:
        return any(answers)
    return answers[0] if len(values) == 1 else open_


# --- statements ---------------------------------------------------------------------------


def action_matches(patterns: list[str], action: str) -> bool:
    return any(
        glob(symbols(text.lower(), {}, wild=True, variables=False) or [], action.lower())
        for text in patterns
    )


def resource_matches(
    patterns: list[str], names: list[str], context: Context, *, variables: bool
) -> bool | None:
    answers: list[bool | None] = []
    for text in patterns:
        pattern = symbols(text, context, wild=True, variables=variables)
        answers.append(None if pattern is None else any(glob(pattern, name) for name in names))
    if True in answers:
        return True
    return None if None in answers else False


def grants(element: str | Json, who: Json) -> set[str]:
    """Return how a Principal element names the caller: direct, role, account."""
    named: Json = {"AWS": "*"} if isinstance(element, str) else element
    found: set[str] = set()
    for kind, listed in named.items():
        for text in as_list(listed):
            if kind == "Service" and who["type"] == "Service" and text == who["arn"]:
                found.add("direct")
            if kind != "AWS":
                continue
            if text == "*":
                found.add("everyone")
            if who["account"] and text in {who["account"], f"arn:aws:iam::{who['account']}:root"}:
                found.add("account")
            if text == who["arn"] and not text.endswith(":root"):
                found.add("direct")
            if who["type"] == "AssumedRole" and text == who["role"]:
                found.add("role")
    return found


def is_spared(element: str | Json, who: Json) -> bool:
    found = grants(element, who)
    if "everyone" in found:
        return True
    if who["type"] == "AssumedRole":
        return {"account", "role", "direct"} <= found
    return ("account" if who["type"] == "Account" else "direct") in found


def applies(statement: Json, version: str, ask: Json) -> bool:
    variables = version == "2012-10-17"
    context, deny = ask["context"], statement["Effect"] == "Deny"
    if "Action" in statement and not action_matches(as_list(statement["Action"]), ask["action"]):
        return False
    if "NotAction" in statement and action_matches(as_list(statement["NotAction"]), ask["action"]):
        return False
    for name in {"Resource", "NotResource"} & set(statement):
        patterns = as_list(statement[name])
        hit = resource_matches(patterns, ask["resources"], context, variables=variables)
        if name == "Resource" and hit is not True:
            return False
        if name == "NotResource" and (hit is True or (hit is None and not deny)):
            return False
    return all(
        holds(op, key, as_list(wanted), context, variables=variables, open_=deny)
        for op, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def speaks_of(statement: Json, ask: Json) -> bool:
    if "Principal" in statement:
        return bool(grants(statement["Principal"], ask["who"]))
    if "NotPrincipal" in statement:
        return ask["bounded"] or not is_spared(statement["NotPrincipal"], ask["who"])
    return True


# --- the decision -------------------------------------------------------------------------

# name of the kind, then its levels, each a list of (policy name, document)
Level = list[tuple[str, Json]]
Policies = dict[str, list[Level]]

ORDER = ["scp", "rcp", "endpoint", "resource", "trust", "boundary", "session", "identity"]


def applying(level: Level, effect: str, ask: Json) -> list[tuple[str, int, Json]]:
    return [
        (name, number, statement)
        for name, document in level
        for number, statement in enumerate(as_list(document["Statement"]))
        if statement["Effect"] == effect
        and applies(statement, document.get("Version", "2008-10-17"), ask)
        and speaks_of(statement, ask)
    ]


def decide(ask: Json, policies: Policies) -> Reason:
    """Return allowed, explicit, the kind that decided, and the statements that did."""
    if ask["action"].lower() == "sts:getcalleridentity":
        return True, False, None, []
    ask = ask | {"bounded": bool(policies.get("boundary"))}
    denied = {
        kind: [hit for level in policies.get(kind, []) for hit in applying(level, "Deny", ask)]
        for kind in ORDER
    }
    first = next((kind for kind in ORDER if denied[kind]), None)
    if first is not None:
        hits = [(name, number) for kind in ORDER for name, number, _ in denied[kind]]
        return False, True, first, hits
    if ask["action"].lower() == "sts:getsessiontoken":
        return True, False, None, []
    for kind in ORDER:
        levels = policies.get(kind, [])
        if is_needed(kind, ask, policies):
            levels = levels or [[]]
        elif kind in {"resource", "boundary", "session", "identity"}:
            continue
        if not all(applying(level, "Allow", ask) for level in levels):
            return False, False, kind, []
    return allowed(ask, policies)


def allowed(ask: Json, policies: Policies) -> Reason:
    hits = {
        kind: [hit for level in policies.get(kind, []) for hit in applying(level, "Allow", ask)]
        for kind in ["resource", "trust", "identity"]
    }
    matched = [(name, number) for found in hits.values() for name, number, _ in found]
    if is_needed("identity", ask, policies):
        return True, False, "identity", matched
    return True, False, next((kind for kind in hits if hits[kind]), None), matched


def is_needed(kind: str, ask: Json, policies: Policies) -> bool:
    """Tell whether a kind must allow even if no such policy is there."""
    who = ask["who"]
    outside = who["type"] in {"Anonymous", "Service"}
    foreign = ask["owner"] is not None and ask["owner"] != who["account"]
    named: set[str] = set()
    for giving in ["resource", "trust"]:
        for level in policies.get(giving, []):
            for _, _, statement in applying(level, "Allow", ask):
                named |= grants(statement["Principal"], who)
    by_itself = bool(named & {"direct", "everyone"}) and not foreign
    if kind == "resource":
        return (outside or foreign) and not policies.get("trust")
    if kind == "boundary":
        return bool(policies.get(kind)) and not outside and not by_itself
    if kind == "session":
        given = bool(policies.get(kind)) or who["type"] == "FederatedUser"
        return given and not outside and not by_itself
    if kind == "identity":
        by_role = "role" in named and not foreign
        return not outside and not by_itself and not by_role and who["type"] != "Account"
    return False
