"""The decision before all facts are in: the same policies, read with some keys left open.

What is known of a request (the principal, the resource, their tags) decides what it can; a
condition, variable or principal that waits for an open key stays as a leaf. The steps are those
of ``evaluate``, sentence by sentence: for any values of the open keys, the formula is true
exactly where ``decide`` allows.

Source: as ``evaluate``; that both agree is held by a test over random policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mooring.iam.conditions import Condition
from mooring.iam.evaluate import Match, PolicySet, PolicySource, Request, groups
from mooring.iam.facts import Facts, fold
from mooring.iam.match import (
    Grant,
    PrincipalForm,
    PrincipalPattern,
    ResourcePattern,
    best_grant,
    is_listed,
    match_resources,
)
from mooring.iam.policy import Effect, PolicyKind, Statement
from mooring.iam.principal import Principal, PrincipalType
from mooring.iam.reach_formula import NO, YES, Formula, every, negate, some

__all__ = [
    "ANY_SESSION",
    "ConditionLeaf",
    "Finding",
    "Knowledge",
    "Partial",
    "PrincipalLeaf",
    "ResourceLeaf",
    "decide_partly",
]

ANY_SESSION = "*"
"""The session name of a role session that may have any: no real name holds a star."""

Known = tuple[tuple[str, tuple[str, ...]], ...]
"""The facts that a leaf reads besides those it waits for."""

_UNCONDITIONAL = "sts:getcalleridentity"
_FREE = "sts:getsessiontoken"
_OUTSIDERS = {PrincipalType.ANONYMOUS, PrincipalType.SERVICE}
_BY_NAME = {PolicyKind.RESOURCE, PolicyKind.TRUST}
_NAMING = {*_BY_NAME, PolicyKind.RCP, PolicyKind.ENDPOINT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Which keys are open: any value, or none, may come for them. All others are as given.

    Attributes:
        keys: in lower case.
        prefixes: likewise; every key that begins with one is open.
        closed: likewise; these are not open in spite of the others.
    """

    keys: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    closed: frozenset[str] = frozenset()

    def is_open(self, key: str) -> bool:
        """Tell whether a key, in lower case, may have any value."""
        return key not in self.closed and (key in self.keys or key.startswith(self.prefixes))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionLeaf:
    """A condition that waits; ``known`` are the facts it is read with besides."""

    condition: Condition
    match: Match = field(compare=False)
    known: Known

    def __hash__(self) -> int:
        # The whole condition, hashed again for every formula it stands in, would cost the most.
        return hash((self.condition.key, self.condition.values))

    def holds(self, facts: Facts) -> bool:
        """Tell whether the request satisfies it."""
        return self.condition.holds({**dict(self.known), **facts})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLeaf:
    """Resource patterns with variables that wait. ``negated`` for ``NotResource``."""

    patterns: tuple[ResourcePattern, ...]
    names: tuple[str, ...]
    negated: bool
    effect: Effect
    match: Match = field(compare=False)
    known: Known

    def holds(self, facts: Facts) -> bool:
        """Tell whether the statement covers the resource."""
        covered = match_resources(self.patterns, self.names, {**dict(self.known), **facts})
        if not self.negated:
            return covered is True
        return self.effect is Effect.DENY if covered is None else not covered


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalLeaf:
    """A principal element that names one session of the caller's role, or a provider."""

    patterns: tuple[PrincipalPattern, ...]
    negated: bool
    least: Grant
    principal: Principal
    match: Match = field(compare=False)
    known: Known

    def holds(self, facts: Facts) -> bool:
        """Tell whether the caller is named (not spared, where ``negated``)."""
        merged = {**dict(self.known), **facts}
        principal = _named(self.principal, merged)
        if self.negated:
            return not is_listed(self.patterns, principal, merged)
        return best_grant(self.patterns, principal, merged) >= self.least


