"""Why somebody may do something, or may not, and what to change.

A start of a session on a node is asked as StartSession asks it, on the node and on the document;
any other action as one question on one resource. What only a real request would tell is open, as
far as the person who asks does not say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mooring.iam.denial import denial_message
from mooring.iam.evaluate import Decision
from mooring.iam.explain import Explanation, NearMiss, explain, near_misses
from mooring.iam.explain_changes import Change, changes
from mooring.iam.policy import PolicyKind
from mooring.iam.reach_formula import Verdict
from mooring.iam.reach_request import Subject, Thing, ask
from mooring.iam.reach_sessions import Part, Start, starts, with_check
from mooring.iam.simulate import is_action_name
from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.explain_estate import find_subject
from mooring.operations.explain_node import document_facts
from mooring.operations.explain_thing import is_node, thing_of
from mooring.operations.problems import OperationRefused, Problem
from mooring.sessions.document import DEFAULT_DOCUMENT

__all__ = ["Access", "AccessQuestion", "explain_access"]

_START = "ssm:startsession"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessQuestion:
    """May this principal do this to that?

    Attributes:
        resource: an ARN, or a node's id; empty for actions without resource.
        document: of StartSession; empty for the default one.
        context: values of context keys that count as known.
    """

    principal: str
    action: str
    resource: str = ""
    document: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The answer.

    Attributes:
        message: what a denied caller would read; empty unless denied.
        near: statements that would allow it, but for something.
        changes: what turns a denial.
    """

    subject: Subject
    resources: tuple[str, ...]
    explanation: Explanation
    message: str = ""
    near: tuple[NearMiss, ...] = ()
    changes: tuple[Change, ...] = ()


async def explain_access(call: Call, asked: AccessQuestion) -> Access:
    """Explain a decision.

    Raises:
        AccessDenied: they may not ask about this principal.
        OperationRefused: SUBJECT_UNKNOWN, or INVALID_VALUE.
    """
    await require(call, Question(action=call.action, resources=(asked.principal,)))
    if not is_action_name(asked.action):
        raise OperationRefused(
            Problem.INVALID_VALUE, f"action `{asked.action}`, expected `service:Name`"
        )
    account_id = call.caller.account_id
    subject, thing = await call.read(
        lambda tx: (
            find_subject(tx, account_id, asked.principal),
            thing_of(call, tx, asked.action, asked.resource),
        )
    )
    given = {key.lower(): values for key, values in asked.context.items()}
    if asked.action.lower() == _START and is_node(thing.names[0]):
        start, questions = await _start(call, subject, thing, asked, given)
        explanation = explain([partial for _, partial in start.parts], start.formula)
        parts = start.parts
    else:
        parts = ((thing, ask(subject, thing, given)),)
        explanation = explain([parts[0][1]])
        questions = parts
    resources = tuple(dict.fromkeys(part[0].names[0] for part in parts))
    if explanation.verdict is not Verdict.NO:
        return Access(subject=subject, resources=resources, explanation=explanation)
    denied = [
        (about, explain([partial]))
        for about, partial in questions
        if explain([partial]).verdict is Verdict.NO
    ]
    return Access(
        subject=subject,
        resources=resources,
        explanation=explanation,
        message=_message(subject, parts[0][0], explanation),
        near=tuple(
            near
            for about, why in denied
            if PolicyKind.IDENTITY in why.lacking
            for near in near_misses(subject, about, given)
        ),
        changes=changes(subject, denied),
    )


async def _start(
    call: Call,
    subject: Subject,
    node: Thing,
    asked: AccessQuestion,
    given: Mapping[str, tuple[str, ...]],
) -> tuple[Start, tuple[Part, ...]]:
    """Return the answer, and the questions that would all have to be allowed."""
    name = asked.document or DEFAULT_DOCUMENT
    document = await document_facts(call, name, is_named=bool(asked.document))
    (start,) = starts(subject, node, [document], given)
    things: tuple[Thing, ...] = (with_check(node, "false"),)
    if document.needs_grant:
        things = (with_check(node, "true"), with_check(document.thing, "true"))
    return start, tuple((thing, ask(subject, thing, given)) for thing in things)


def _message(subject: Subject, thing: Thing, explanation: Explanation) -> str:
    if explanation.denied_by is None:
        return ""
    decision = Decision(
        allowed=False, explicit=explanation.is_explicit, policy_type=explanation.denied_by
    )
    return denial_message(subject.principal, thing.action, thing.names[0], decision)
