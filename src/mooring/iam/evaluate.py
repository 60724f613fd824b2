"""The decision: all policies that bear on a request, and what they make of it together.

1. Any Deny that applies, in any policy, denies.
2. Every service control and resource control level, and the endpoint's policy, must allow.
3. In the caller's own account a resource policy may grant by itself, depending on whom it
   names (see ``Grant``); across accounts it must allow and the caller's side must allow too.
   A role's trust policy must always allow.
4. Identity policies, permissions boundary and session policy must each allow, except where
   step 3 has granted past them. The account's root needs no identity policy.

The first policy kind that denies, in the order of ``_REPORTED``, is the one named.

Source: IAM User Guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.iam.facts import Facts, fold
from mooring.iam.match import Grant, best_grant, covers_any, is_listed, match_resources
from mooring.iam.policy import Effect, Policy, PolicyKind, Statement
from mooring.iam.principal import Principal, PrincipalType

__all__ = ["Decision", "Match", "PolicySet", "PolicySource", "Request", "decide", "groups"]

_UNCONDITIONAL = {"sts:getcalleridentity"}
_FREE = {"sts:getsessiontoken"}
_OUTSIDERS = {PrincipalType.ANONYMOUS, PrincipalType.SERVICE}
_BY_NAME = {PolicyKind.RESOURCE, PolicyKind.TRUST}
_GRANTING = {*_BY_NAME, PolicyKind.IDENTITY}
_NAMING = {*_BY_NAME, PolicyKind.RCP, PolicyKind.ENDPOINT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource.

    Attributes:
        action: as the service spells it, ``ssm:StartSession``.
        resources: the ARNs of *one* resource; messages name the first. ``("*",)`` for none.
        context: exactly the keys that conditions and variables may see; nothing is added.
        resource_account: the owner; None when the resource belongs to the caller's account
            or to nobody.
    """

    action: str
    resources: tuple[str, ...]
    principal: Principal
    context: Mapping[str, tuple[str, ...]]
    resource_account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """A policy and where it comes from.

    Attributes:
        name: ARN of a managed policy, name of an inline one.
        type: what it is attached to, in the words of simulations: ``user``, ``role``, …
        owner: the name of that user, group or role.
    """

    name: str
    type: str = ""
    owner: str = ""
    policy: Policy


