"""Trust policies: as they are kept, by unique ids, as they are shown, by ARNs, and for nodes.

Only users and roles of the role's own account are looked up: whether another account has
somebody of a name is not for this one to learn, so a foreign ARN is kept as it is.

A node becomes its role by way of Systems Manager, which the role must trust whenever it does. The
service says for whom it acts, so that conditions against a confused deputy hold (Systems Manager
User Guide, "Create the IAM service role required for Systems Manager in hybrid environments").
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mooring.iam.context import request_context
from mooring.iam.evaluate import PolicySet, Request, decide
from mooring.iam.identity import Entity, EntityKind, Role, User
from mooring.iam.policy import PolicyKind
from mooring.iam.principal import Principal
from mooring.iam.size import TRUST_SIZE
from mooring.iam.trust import named_principals, rename_principals
from mooring.operations.call import Call
from mooring.operations.documents import check_document
from mooring.operations.entity_tables import find_entity
from mooring.operations.policies import trust_policy
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction

__all__ = ["NODE_SERVICE", "keep_trust", "show_role", "show_roles", "trusts_nodes"]

NODE_SERVICE: Final = "ssm.amazonaws.com"

_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):(user|role)/(?:.*/)?([^/]+)")
_UNIQUE_ID: Final = re.compile(r"(?:AIDA|AROA)[A-Z0-9]+")


def keep_trust(tx: Transaction, account_id: str, document: str) -> str:
    """Return the text to keep for a trust policy of an account's role.

    Raises:
        OperationRefused: MALFORMED_POLICY, also for a user or role that is not there, or
            LIMIT_EXCEEDED.
    """
    if check_document(document, PolicyKind.TRUST) > TRUST_SIZE:
        raise OperationRefused(
            Problem.LIMIT_EXCEEDED, f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}"
        )
    ids: dict[str, str] = {}
    for arn in named_principals(document):
        found = _ARN.fullmatch(arn)
        if found is not None and found[1] == account_id:
            entity = find_entity(tx, EntityKind(found[2]), found[3])
            ids[arn] = _unique_id(entity, arn)
    return rename_principals(document, ids)


def _unique_id(entity: Entity | None, arn: str) -> str:
    if entity is None or entity.arn != arn:
        raise OperationRefused(
            Problem.MALFORMED_POLICY, f'Invalid principal in policy: "AWS":"{arn}"'
        )
    if isinstance(entity, User):
        return entity.user_id
    return entity.role_id if isinstance(entity, Role) else arn


def show_role(tx: Transaction, role: Role) -> Role:
    """Return a role whose trust policy names by ARN whoever is there."""
    arns: dict[str, str] = {}
    for name in named_principals(role.trust_policy):
        entity = tx.identities.of_id(name) if _UNIQUE_ID.fullmatch(name) else None
        if entity is not None:
            arns[name] = entity.arn
    return replace(role, trust_policy=rename_principals(role.trust_policy, arns)) if arns else role


async def show_roles(call: Call, roles: tuple[Role, ...]) -> tuple[Role, ...]:
    """Return roles as they are shown to the caller."""
    return await call.read(lambda tx: tuple(show_role(tx, role) for role in roles))


def trusts_nodes(call: Call, role: Role) -> bool:
    """Tell whether a role lets Systems Manager become it now, for nodes of the role's account."""
    service, region = Principal.service(NODE_SERVICE), call.caller.region
    context = request_context(
        principal=service,
        now=call.time,
        source_ip="",
        secure=True,
        user_agent="",
        region=region,
        resource_account=role.account_id,
        resource_tags=role.tags,
        extra={
            "aws:SourceAccount": (role.account_id,),
            "aws:SourceArn": (f"arn:aws:ssm:{region}:{role.account_id}:*",),
            **{f"iam:ResourceTag/{key}": (value,) for key, value in role.tags.items()},
        },
    )
    request = Request(
        action="sts:AssumeRole",
        resources=(role.arn,),
        principal=service,
        context=context,
        resource_account=role.account_id,
    )
    return decide(request, PolicySet(trust=trust_policy(role))).allowed
