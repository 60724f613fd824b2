"""What an explanation is about: the resource that a name stands for, with all that is known of it.

A resource whose facts we keep (nodes, sessions, users, roles) is asked with them, as its own calls
ask; any other ARN is asked as it stands.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mooring.fleet.node import Node
from mooring.iam.reach_paths import taking
from mooring.iam.reach_request import Thing
from mooring.operations.authorize import ANY
from mooring.operations.call import Call
from mooring.operations.explain_estate import find_subject
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_questions import node_arn, on_session
from mooring.ports.tables import Transaction
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.ids import parse_node_id

__all__ = ["find_node", "is_node", "node_thing", "thing_of"]

_NODE = re.compile(
    r"arn:aws:(?:ec2|ssm):[^:]*:([0-9]{12}):(?:instance|managed-instance)/(m?i-[0-9a-f]+)"
)
_NODE_ID = re.compile(r"m?i-[0-9a-f]+")
_SESSION = re.compile(r"arn:aws:ssm:[^:]*:([0-9]{12}):session/([^/]+)")
_IDENTITY = re.compile(r"arn:aws:iam::([0-9]{12}):(?:user|role)/.+")
_TAKE = re.compile(r"sts:(?:AssumeRole|TagSession|SetSourceIdentity)", re.IGNORECASE)
_ARN_PARTS = 6


def is_node(name: str) -> bool:
    """Tell whether an ARN names a node."""
    return _NODE.fullmatch(name) is not None


def find_node(tx: Transaction, node_id: str) -> Node | None:
    """Return the node of an id; None for what is no id as for what is no node."""
    try:
        return tx.nodes.get(parse_node_id(node_id))
    except RemoteProtocolError:
        return None


def node_thing(node: Node, action: str = "ssm:StartSession") -> Thing:
    """Return what it is to do something to a node."""
    return Thing(
        action=action,
        names=(node_arn(node),),
        region=node.region,
        account_id=node.account_id,
        tags=node.tags,
    )


def thing_of(call: Call, tx: Transaction, action: str, resource: str) -> Thing:
    """Return what it is to do something to a resource.

    Args:
        call: whose account and region count where the resource names none.
        tx: of the caller's account.
        action: ``service:Name``.
        resource: an ARN, or a node's id; empty or ``*`` for actions without resource.

    Raises:
        OperationRefused: INVALID_VALUE; SUBJECT_UNKNOWN for a user or role that is not there.
    """
    if not resource or resource == ANY:
        return _of_nothing(call, action)
    if _NODE_ID.fullmatch(resource):
        node = find_node(tx, resource)
        kind = "ec2:{}:{}:instance" if resource.startswith("i-") else "ssm:{}:{}:managed-instance"
        place = kind.format(call.caller.region, call.caller.account_id)
        return _plain(call, action, f"arn:aws:{place}/{resource}", node)
    if len(resource.split(":", _ARN_PARTS - 1)) < _ARN_PARTS:
        raise OperationRefused(
            Problem.INVALID_VALUE, f"resource `{resource}`, expected an ARN or a node's id"
        )
    own = call.caller.account_id
    named = _NODE.fullmatch(resource)
    if named is not None and named[1] == own:
        return _plain(call, action, resource, find_node(tx, named[2]))
    session = _SESSION.fullmatch(resource)
    if session is not None and session[1] == own:
        return _of_session(call, tx, action, session[2])
    entity = _IDENTITY.fullmatch(resource)
    if entity is not None and entity[1] == own:
        return _of_entity(call, tx, action, resource)
    return _plain(call, action, resource, None)


def _of_nothing(call: Call, action: str) -> Thing:
    caller = call.caller
    service = action.partition(":")[0]
    whole = f"arn:aws:{service}:{caller.region}:{caller.account_id}:*"
    return Thing(
        action=action, names=(whole, ANY), region=caller.region, account_id=caller.account_id
    )


def _plain(call: Call, action: str, arn: str, node: Node | None) -> Thing:
    if node is not None and node_arn(node) == arn:
        return node_thing(node, action)
    return Thing(
        action=action, names=(arn,), region=call.caller.region, account_id=arn.split(":")[4]
    )


def _of_session(call: Call, tx: Transaction, action: str, session_id: str) -> Thing:
    question = on_session(call, session_id, tx.sessions.get(session_id))
    return Thing(
        action=action,
        names=question.resources,
        region=call.caller.region,
        account_id=call.caller.account_id,
        tags=question.tags,
        extra=question.extra,
    )


def _of_entity(call: Call, tx: Transaction, action: str, arn: str) -> Thing:
    entity = find_subject(tx, call.caller.account_id, arn)
    tags = dict(entity.principal.tags)
    if entity.trust is not None and _TAKE.fullmatch(action):
        return replace(taking(entity, tags, call.caller.region), action=action)
    return Thing(
        action=action,
        names=(arn,),
        region=call.caller.region,
        account_id=call.caller.account_id,
        tags=tags,
        extra={f"iam:ResourceTag/{key}": (value,) for key, value in tags.items()},
    )