Sources = tuple[PolicySource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """Every policy that bears on a request.

    Attributes:
        identity: of the user and its groups, or of the role.
        session: the policies given with the session; together they are one limit, and
            empty means that none was given.
        trust: of the role that sts:AssumeRole asks for.
        scps: per level (root, units, account) the policies attached there; empty for none.
        rcps: likewise, of the resource's account.
    """

    identity: Sources = ()
    boundary: PolicySource | None = None
    session: Sources = ()
    resource: PolicySource | None = None
    trust: PolicySource | None = None
    scps: tuple[Sources, ...] = ()
    rcps: tuple[Sources, ...] = ()
    endpoint: PolicySource | None = None

    def sources(self) -> Iterator[PolicySource]:
        """Yield each policy."""
        yield from self.identity
        yield from self.session
        for level in (*self.scps, *self.rcps):
            yield from level
        for single in (self.boundary, self.resource, self.trust, self.endpoint):
            if single is not None:
                yield single


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A statement that applied, by its number in its policy."""

    source: PolicySource
    statement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer and its reasons.

    Attributes:
        explicit: a Deny applied; false for a missing Allow.
        policy_type: the kind that decided: that denied, or that allowed (None where no
            policy had to: the root, and calls that need no permission).
        matched: the Deny statements of an explicit deny; the Allow statements of identity,
            resource and trust policies of an allow; empty for an implicit deny.
    """

    allowed: bool
    explicit: bool = False
    policy_type: PolicyKind | None = None
    matched: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class _Finding:
    """What the policies of one kind (of one level) say."""

    kind: PolicyKind
    denies: tuple[Match, ...]
    allows: tuple[Match, ...]
    grant: Grant


def decide(request: Request, policies: PolicySet) -> Decision:
    """Decide one action on one resource; asks again for each resource a call needs."""
    action = request.action.lower()
    if action in _UNCONDITIONAL:
        return Decision(allowed=True)
    findings = _find_all(request, action, policies)
    denies = [finding for finding in findings if finding.denies]
    if denies:
        matched = tuple(match for finding in denies for match in finding.denies)
        return Decision(allowed=False, explicit=True, policy_type=denies[0].kind, matched=matched)
    if action in _FREE:
        return Decision(allowed=True)
    needed = _needed_kinds(request, findings)
    for finding in findings:
        if finding.kind in needed and not finding.allows:
            return Decision(allowed=False, policy_type=finding.kind)
    return _allowed(findings, needed)


def _allowed(findings: list[_Finding], needed: set[PolicyKind]) -> Decision:
    granting = [finding for finding in findings if finding.kind in _GRANTING and finding.allows]
    # The identity policies decide where they had to; otherwise whoever made them needless.
    decided = PolicyKind.IDENTITY if PolicyKind.IDENTITY in needed else None
    if decided is None and granting:
        decided = granting[0].kind
    matched = tuple(match for finding in granting for match in finding.allows)
    return Decision(allowed=True, policy_type=decided, matched=matched)


def _needed_kinds(request: Request, findings: list[_Finding]) -> set[PolicyKind]:
    """Return the kinds of which every finding must allow."""
    principal = request.principal
    outside = principal.type in _OUTSIDERS
    foreign = request.resource_account not in {None, principal.account_id}
    needed = {PolicyKind.SCP, PolicyKind.RCP, PolicyKind.ENDPOINT, PolicyKind.TRUST}
    # A role's trust policy is the role's resource policy: where it speaks, no other need.
    trusted = any(finding.kind is PolicyKind.TRUST for finding in findings)
    if (outside or foreign) and not trusted:
        needed.add(PolicyKind.RESOURCE)
    grant = max((finding.grant for finding in findings), default=Grant.NONE)
    past = Grant.NONE if foreign else grant
    if not outside and past is not Grant.DIRECT:
        needed |= {PolicyKind.BOUNDARY, PolicyKind.SESSION}
    if not outside and past < Grant.ROLE and principal.type is not PrincipalType.ACCOUNT:
        needed.add(PolicyKind.IDENTITY)
    return needed


def groups(request: Request, policies: PolicySet) -> Iterator[tuple[PolicyKind, Sources]]:
    """Yield what must be asked, in the order in which a denial is reported."""
    principal = request.principal
    for level in policies.scps:
        yield PolicyKind.SCP, level
    for level in policies.rcps:
        yield PolicyKind.RCP, level
    if policies.endpoint is not None:
        yield PolicyKind.ENDPOINT, (policies.endpoint,)
    yield PolicyKind.RESOURCE, () if policies.resource is None else (policies.resource,)
    if policies.trust is not None:
        yield PolicyKind.TRUST, (policies.trust,)
    if policies.boundary is not None:
        yield PolicyKind.BOUNDARY, (policies.boundary,)
    if policies.session or principal.type is PrincipalType.FEDERATED_USER:
        yield PolicyKind.SESSION, policies.session
    yield PolicyKind.IDENTITY, policies.identity


def _find_all(request: Request, action: str, policies: PolicySet) -> list[_Finding]:
    question = _Question(
        request=request,
        action=action,
        names=request.resources,
        facts=fold(request.context),
        bounded=policies.boundary is not None,
    )
    return [_find(kind, sources, question) for kind, sources in groups(request, policies)]


@dataclass(frozen=True, slots=True)
class _Question:
    """A request, prepared once for all policies."""

    request: Request
    action: str
    names: tuple[str, ...]
    facts: Facts
    bounded: bool


def _find(kind: PolicyKind, sources: Sources, question: _Question) -> _Finding:
    denies: list[Match] = []
    allows: list[Match] = []
    best = Grant.NONE
    naming = kind in _NAMING
    for source in sources:
        for number, statement in _candidates(source.policy, question):
            if not _applies(statement, question):
                continue
            grant = _grant(statement, question) if naming else Grant.DIRECT
            if grant is Grant.NONE:
                continue
            match = Match(source=source, statement=number)
            if statement.effect is Effect.DENY:
                denies.append(match)
            else:
                allows.append(match)
                best = max(best, grant)
    granted = best if kind in _BY_NAME else Grant.NONE
    return _Finding(kind, tuple(denies), tuple(allows), granted)


def _candidates(policy: Policy, question: _Question) -> list[tuple[int, Statement]]:
    """Rule out at one look, by both ends of the name, what speaks of other resources."""
    entries = policy.entries(question.action)
    found: list[tuple[int, Statement]] = []
    for name in question.names:
        begins, ends = name.startswith, name.endswith
        hits = [
            (number, statement)
            for heads, tails, number, statement in entries
            if begins(heads) and ends(tails)
        ]
        # Another name of the same resource; numbers differ, so that no statements are compared.
        found = hits if not found else sorted({**dict(found), **dict(hits)}.items())
    return found


def _grant(statement: Statement, question: _Question) -> Grant:
    """Return what the statement's principals do for the caller; NONE when not named."""
    principal = question.request.principal
    if statement.principals:
        return best_grant(statement.principals, principal, question.facts)
    # NotPrincipal, which only a Deny may have; a boundary hides the caller from its list.
    spared = is_listed(statement.not_principals, principal, question.facts)
    return Grant.NONE if spared and not question.bounded else Grant.DIRECT


def _applies(statement: Statement, question: _Question) -> bool:
    facts = question.facts
    if statement.resources:
        if not covers_any(statement.resources, question.names, facts):
            return False
    elif statement.not_resources and not _is_beside(statement, question):
        return False
    for condition in statement.conditions:  # noqa: SIM110 - a generator costs more than the loop
        if not condition.holds(facts):
            return False
    return True


def _is_beside(statement: Statement, question: _Question) -> bool:
    """Tell whether ``NotResource`` leaves the resource to the statement."""
    excluded = match_resources(statement.not_resources, question.names, question.facts)
    # A variable without value leaves it open: that counts against the caller.
    return statement.effect is Effect.DENY if excluded is None else not excluded
