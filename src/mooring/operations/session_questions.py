"""Which questions a session call asks of the policies.

StartSession is checked on the node always, and on the document when it was named or when the
site says ``always``. Without a name, the node is first asked with
``ssm:SessionDocumentAccessCheck`` false; a policy that allows only with the key true has opted
in, and then the document must be allowed as well. This gives the outcomes that AWS documents
for ``BoolIfExists``.

A session is one resource under two names: its id, and its owner's ``aws:userid`` before the
id's suffix, so that AWS's ``session/${aws:userid}-*`` means "my own sessions". The userid is
the one kept at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mooring.fleet.node import Node
from mooring.operations.authorize import Question, ask, require
from mooring.operations.call import Call
from mooring.operations.world import DefaultDocumentCheck
from mooring.sessions.session import Session

__all__ = [
    "AskedDocument",
    "node_arn",
    "node_resource",
    "on_node",
    "on_session",
    "require_start",
    "session_resource",
]

_CHECK = "ssm:SessionDocumentAccessCheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDocument:
    """The document of a start with its tags; ``extra`` is what its parameters add to the context.

    The extra keys are there for the node and for the document, the tags for the document alone.
    """

    resource: str
    tags: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def node_resource(call: Call, target: str) -> str:
    """Name a node by its id, whether there is one or not."""
    return _node_arn(call.caller.region, call.caller.account_id, target)


def node_arn(node: Node) -> str:
    """Name a node that there is."""
    return _node_arn(node.region, node.account_id, node.node_id)


def _node_arn(region: str, account_id: str, node_id: str) -> str:
    kind = "ec2:{}:{}:instance" if node_id.startswith("i-") else "ssm:{}:{}:managed-instance"
    return f"arn:aws:{kind.format(region, account_id)}/{node_id}"


def session_resource(call: Call, session_id: str) -> str:
    """Name a session by its id."""
    caller = call.caller
    return f"arn:aws:ssm:{caller.region}:{caller.account_id}:session/{session_id}"


def on_node(call: Call, target: str, node: Node | None, *, action: str = "") -> Question:
    """Ask about a node, with its tags."""
    return Question(
        action=action or call.action,
        resources=(node_resource(call, target),),
        tags=node.tags if node is not None else {},
    )


def on_session(call: Call, session_id: str, session: Session | None) -> Question:
    """Ask about a session under both of its names."""
    names = [session_resource(call, session_id)]
    extra: dict[str, tuple[str, ...]] = {}
    if session is not None:
        suffix = session_id.rpartition("-")[2]
        names.append(session_resource(call, f"{session.owner_user_id}-{suffix}"))
        extra["ssm:resourceTag/aws:ssmmessages:session-id"] = (session.owner_user_id,)
        extra["ssm:resourceTag/aws:ssmmessages:target-id"] = (session.node_id,)
    return Question(action=call.action, resources=tuple(names), extra=extra)


async def require_start(
    call: Call, *, target: str, node: Node | None, document_name: str, asked: AskedDocument
) -> None:
    """Return when the caller may start a session with this document on this node.

    Raises:
        AccessDenied: naming the node before the document.
    """
    named = bool(document_name)
    always = call.world.site.default_document_check is DefaultDocumentCheck.ALWAYS
    if not (named or always):
        unchecked = _with_check(on_node(call, target, node), "false", asked)
        if (await ask(call, unchecked)).allowed:
            await require(call, unchecked)
            return
    await require(call, _with_check(on_node(call, target, node), "true", asked))
    document = Question(action=call.action, resources=(asked.resource,), tags=asked.tags)
    await require(call, _with_check(document, "true", asked))


def _with_check(question: Question, value: str, asked: AskedDocument) -> Question:
    return Question(
        action=question.action,
        resources=question.resources,
        tags=question.tags,
        extra={**asked.extra, _CHECK: (value,)},
    )