def _named(principal: Principal, facts: Facts) -> Principal:
    """Return the session that the user id of the facts belongs to."""
    if principal.session_name != ANY_SESSION:
        return principal
    role_id, _, name = facts.get("aws:userid", ("",))[0].partition(":")
    return Principal.role_session(principal.principal_arn, name, role_id=role_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the policies of one kind, of one level, say: each statement with what it hangs on."""

    kind: PolicyKind
    denies: tuple[tuple[Match, Formula], ...]
    allows: tuple[tuple[Match, Formula], ...]
    direct: Formula = NO
    role: Formula = NO

    @property
    def allowed(self) -> Formula:
        """What must be so for an Allow to apply."""
        return some(formula for _, formula in self.allows)

    @property
    def denied(self) -> Formula:
        """What must be so for a Deny to apply."""
        return some(formula for _, formula in self.denies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """A decision in waiting, and what it is made of, in the order in which denials are told.

    Attributes:
        needed: the kinds of which every finding must allow.
    """

    formula: Formula
    findings: tuple[Finding, ...] = ()
    needed: frozenset[PolicyKind] = frozenset()


@dataclass(frozen=True, slots=True)
class _Question:
    request: Request
    action: str
    facts: Facts
    knowledge: Knowledge
    bounded: bool


def decide_partly(request: Request, knowledge: Knowledge, policies: PolicySet) -> Partial:
    """Decide as far as the facts reach.

    Args:
        request: its context holds what is known; values of open keys in it are ignored. A role
            session of any name has the session name ``ANY_SESSION``.
        knowledge: which keys are open.
        policies: all that bear on the request.
    """
    action = request.action.lower()
    if action == _UNCONDITIONAL:
        return Partial(formula=YES)
    facts = {
        key: values for key, values in fold(request.context).items() if not knowledge.is_open(key)
    }
    question = _Question(request, action, facts, knowledge, policies.boundary is not None)
    findings = [_find(kind, sources, question) for kind, sources in groups(request, policies)]
    undenied = every(negate(finding.denied) for finding in findings if finding.denies)
    if action == _FREE:
        return Partial(formula=undenied, findings=tuple(findings))
    allowed, needed = _allowed(request, findings)
    formula = NO if undenied is NO else every((undenied, allowed))
    return Partial(formula=formula, findings=tuple(findings), needed=needed)


def _allowed(request: Request, findings: list[Finding]) -> tuple[Formula, frozenset[PolicyKind]]:
    principal = request.principal
    outside = principal.type in _OUTSIDERS
    foreign = request.resource_account not in {None, principal.account_id}
    trusted = any(finding.kind is PolicyKind.TRUST for finding in findings)
    direct, role = NO, NO
    naming = [finding for finding in findings if finding.kind in _BY_NAME and finding.allows]
    if naming and not foreign:
        direct = some(finding.direct for finding in naming)
        role = some(finding.role for finding in naming)
    if outside:
        direct = YES
    if principal.type is PrincipalType.ACCOUNT:
        role = YES
    past = {
        PolicyKind.RESOURCE: NO if (outside or foreign) and not trusted else YES,
        PolicyKind.BOUNDARY: direct,
        PolicyKind.SESSION: direct,
        PolicyKind.IDENTITY: direct if role is NO else some((direct, role)),
    }
    parts: list[Formula] = []
    needed: set[PolicyKind] = set()
    for finding in findings:
        beyond = past.get(finding.kind, NO)
        if beyond is not YES:
            needed.add(finding.kind)
            allowed = finding.allowed
            parts.append(allowed if beyond is NO else some((beyond, allowed)))
    return every(parts), frozenset(needed)


def _find(kind: PolicyKind, sources: Iterable[PolicySource], question: _Question) -> Finding:
    denies: list[tuple[Match, Formula]] = []
    allows: list[tuple[Match, Formula]] = []
    direct: list[Formula] = []
    role: list[Formula] = []
    for source in sources:
        for number, statement in source.policy.on(question.action):
            match = Match(source=source, statement=number)
            applies = _applies(statement, match, question)
            if applies is NO:
                continue
            least = Grant.ACCOUNT
            if kind in _NAMING:
                named = _names(statement, match, question, least)
                if statement.effect is Effect.ALLOW and kind in _BY_NAME:
                    strong = _names(statement, match, question, Grant.ROLE)
                    direct.append(
                        every((applies, _names(statement, match, question, Grant.DIRECT)))
                    )
                    role.append(every((applies, strong)))
                applies = every((applies, named))
            if applies is not NO:
                (denies if statement.effect is Effect.DENY else allows).append((match, applies))
    return Finding(
        kind=kind,
        denies=tuple(denies),
        allows=tuple(allows),
        direct=some(direct) if direct else NO,
        role=some(role) if role else NO,
    )


def _names(statement: Statement, match: Match, question: _Question, least: Grant) -> Formula:
    """Say when the statement names the caller, or does not spare it."""
    request, facts = question.request, question.facts
    patterns = statement.principals or statement.not_principals
    negated = not statement.principals
    if negated and question.bounded:
        return YES
    if _waits(patterns, request.principal, question.knowledge):
        return PrincipalLeaf(
            patterns=patterns,
            negated=negated,
            least=least,
            principal=request.principal,
            match=match,
            known=_part(facts, ("aws:federatedprovider", "aws:userid")),
        )
    if negated:
        return NO if is_listed(patterns, request.principal, facts) else YES
    return YES if best_grant(patterns, request.principal, facts) >= least else NO


def _waits(
    patterns: Iterable[PrincipalPattern], principal: Principal, knowledge: Knowledge
) -> bool:
    """Tell whether naming hangs on the session's name, or on who vouched for the caller."""
    any_session = principal.session_name == ANY_SESSION
    own = principal.arn.rpartition("/")[0] + "/"
    for pattern in patterns:
        if pattern.form is PrincipalForm.SESSION and any_session:
            if pattern.value.startswith(own):
                return True
        elif pattern.form is PrincipalForm.PROVIDER and knowledge.is_open("aws:federatedprovider"):
            return True
    return False


def _applies(statement: Statement, match: Match, question: _Question) -> Formula:
    covered = _covers(statement, match, question)
    if covered is NO:
        return NO
    parts: list[Formula] = [covered]
    for condition in statement.conditions:
        if _is_open(condition, question.knowledge):
            known = _part(question.facts, {condition.key, *condition.refers_to})
            parts.append(ConditionLeaf(condition=condition, match=match, known=known))
        elif not condition.holds(question.facts):
            return NO
    return every(parts)


def _is_open(condition: Condition, knowledge: Knowledge) -> bool:
    if knowledge.is_open(condition.key):
        return True
    return any(knowledge.is_open(key) for key in condition.refers_to)


def _covers(statement: Statement, match: Match, question: _Question) -> Formula:
    names, facts = question.request.resources, question.facts
    patterns = statement.resources or statement.not_resources
    negated = not statement.resources
    if not patterns:
        return YES
    if not any(
        name.startswith(statement.heads) and name.endswith(statement.tails) for name in names
    ):
        return NO
    covered: bool | None = False
    is_waiting = False
    for pattern in patterns:
        if pattern.fixed is None and _waits_for(pattern, question.knowledge):
            is_waiting = True
            continue
        found = match_resources((pattern,), names, facts)
        if found is True:
            return NO if negated else YES
        covered = None if found is None else covered
    if is_waiting:
        return ResourceLeaf(
            patterns=patterns,
            names=names,
            negated=negated,
            effect=statement.effect,
            match=match,
            known=_part(
                facts, (key for pattern in patterns for key in pattern.template.variables())
            ),
        )
    if not negated:
        return NO
    return YES if covered is False or statement.effect is Effect.DENY else NO


def _waits_for(pattern: ResourcePattern, knowledge: Knowledge) -> bool:
    """Tell whether an open key stands in the pattern as a variable."""
    return any(knowledge.is_open(key) for key in pattern.template.variables())


def _part(facts: Facts, keys: Iterable[str]) -> Known:
    return tuple((key, facts[key]) for key in sorted(set(keys)) if key in facts)
