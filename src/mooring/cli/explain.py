"""Who may do what, and why, as a person reads it.

The answers are the server's; here they become lines: what is certain first, then what it hangs
on, what speaks, what lacks, and what to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.cli import fleet
from mooring.cli.client import MOORING, Client

__all__ = ["ContextUnreadable", "Question", "read_context", "who", "who_lines", "why", "why_lines"]

_NODE_ID = re.compile(r"m?i-[0-9a-f]+")
_WORDS = {"yes": "yes", "no": "no", "only-if": "only if"}
_WIDTH = max(map(len, _WORDS.values()))
_TAKES_STATEMENT = {"add": "add", "replace": "put in its place"}

Answer = Mapping[str, Any]
"""What the server said, or a part of it."""


class ContextUnreadable(Exception):
    """A context key was not given as ``key=value``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person asks; empty texts were not given."""

    principal: str
    action: str
    resource: str = ""
    document: str = ""
    context: Sequence[str] = ()


def read_context(given: Sequence[str]) -> list[dict[str, object]]:
    """Read ``key=value`` texts; a key given again has several values.

    Raises:
        ContextUnreadable: one is not in that form.
    """
    facts: dict[str, list[str]] = {}
    for text in given:
        key, is_there, value = text.partition("=")
        if not is_there or ":" not in key:
            raise ContextUnreadable(f"context `{text}`, expected `aws:Key=value`")
        facts.setdefault(key, []).append(value)
    return [{"Key": key, "Values": values} for key, values in facts.items()]


async def why(client: Client, question: Question) -> dict[str, Any]:
    """Ask about one principal, action and resource; a node may go by its name."""
    resource = question.resource
    if resource and ":" not in resource and resource != "*" and not _NODE_ID.fullmatch(resource):
        resource = await fleet.node_id_of(client, resource)
    body: dict[str, object] = {"PrincipalArn": question.principal, "Action": question.action}
    if resource:
        body["Resource"] = resource
    if question.document:
        body["DocumentName"] = question.document
    if question.context:
        body["Context"] = read_context(question.context)
    return await client.call(MOORING, "ExplainAccess", body)


async def who(client: Client, node: str, documents: Sequence[str]) -> dict[str, Any]:
    """Ask who reaches a node, by its id or name; every page of the answer as one."""
    body: dict[str, object] = {"NodeId": await fleet.node_id_of(client, node)}
    if documents:
        body["DocumentNames"] = list(documents)
    whole = await client.call(MOORING, "ListNodeAccess", body)
    token = whole.pop("NextToken", None)
    while token:
        page = await client.call(MOORING, "ListNodeAccess", {**body, "NextToken": token})
        whole["Principals"] += page["Principals"]
        token = page.get("NextToken")
    return whole


def why_lines(answer: Answer) -> Iterator[str]:
    """Tell an explanation."""
    resources = " and ".join(answer["Resources"])
    may = "may not" if answer["Answer"] == "no" else "may"
    yield (
        f"{_WORDS[answer['Answer']]}: {answer['PrincipalArn']} {may} {answer['Action']} "
        f"on {resources}"
    )
    if answer.get("Message"):
        yield f"  {answer['Message']}"
    yield from _listed("only if all of this is so:", answer.get("Requirements", ()))
    said = [_statement(statement) for statement in answer.get("Statements", ())]
    yield from _listed("these statements speak:", said)
    near = [
        f"policy {row['PolicyName']}, statement {row['Number']}: {row['Because']}"
        for row in answer.get("NearMisses", ())
    ]
    yield from _listed("these nearly allow it:", near)
    changes = [
        f"{row['Text']}: {_TAKES_STATEMENT[row['Kind']]} {row['Statement']}"
        for row in answer.get("Changes", ())
    ]
    yield from _listed("to allow it, do all of this:", changes)


def _listed(title: str, rows: Sequence[str]) -> Iterator[str]:
    if rows:
        yield title
        for row in rows:
            yield f"  - {row}"


def _statement(row: Answer) -> str:
    lines = f"line {row['StartPosition']['Line']}"
    owner = f" of {row['AttachedTo']}" if "AttachedTo" in row else ""
    sid = f" `{row['Sid']}`" if "Sid" in row else ""
    doubt = ", if what is above is so" if row["Answer"] == "only-if" else ""
    return (
        f"{row['Effect']} by {row['PolicyKind']} policy {row['PolicyName']}{owner}, "
        f"statement {row['Number']}{sid} ({lines}){doubt}"
    )


def who_lines(access: Answer, *, with_all: bool) -> Iterator[str]:
    """Tell who reaches a node; those who do not, only ``with_all``."""
    yield f"{access['NodeId']} ({access['NodeArn']})"
    left_out = 0
    for row in access["Principals"]:
        lines = list(_principal(row, with_all=with_all))
        left_out += not lines
        yield from lines
    outsiders = list(_outsiders(access.get("Outsiders", ())))
    yield from _listed("whom roles that reach it trust, from outside the account:", outsiders)
    if left_out:
        yield f"{left_out} more may start no session; --all shows them"


def _principal(row: Answer, *, with_all: bool) -> Iterator[str]:
    name = row["PrincipalArn"].partition(":iam::")[2].partition(":")[2] or row["PrincipalArn"]
    groups: dict[tuple[str, str], list[str]] = {}
    for session in row["Sessions"]:
        if session["Answer"] != "no" or with_all:
            groups.setdefault((session["Answer"], _because(session)), []).append(
                session["DocumentName"]
            )
    for (answer, because), documents in groups.items():
        yield f"{_WORDS[answer]:{_WIDTH}}  {name}: {', '.join(documents)}{because}"
    for path in row.get("Paths", ()):
        yield from _path(name, path)


def _because(session: Answer) -> str:
    if session["Answer"] == "no":
        kind = session.get("DeniedBy", "")
        word = "a deny in" if session.get("Explicit") else "nothing allows it in"
        return f" ({word} the {kind} policies)" if kind else ""
    allows = [row for row in session.get("Statements", ()) if row["Effect"] == "Allow"]
    by = ", ".join(
        dict.fromkeys(f"policy {row['PolicyName']} statement {row['Number']}" for row in allows)
    )
    hangs = "; ".join(session.get("Requirements", ()))
    return (f" (by {by})" if by else "") + (f" if {hangs}" if hangs else "")


def _path(name: str, path: Answer) -> Iterator[str]:
    reached: dict[str, list[str]] = {}
    for session in path["Sessions"]:
        if session["Answer"] != "no":
            reached.setdefault(session["Answer"], []).append(session["DocumentName"])
    roles = " -> ".join(step["RoleArn"].rpartition("/")[2] for step in path["Steps"])
    hangs = "; ".join(text for step in path["Steps"] for text in step.get("Requirements", ()))
    for answer, documents in reached.items():
        condition = f" if {hangs}" if hangs else ""
        yield (
            f"{_WORDS[answer]:{_WIDTH}}  {name} taking {roles}: {', '.join(documents)}{condition}"
        )


def _outsiders(rows: Sequence[Answer]) -> Iterator[str]:
    for row in rows:
        role = row["RoleArn"].rpartition("/")[2]
        yield f"{row['Kind']} {row['Name']}, by the role {role}"
