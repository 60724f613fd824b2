"""Access keys of users. Source of rules, limits and wording: the IAM API."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from mooring.iam.identity import AccessKey, EntityKind, KeyStatus, LastUse
from mooring.operations.call import Call
from mooring.operations.credentials import new_secret, secret_context
from mooring.operations.entity_tables import USERS
from mooring.operations.identities import get_entity, page_of, require_on
from mooring.operations.last_uses import last_use
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction
from mooring.secret import Secret
from mooring.wire.ids import ENTROPY_BYTES, AccessKeyKind, new_access_key_id

__all__ = [
    "create_access_key",
    "delete_access_key",
    "get_access_key_last_used",
    "list_access_keys",
    "update_access_key",
]

_KEYS_PER_USER = 2


async def create_access_key(call: Call, user_name: str) -> tuple[AccessKey, Secret]:
    """Make a key for a user; the secret is shown this once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or LIMIT_EXCEEDED.
    """
    await get_entity(call, USERS, user_name)
    key_id = new_access_key_id(AccessKeyKind.LONG_TERM, call.world.entropy.bytes(ENTROPY_BYTES))
    secret = new_secret(call.world)
    sealed = call.world.keys.seal(secret.reveal().encode(), context=secret_context(key_id))

    def work(tx: Transaction) -> AccessKey:
        owner = USERS.stored(tx, user_name)
        if len(tx.identities.access_keys(owner.name)) >= _KEYS_PER_USER:
            raise OperationRefused(
                Problem.LIMIT_EXCEEDED,
                f"Cannot exceed quota for AccessKeysPerUser: {_KEYS_PER_USER}",
            )
        key = AccessKey(
            account_id=owner.account_id,
            access_key_id=key_id,
            user_name=owner.name,
            sealed_secret=sealed,
            created_at=call.time,
        )
        tx.identities.put_access_key(key)
        return key

    return await call.write(work), secret


async def list_access_keys(
    call: Call, user_name: str, *, after: str = "", limit: int = _KEYS_PER_USER
) -> tuple[tuple[AccessKey, ...], bool]:
    """Return a user's keys by id, without secrets, and whether there are more.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    owner = await get_entity(call, USERS, user_name)
    keys = await call.read(lambda tx: tx.identities.access_keys(owner.name))
    return page_of(keys, key=lambda key: key.access_key_id, after=after, limit=limit)


async def update_access_key(
    call: Call, user_name: str, access_key_id: str, *, status: KeyStatus
) -> None:
    """Switch a key on or off, at once.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    await get_entity(call, USERS, user_name)

    def work(tx: Transaction) -> None:
        tx.identities.put_access_key(replace(_key(tx, user_name, access_key_id), status=status))

    await call.write(work)


async def delete_access_key(call: Call, user_name: str, access_key_id: str) -> None:
    """Forget a key.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    await get_entity(call, USERS, user_name)

    def work(tx: Transaction) -> None:
        tx.identities.delete_access_key(_key(tx, user_name, access_key_id).access_key_id)
        tx.last_uses.delete(access_key_id)

    await call.write(work)


def _key(tx: Transaction, user_name: str, access_key_id: str) -> AccessKey:
    key = tx.identities.access_key(access_key_id)
    if key is None or key.user_name.lower() != user_name.lower():
        _no_key(access_key_id)
    return key


def _no_key(access_key_id: str) -> NoReturn:
    raise OperationRefused(
        Problem.NO_SUCH_ENTITY, f"The Access Key with id {access_key_id} cannot be found."
    )


async def get_access_key_last_used(call: Call, access_key_id: str) -> tuple[str, LastUse | None]:
    """Return the owner of a key, and its last use that is known, None for none.

    A key that is not there is asked about as that of a user called ``*``.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    key = await call.glance(lambda tx: tx.identities.access_key(access_key_id))
    owner = key.user_name if key is not None else "*"
    user = await call.glance(lambda tx: tx.identities.user(owner))
    await require_on(call, EntityKind.USER, owner, entity=user)
    if key is None:
        _no_key(access_key_id)
    return owner, await last_use(call, access_key_id)
