"""The alias of an account, one name beside its number. Rules and wording: the IAM API."""

from __future__ import annotations

import re
from typing import Final

from mooring.operations.authorize import Question, require
from mooring.operations.call import Call
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.store import AlreadyExists
from mooring.ports.tables import Transaction

__all__ = ["create_alias", "delete_alias", "get_alias"]

_NUMBER: Final = re.compile(r"[0-9]{12}")


async def create_alias(call: Call, alias: str) -> None:
    """Give the account an alias in place of the one it has.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: ENTITY_EXISTS where another account has it, or INVALID_INPUT for what
            looks like the number of an account.
    """
    await require(call, Question(action=call.action))
    if _NUMBER.fullmatch(alias):
        raise OperationRefused(
            Problem.INVALID_INPUT, "The account alias must not be a 12-digit number."
        )

    def work(tx: Transaction) -> None:
        try:
            tx.aliases.put(alias)
        except AlreadyExists as exc:
            raise OperationRefused(
                Problem.ENTITY_EXISTS, f"The account alias {alias} already exists."
            ) from exc

    await call.write(work)


async def get_alias(call: Call) -> str | None:
    """Return the alias of the account, or None.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, Question(action=call.action))
    return await call.glance(lambda tx: tx.aliases.get())


async def delete_alias(call: Call, alias: str) -> None:
    """Forget the alias.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY where the account has no such alias.
    """
    await require(call, Question(action=call.action))

    def work(tx: Transaction) -> None:
        if tx.aliases.get() != alias:
            raise OperationRefused(
                Problem.NO_SUCH_ENTITY, f"The account alias with name {alias} cannot be found."
            )
        tx.aliases.delete()

    await call.write(work)
