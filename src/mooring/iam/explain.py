"""Why a decision is what it is: the statements that speak, what it hangs on, and what is missing.

Source of the order in which kinds of policy are told: as ``evaluate`` reports denials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mooring.iam.evaluate import Match
from mooring.iam.explain_text import condition_text, leaf_text
from mooring.iam.facts import Facts, fold
from mooring.iam.match import covers_any
from mooring.iam.policy import Effect, PolicyKind, Statement
from mooring.iam.reach import Finding, Knowledge, Partial
from mooring.iam.reach_formula import NO, YES, Formula, Verdict, every, requirements, verdict
from mooring.iam.reach_request import NOTHING_GIVEN, Subject, Thing, open_keys, request_of

__all__ = ["Explanation", "NearMiss", "Said", "explain", "near_misses"]

_MOST_NEAR = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A statement that applies (``yes``) or may apply (``only-if``)."""

    match: Match
    kind: PolicyKind
    verdict: Verdict

    @property
    def statement(self) -> Statement:
        """The statement itself."""
        return self.match.source.policy.statements[self.match.statement]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A statement that speaks of the action and would allow it, but for ``because``."""

    match: Match
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An answer and its reasons.

    Attributes:
        requirements: what must all be so; empty unless the answer is ``only-if``.
        said: the statements that make it; of a denial, those that deny.
        denied_by: the kind that is told to a caller who is denied; None otherwise.
        is_explicit: a Deny applies for certain.
        lacking: the kinds that must allow and cannot, in that order.
    """

    verdict: Verdict
    formula: Formula
    requirements: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    denied_by: PolicyKind | None = None
    is_explicit: bool = False
    lacking: tuple[PolicyKind, ...] = ()


def explain(partials: Sequence[Partial], formula: Formula | None = None) -> Explanation:
    """Explain decisions that are needed together.

    Args:
        partials: these decisions.
        formula: how they are joined; None where all must allow.
    """
    whole = every(partial.formula for partial in partials) if formula is None else formula
    answer = verdict(whole)
    if answer is Verdict.NO:
        return _denial(next(p for p in partials if p.formula is NO), whole)
    said = {
        (one.match.source.name, one.match.statement, one.kind): one
        for partial in partials
        for one in _speaking(partial)
    }
    told = requirements(whole, leaf_text) if answer is Verdict.ONLY_IF else ()
    return Explanation(verdict=answer, formula=whole, requirements=told, said=tuple(said.values()))


def _denial(partial: Partial, whole: Formula) -> Explanation:
    denying = [
        Said(match=match, kind=finding.kind, verdict=Verdict.YES)
        for finding in partial.findings
        for match, formula in finding.denies
        if formula is YES
    ]
    lacking = tuple(dict.fromkeys(finding.kind for finding in _lacking(partial)))
    kinds = [said.kind for said in denying] or list(lacking)
    return Explanation(
        verdict=Verdict.NO,
        formula=whole,
        said=tuple(denying),
        denied_by=kinds[0] if kinds else None,
        is_explicit=bool(denying),
        lacking=lacking,
    )


def _lacking(partial: Partial) -> Iterator[Finding]:
    for finding in partial.findings:
        if finding.kind in partial.needed and not finding.allows:
            yield finding


def _speaking(partial: Partial) -> Iterator[Said]:
    for finding in partial.findings:
        is_needed = finding.kind in partial.needed
        pairs = [*finding.denies, *(finding.allows if is_needed else ())]
        if finding.kind in {PolicyKind.RESOURCE, PolicyKind.TRUST}:
            pairs = [*finding.denies, *finding.allows]
        for match, formula in pairs:
            yield Said(match=match, kind=finding.kind, verdict=verdict(formula))


def near_misses(
    subject: Subject, thing: Thing, given: Facts = NOTHING_GIVEN
) -> tuple[NearMiss, ...]:
    """Return the Allow statements of identity policies on the action, each with what it lacks.

    Args:
        subject: who is denied.
        thing: what.
        given: as ``reach_request.ask`` takes it.
    """
    facts, knowledge = fold(request_of(subject, thing, given).context), open_keys(subject, given)
    found: list[NearMiss] = []
    for source in subject.policies.identity:
        for number, statement in source.policy.on(thing.action.lower()):
            because = _lacks(statement, thing, facts, knowledge)
            if statement.effect is Effect.ALLOW and because:
                match = Match(source=source, statement=number)
                found.append(NearMiss(match=match, because=because))
    return tuple(found[:_MOST_NEAR])


def _lacks(statement: Statement, thing: Thing, facts: Facts, knowledge: Knowledge) -> str:
    """Say what keeps a statement from applying; empty when nothing known does."""
    if not _covers(statement, thing, facts):
        listed = statement.resources or statement.not_resources
        patterns = " or ".join(f"`{pattern.text}`" for pattern in listed)
        word = "like" if statement.resources else "not like"
        return f"it is for resources {word} {patterns}, not for `{thing.names[0]}`"
    for condition in statement.conditions:
        if not knowledge.is_open(condition.key) and not condition.holds(facts):
            values = facts.get(condition.key)
            now = " and ".join(f"`{value}`" for value in values) if values else "missing"
            return f"it asks that {condition_text(condition)}, and {condition.key} is {now}"
    return ""


def _covers(statement: Statement, thing: Thing, facts: Facts) -> bool:
    if statement.resources:
        return covers_any(statement.resources, thing.names, facts)
    return not covers_any(statement.not_resources, thing.names, facts)
