"""Who gets to a role by taking it, over how many steps: the ways through AssumeRole.

The search goes backwards from the roles that reach the goal, so that an account's many other roles
cost nothing, and it ends after ``MOST_STEPS``. Whoever a trust policy lets in from outside the
account (other accounts, services, identity providers) cannot be asked; they are listed by name.

Source: IAM User Guide, "Roles terms and concepts" (role chaining); AWS STS API, AssumeRole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mooring.iam.evaluate import PolicySource
from mooring.iam.facts import Facts
from mooring.iam.match import PrincipalForm, PrincipalPattern
from mooring.iam.policy import Effect
from mooring.iam.reach import Partial
from mooring.iam.reach_formula import NO
from mooring.iam.reach_request import NOTHING_GIVEN, Subject, Thing, ask

__all__ = ["MOST_STEPS", "Outsider", "Step", "Way", "outsiders", "taking", "ways_to"]

MOST_STEPS = 3
_MOST_WAYS = 16
"""Of one principal; the shortest are kept."""

_TAKES = ("sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml")
_TAKE = "sts:assumerole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One role is taken."""

    role: Subject
    partial: Partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From a principal to a role that reaches the goal, one step at least."""

    steps: tuple[Step, ...]

    @property
    def role(self) -> Subject:
        """The role at its end."""
        return self.steps[-1].role


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """A name in a trust policy that is nobody's of the account; everybody is ``*``."""

    name: str
    form: PrincipalForm
    role: Subject


def taking(role: Subject, tags: Mapping[str, str], region: str) -> Thing:
    """Return what it is to take a role."""
    arn = role.arn
    return Thing(
        action="sts:AssumeRole",
        names=(arn,),
        region=region,
        account_id=role.principal.account_id,
        tags=tags,
        extra={f"iam:ResourceTag/{key}": (value,) for key, value in tags.items()},
        trust=role.trust,
    )


def ways_to(
    goals: Iterable[Subject],
    subjects: Sequence[Subject],
    thing_of: Callable[[Subject], Thing],
    given: Facts = NOTHING_GIVEN,
) -> dict[str, tuple[Way, ...]]:
    """Find the ways of each principal to the roles that reach the goal.

    Args:
        goals: these roles.
        subjects: every user and role of the account.
        thing_of: what it is to take a role.
        given: as ``reach_request.ask`` takes it.

    Returns:
        The ways by the principal's ARN, shortest first.
    """
    takers = _Takers(subjects)
    found: dict[str, tuple[Way, ...]] = {}
    reached = [(role, Way(steps=())) for role in goals]
    seen = {role.arn for role, _ in reached}
    for _ in range(MOST_STEPS):
        further: list[tuple[Subject, Way]] = []
        for role, rest in reached:
            thing = thing_of(role)
            for subject in takers.of(role):
                if len(found.get(subject.arn, ())) >= _MOST_WAYS:
                    continue
                partial = ask(subject, thing, given)
                if partial.formula is NO:
                    continue
                way = Way(steps=(Step(role=role, partial=partial), *rest.steps))
                found[subject.arn] = (*found.get(subject.arn, ()), way)
                if subject.trust is not None and subject.arn not in seen:
                    seen.add(subject.arn)
                    further.append((subject, way))
        reached = further
    return found


class _Takers:
    """Rules out at a glance what most principals are: nobody whom a role or a policy speaks of."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._subjects = subjects
        self._allowed = [(subject, heads) for subject in subjects if (heads := _heads(subject))]

    def of(self, role: Subject) -> list[Subject]:
        """Return who may be able to take a role, each once."""
        named = [] if role.trust is None else self._named(_trusted(role.trust))
        allowed = [subject for subject, heads in self._allowed if role.arn.startswith(heads)]
        return [
            subject
            for arn, subject in {one.arn: one for one in (*allowed, *named)}.items()
            if arn != role.arn
        ]

    def _named(self, patterns: Sequence[PrincipalPattern]) -> list[Subject]:
        """Return whom a trust policy names: itself, its unique id or sessions of it."""
        if any(pattern.form is PrincipalForm.EVERYONE for pattern in patterns):
            return list(self._subjects)
        values = {
            pattern.value.rpartition("/")[0] + "/"
            if pattern.form is PrincipalForm.SESSION
            else pattern.value
            for pattern in patterns
        }
        return [subject for subject in self._subjects if values & _own_names(subject)]


def _heads(subject: Subject) -> tuple[str, ...]:
    """Return how the roles begin that the subject's own policies may let it take."""
    return tuple(
        head
        for source in subject.policies.identity
        for _, statement in source.policy.on(_TAKE)
        if statement.effect is Effect.ALLOW
        for head in statement.heads
    )


def _own_names(subject: Subject) -> set[str]:
    principal = subject.principal
    return {
        principal.principal_arn,
        principal.user_id.partition(":")[0],
        principal.arn.rpartition("/")[0] + "/",
    }


def _trusted(trust: PolicySource) -> list[PrincipalPattern]:
    numbers = {number for action in _TAKES for number, _ in trust.policy.on(action)}
    statements = [trust.policy.statements[number] for number in sorted(numbers)]
    return [
        pattern
        for statement in statements
        if statement.effect is Effect.ALLOW
        for pattern in statement.principals
    ]


def outsiders(roles: Iterable[Subject]) -> tuple[Outsider, ...]:
    """Return whom the trust policies of roles let in from outside the account, each once."""
    found: dict[tuple[str, str], Outsider] = {}
    for role in roles:
        if role.trust is None:
            continue
        for pattern in _trusted(role.trust):
            if _is_outside(pattern, role.principal.account_id):
                outsider = Outsider(name=pattern.value, form=pattern.form, role=role)
                found[(pattern.value, role.arn)] = outsider
    return tuple(found.values())


def _is_outside(pattern: PrincipalPattern, account_id: str) -> bool:
    if pattern.form in {PrincipalForm.EVERYONE, PrincipalForm.SERVICE, PrincipalForm.PROVIDER}:
        return True
    if pattern.form is PrincipalForm.ACCOUNT:
        return pattern.value != account_id
    return pattern.value.startswith("arn:") and pattern.value.split(":")[4] != account_id
