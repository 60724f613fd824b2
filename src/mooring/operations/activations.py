"""Hybrid activations: create, list, delete. Source: Systems Manager API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mooring.fleet.activation import (
    DEFAULT_LIFETIME,
    MAXIMUM_LIFETIME,
    MAXIMUM_REGISTRATIONS,
    Activation,
)
from mooring.operations.authorize import Question, require, without_resource
from mooring.operations.call import Call
from mooring.operations.credentials import new_secret
from mooring.operations.paging import Walk, collect
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tokens import open_page_token, page_token, token_hash
from mooring.operations.trust import NODE_SERVICE, trusts_nodes
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import ENTROPY_BYTES, new_activation_id

__all__ = [
    "ActivationFilter",
    "ActivationPage",
    "NewActivation",
    "create_activation",
    "delete_activation",
    "describe_activations",
]

_FACTS: Mapping[str, Callable[[Activation], str]] = {
    "ActivationIds": lambda activation: activation.activation_id,
    "DefaultInstanceName": lambda activation: activation.default_instance_name,
    "IamRole": lambda activation: activation.role_name,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewActivation:
    """What CreateActivation asks for; ``expires_at`` None is a day from now."""

    role: str
    description: str = ""
    default_instance_name: str = ""
    registration_limit: int = 1
    expires_at: datetime | None = None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationFilter:
    """A filter of DescribeActivations: one key, any of the values."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationPage:
    """One page of activations; an empty token ends the list."""

    activations: tuple[Activation, ...]
    next_token: str


async def create_activation(call: Call, wanted: NewActivation) -> tuple[str, Secret]:
    """Make an activation and return its id and its code, which is shown this once.

    Raises:
        AccessDenied: not allowed, or not allowed to pass the role.
        OperationRefused: INVALID_VALUE or INVALID_ROLE.
    """
    tags: dict[str, tuple[str, ...]] = {
        f"aws:RequestTag/{key}": (value,) for key, value in wanted.tags.items()
    }
    if wanted.tags:
        tags["aws:TagKeys"] = tuple(wanted.tags)
    asked = without_resource(call)
    await require(call, Question(action=asked.action, resources=asked.resources, extra=tags))
    role_name = wanted.role.rpartition("/")[2]
    role = await call.read(lambda tx: tx.identities.role(role_name))
    account_id = call.caller.account_id
    role_arn = role.arn if role is not None else f"arn:aws:iam::{account_id}:role/{role_name}"
    role_tags = role.tags if role is not None else {}
    passing = {
        "iam:PassedToService": (NODE_SERVICE,),
        **{f"iam:ResourceTag/{key}": (value,) for key, value in role_tags.items()},
    }
    await require(
        call,
        Question(action="iam:PassRole", resources=(role_arn,), tags=role_tags, extra=passing),
    )
    if role is None or not trusts_nodes(call, role):
        raise OperationRefused(
            Problem.INVALID_ROLE,
            f"Nonexistent role or missing ssm service principal in trust policy: {role_arn}",
        )
    code = Secret(new_secret(call.world).reveal().replace("/", "x").replace("+", "y")[:20])
    activation = _checked(call, wanted, role.name, code)
    await call.write(lambda tx: tx.activations.put(activation))
    return activation.activation_id, code


def _checked(call: Call, wanted: NewActivation, role_name: str, code: Secret) -> Activation:
    expires_at = wanted.expires_at or call.time + DEFAULT_LIFETIME
    if not call.time < expires_at <= call.time + MAXIMUM_LIFETIME:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"ExpirationDate must be in the future and at most {MAXIMUM_LIFETIME.days} days away",
        )
    if not 1 <= wanted.registration_limit <= MAXIMUM_REGISTRATIONS:
        raise OperationRefused(
            Problem.INVALID_VALUE,
            f"RegistrationLimit must be between 1 and {MAXIMUM_REGISTRATIONS}",
        )
    return Activation(
        account_id=call.caller.account_id,
        region=call.caller.region,
        activation_id=new_activation_id(call.world.entropy.bytes(ENTROPY_BYTES)),
        code_hash=Secret(token_hash(code.reveal())),
        description=wanted.description,
        default_instance_name=wanted.default_instance_name,
        role_name=role_name,
        registration_limit=wanted.registration_limit,
        created_at=call.time,
        expires_at=expires_at,
        tags=wanted.tags,
    )


async def delete_activation(call: Call, activation_id: str) -> None:
    """Forget an activation; its nodes stay.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_ACTIVATION_ID.
    """
    await require(call, without_resource(call))

    def work(tx: Transaction) -> None:
        if not tx.activations.delete(activation_id):
            raise OperationRefused(
                Problem.INVALID_ACTIVATION_ID, f"Activation {activation_id} does not exist."
            )

    await call.write(work)


async def describe_activations(
    call: Call, *, filters: tuple[ActivationFilter, ...], next_token: str, limit: int
) -> ActivationPage:
    """List activations by id.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: INVALID_FILTER or INVALID_NEXT_TOKEN.
    """
    await require(call, without_resource(call))
    for wanted in filters:
        if wanted.key not in _FACTS:
            raise OperationRefused(
                Problem.INVALID_FILTER, f"`{wanted.key}` is not one of {', '.join(_FACTS)}"
            )
    after = open_page_token(call.world, call.name, next_token).get("after", "")
    page, has_more = await collect(
        call,
        Walk(
            page=lambda tx, at, size: tx.activations.page(after=at, limit=size),
            key_of=lambda row: row.activation_id,
        ),
        is_match=lambda row: all(_matches(row, wanted) for wanted in filters),
        start=after,
        limit=limit,
    )
    following = ""
    if has_more:
        following = page_token(call.world, call.name, {"after": page[-1].activation_id})
    return ActivationPage(activations=page, next_token=following)


def _matches(activation: Activation, wanted: ActivationFilter) -> bool:
    return _FACTS[wanted.key](activation) in wanted.values
