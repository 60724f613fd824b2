"""Which sessions a principal may start on a node: one answer for each session document.

StartSession is asked on the node and on the document, as ``operations.session_questions`` asks it:
without a document's name, and where the site leaves the default document unchecked, the node alone
may do, read with ``ssm:SessionDocumentAccessCheck`` false.

Source: Systems Manager User Guide, "Start a default shell session by specifying the default
session document in IAM policies" and "Enforce a session document permission check".
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from mooring.iam.facts import Facts
from mooring.iam.match import covers_any
from mooring.iam.policy import Statement
from mooring.iam.reach import Partial
from mooring.iam.reach_formula import NO, YES, Formula, every, some
from mooring.iam.reach_request import NOTHING_GIVEN, Subject, Thing, ask

__all__ = ["DocumentFacts", "Part", "Start", "starts", "with_check"]

Part = tuple[Thing, Partial]
"""A question and its answer."""

_Sight = tuple[Hashable, ...]
_NO_FACTS: Facts = {}

_CHECK = "ssm:SessionDocumentAccessCheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """A session document; ``needs_grant`` is false for the default one where it goes unchecked."""

    name: str
    thing: Thing
    needs_grant: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One kind of session.

    Attributes:
        formula: what it hangs on.
        parts: the decisions that it was made of; for a denial, those that deny.
    """

    document: str
    formula: Formula
    parts: tuple[Part, ...]


def starts(
    subject: Subject,
    node: Thing,
    documents: Sequence[DocumentFacts],
    given: Facts = NOTHING_GIVEN,
) -> tuple[Start, ...]:
    """Answer for each document."""
    checked = _asked(subject, with_check(node, "true"), given)
    statements = [
        statement
        for source in subject.policies.sources()
        for _, statement in source.policy.on(node.action.lower())
    ]
    known: dict[_Sight, Start] = {}
    found = []
    for document in documents:
        sight = _sight(statements, document)
        start = known.get(sight)
        if start is None:
            start = _start(subject, document, (with_check(node, "false"), checked), given)
            known[sight] = start
        found.append(replace(start, document=document.name))
    return tuple(found)


def _sight(statements: Sequence[Statement], document: DocumentFacts) -> _Sight:
    """Return all that policies see of a document: what looks alike is answered alike."""
    thing = document.thing
    seen: list[Hashable] = [document.needs_grant, thing.account_id, *sorted(thing.tags.items())]
    for statement in statements:
        patterns = statement.resources or statement.not_resources
        if any(pattern.fixed is None for pattern in patterns):
            seen.append(thing.names)
        else:
            seen.append(covers_any(patterns, thing.names, _NO_FACTS))
    return tuple(seen)


def _start(
    subject: Subject, document: DocumentFacts, node: tuple[Thing, Part], given: Facts
) -> Start:
    if document.needs_grant:
        return _named(subject, document, node[1], given)
    return _implied(subject, document, node, given)


def _named(subject: Subject, document: DocumentFacts, checked: Part, given: Facts) -> Start:
    if checked[1].formula is NO:
        # No document can make up for the node: it need not be asked.
        return Start(document=document.name, formula=NO, parts=(checked,))
    on_document = _asked(subject, with_check(document.thing, "true"), given)
    whole = every((checked[1].formula, on_document[1].formula))
    parts = (on_document,) if whole is NO else (checked, on_document)
    return Start(document=document.name, formula=whole, parts=parts)


def _implied(
    subject: Subject, document: DocumentFacts, node: tuple[Thing, Part], given: Facts
) -> Start:
    bare, checked = node
    unchecked = _asked(subject, bare, given)
    alone = unchecked[1].formula
    if alone is YES:
        return Start(document=document.name, formula=YES, parts=(unchecked,))
    opted_in = _named(subject, document, checked, given)
    whole = some((alone, opted_in.formula))
    if opted_in.formula is NO and alone is not NO:
        parts: tuple[Part, ...] = (unchecked,)
    elif alone is NO:
        parts = opted_in.parts
    else:
        parts = (unchecked, *opted_in.parts)
    return Start(document=document.name, formula=whole, parts=parts)


def _asked(subject: Subject, thing: Thing, given: Facts) -> Part:
    return thing, ask(subject, thing, given)


def with_check(thing: Thing, value: str) -> Thing:
    """Return the question with the key by which policies ask for a document check."""
    extra: Mapping[str, tuple[str, ...]] = {**thing.extra, _CHECK: (value,)}
    return replace(thing, extra=extra)
