"""Who can start which kind of session on a node, by which statement, and over which roles.

One node is asked about against everybody of its account, on a worker thread; the number of nodes
does not count. Every answer is a promise of the policies as they are now: ``yes`` whatever the
request looks like, ``no`` likewise, ``only-if`` with all that must be so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread

from mooring.fleet.node import Node
from mooring.iam.explain import Explanation, explain
from mooring.iam.reach_formula import Verdict, verdict
from mooring.iam.reach_paths import Outsider, Way, outsiders, taking, ways_to
from mooring.iam.reach_request import Subject, Thing
from mooring.iam.reach_sessions import DocumentFacts, Start, starts
from mooring.operations.authorize import require
from mooring.operations.call import Call
from mooring.operations.documents_find import arn_of, find_document
from mooring.operations.explain_estate import read_estate, unknown
from mooring.operations.explain_thing import find_node, node_thing
from mooring.operations.session_questions import node_arn, on_node
from mooring.operations.tokens import open_page_token, page_token
from mooring.operations.world import DefaultDocumentCheck
from mooring.ports.tables import Transaction
from mooring.sessions.document import DEFAULT_DOCUMENT
from mooring.sessions.document_shipped import SHIPPED

__all__ = [
    "SESSION_DOCUMENTS",
    "Answers",
    "NodeAccess",
    "OutsiderAccess",
    "PrincipalAccess",
    "WayAccess",
    "document_facts",
    "list_node_access",
]

SESSION_DOCUMENTS = (DEFAULT_DOCUMENT, *SHIPPED)
"""The kinds of session that come with the service."""

_SESSION_TYPE = "Session"
_DOCUMENTS_LOOKED_AT = 500
_MOST_OWN_DOCUMENTS = 20

Answers = Mapping[str, Verdict]
"""By document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayAccess:
    """A way over roles: an explanation for each step, and what it leads to."""

    way: Way
    steps: tuple[Explanation, ...]
    answers: Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalAccess:
    """One user or role: each kind of session with its explanation, and the ways over roles."""

    subject: Subject
    sessions: tuple[tuple[Start, Explanation], ...]
    ways: tuple[WayAccess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsiderAccess:
    """Somebody of no account of ours to ask, whom a role that reaches the node trusts."""

    outsider: Outsider
    answers: Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAccess:
    """One page of principals; outsiders come with the first. An empty token ends the list."""

    node: Node
    arn: str
    principals: tuple[PrincipalAccess, ...]
    outsiders: tuple[OutsiderAccess, ...]
    next_token: str


async def list_node_access(
    call: Call,
    node_id: str,
    *,
    documents: Sequence[str] = (),
    next_token: str = "",
    limit: int,
) -> NodeAccess:
    """Say who reaches a node.

    Args:
        call: in flight.
        node_id: of the node.
        documents: the kinds of session; none for those that come with the service and the
            account's own.
        next_token: of the page before.
        limit: principals on a page.

    Raises:
        AccessDenied: they may not ask about this node.
        OperationRefused: SUBJECT_UNKNOWN, or INVALID_NEXT_TOKEN.
    """
    node = await call.read(lambda tx: find_node(tx, node_id))
    await require(call, on_node(call, node_id, node))
    start = int(open_page_token(call.world, call.name, next_token).get("start", "0"))
    if node is None:
        raise unknown(f"The node {node_id}")
    subjects = await call.read(read_estate)
    region = node.region
    names = documents or await call.read(lambda tx: _session_documents(tx, region))
    facts = tuple([await document_facts(call, name) for name in names])
    chosen = subjects[start : start + limit]
    survey = _Survey(node_thing(node), facts, subjects)
    principals, others = await anyio.to_thread.run_sync(survey.answer, chosen)
    following = ""
    if start + limit < len(subjects):
        following = page_token(call.world, call.name, {"start": str(start + limit)})
    return NodeAccess(
        node=node,
        arn=node_arn(node),
        principals=principals,
        outsiders=() if start else others,
        next_token=following,
    )


def _session_documents(tx: Transaction, region: str) -> tuple[str, ...]:
    """Return what comes with the service, then the account's own, a bounded number of them."""
    own = tx.documents.page(region, after="", limit=_DOCUMENTS_LOOKED_AT)
    names = [row.name for row in own if row.document_type == _SESSION_TYPE]
    return tuple(dict.fromkeys((*SESSION_DOCUMENTS, *names[:_MOST_OWN_DOCUMENTS])))


async def document_facts(call: Call, name: str, *, is_named: bool = False) -> DocumentFacts:
    """Return what is known of a session document; the default one counts when it is named."""
    arn, record = arn_of(call, name), await find_document(call, name)
    always = is_named or call.world.site.default_document_check is DefaultDocumentCheck.ALWAYS
    thing = Thing(
        action="ssm:StartSession",
        names=(arn,),
        region=call.caller.region,
        account_id=arn.split(":")[4],
        tags=record.tags if record is not None else {},
    )
    return DocumentFacts(name=name, thing=thing, needs_grant=always or name != DEFAULT_DOCUMENT)


class _Survey:
    """Answers about one node; each principal is asked once."""

    def __init__(
        self, node: Thing, documents: tuple[DocumentFacts, ...], subjects: tuple[Subject, ...]
    ) -> None:
        self._node = node
        self._documents = documents
        self._subjects = subjects
        self._known: dict[str, tuple[Start, ...]] = {}
        # Kinds of session that policies see alike share their parts, and so their explanation.
        self._explained: dict[int, Explanation] = {}

    def answer(
        self, chosen: Sequence[Subject]
    ) -> tuple[tuple[PrincipalAccess, ...], tuple[OutsiderAccess, ...]]:
        """Answer for the chosen principals; ways and outsiders come from the whole account."""
        roles = [subject for subject in self._subjects if subject.trust is not None]
        goals = [role for role in roles if self._reaches(role)]
        ways = ways_to(goals, self._subjects, self._taking)
        through = {role.arn: role for role in goals}
        for found in ways.values():
            through |= {step.role.arn: step.role for way in found for step in way.steps}
        others = tuple(
            OutsiderAccess(outsider=outsider, answers=self._answers_from(outsider.role, ways))
            for outsider in outsiders(through.values())
        )
        return tuple(self._principal(subject, ways) for subject in chosen), others

    def _taking(self, role: Subject) -> Thing:
        return taking(role, dict(role.principal.tags), self._node.region)

    def _starts(self, subject: Subject) -> tuple[Start, ...]:
        known = self._known.get(subject.arn)
        if known is None:
            known = self._known[subject.arn] = starts(subject, self._node, self._documents)
        return known

    def _answers(self, subject: Subject) -> Answers:
        return {start.document: verdict(start.formula) for start in self._starts(subject)}

    def _reaches(self, role: Subject) -> bool:
        return any(answer is not Verdict.NO for answer in self._answers(role).values())

    def _principal(self, subject: Subject, ways: Mapping[str, tuple[Way, ...]]) -> PrincipalAccess:
        return PrincipalAccess(
            subject=subject,
            sessions=tuple((start, self._explain(start)) for start in self._starts(subject)),
            ways=tuple(self._way(way) for way in ways.get(subject.arn, ())),
        )

    def _explain(self, start: Start) -> Explanation:
        known = self._explained.get(id(start.parts))
        if known is None:
            known = explain([partial for _, partial in start.parts], start.formula)
            self._explained[id(start.parts)] = known
        return known

    def _way(self, way: Way) -> WayAccess:
        steps = tuple(explain([step.partial]) for step in way.steps)
        is_sure = all(step.verdict is Verdict.YES for step in steps)
        answers = self._answers(way.role)
        if not is_sure:
            answers = {
                document: Verdict.NO if answer is Verdict.NO else Verdict.ONLY_IF
                for document, answer in answers.items()
            }
        return WayAccess(way=way, steps=steps, answers=answers)

    def _answers_from(self, role: Subject, ways: Mapping[str, tuple[Way, ...]]) -> Answers:
        """Say what a role leads to, itself or over others; for an outsider, never for sure."""
        found = [self._answers(role), *(self._answers(way.role) for way in ways.get(role.arn, ()))]
        return {
            document.name: Verdict.ONLY_IF
            if any(answers[document.name] is not Verdict.NO for answers in found)
            else Verdict.NO
            for document in self._documents
        }
