"""Login profiles and the account's password policy. Rules and wording: the IAM API."""

from __future__ import annotations

from dataclasses import replace

from mooring.iam.identity import EntityKind, User
from mooring.iam.login import LoginProfile, PasswordPolicy
from mooring.operations.authorize import require, without_resource
from mooring.operations.call import Call
from mooring.operations.identities import require_on
from mooring.operations.passwords import (
    is_password,
    policy_of,
    prepare_password,
    put_password,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_tokens import open_token
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = [
    "change_password",
    "create_login_profile",
    "delete_login_profile",
    "delete_password_policy",
    "get_login_profile",
    "get_password_policy",
    "update_login_profile",
    "update_password_policy",
]

_FREE_GUESSES = 5


async def create_login_profile(
    call: Call, user_name: str, *, password: Secret, reset_required: bool
) -> LoginProfile:
    """Give a user a password.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, ENTITY_EXISTS or PASSWORD_POLICY.
    """
    user = await _user(call, user_name)
    if await call.read(lambda tx: tx.logins.profile(user.name)) is not None:
        raise _exists(user.name)
    new = await prepare_password(call.world, user, password, check_reuse=False)

    def work(tx: Transaction) -> LoginProfile:
        if tx.logins.profile(user.name) is not None:
            raise _exists(user.name)
        owner = _same_user(tx, user)
        return put_password(call.world, tx, owner, new, reset_required=reset_required)

    return await call.write(work)


async def get_login_profile(call: Call, user_name: str) -> LoginProfile:
    """Return a user's login profile.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await _user(call, user_name)
    return await call.read(lambda tx: _profile(tx, user.name))


async def update_login_profile(
    call: Call, user_name: str, *, password: Secret | None, reset_required: bool | None
) -> None:
    """Set a user's password or whether it must be changed; who is signed in is signed out.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY or PASSWORD_POLICY.
    """
    user = await _user(call, user_name)
    profile = await call.read(lambda tx: _profile(tx, user.name))
    must = profile.reset_required if reset_required is None else reset_required
    if password is None:
        await call.write(
            lambda tx: tx.logins.put_profile(replace(_profile(tx, user.name), reset_required=must))
        )
        return
    new = await prepare_password(call.world, user, password, check_reuse=False)

    def work(tx: Transaction) -> None:
        put_password(call.world, tx, _same_user(tx, user), new, reset_required=must)
        tx.web_sessions.delete_of(user.name)

    await call.write(work)


async def delete_login_profile(call: Call, user_name: str) -> None:
    """Take a user's password away, and end the sessions and grants it gave.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY.
    """
    user = await _user(call, user_name)

    def work(tx: Transaction) -> None:
        tx.logins.delete_profile(_profile(tx, user.name).user_name)
        tx.web_sessions.delete_of(user.name)

    await call.write(work)


async def change_password(call: Call, *, old: Secret, new: Secret) -> None:
    """Let a user set a new password who knows the old one; who else is signed in is signed out.

    Raises:
        AccessDenied: not allowed, and the account's policy does not let users change it.
        OperationRefused: INVALID_USER_TYPE, ACCESS_DENIED for a wrong old password,
            PASSWORD_POLICY or NO_SUCH_ENTITY.
    """
    name = call.caller.principal.user_name
    if name is None:
        raise OperationRefused(
            Problem.INVALID_USER_TYPE, "Only IAM Users can change their own password"
        )
    user = await call.read(lambda tx: tx.identities.user(name))
    if not await call.read(lambda tx: policy_of(tx).allow_change):
        await require_on(call, EntityKind.USER, name, entity=user)
    if user is None:
        raise _no_user(name)
    profile = await call.read(lambda tx: _profile(tx, user.name))
    await _check_old(call, user, profile, old)
    prepared = await prepare_password(call.world, user, new, check_reuse=True)

    def work(tx: Transaction) -> None:
        put_password(call.world, tx, _same_user(tx, user), prepared, reset_required=False)
        _sign_others_out(call, tx, user)

    await call.write(work)


def _sign_others_out(call: Call, tx: Transaction, user: User) -> None:
    """End the sessions and grants that the old password gave, but for the caller's own."""
    token = open_token(call.world, call.caller.session_token.reveal())
    own = tx.web_sessions.grant(token.grant_id) if token is not None and token.grant_id else None
    tx.web_sessions.delete_of(user.name)
    if own is not None:
        tx.web_sessions.put_grant(own)


async def _check_old(call: Call, user: User, profile: LoginProfile, old: Secret) -> None:
    """Compare the old password, as slowly for who guesses as the sign-in does."""
    guesses = call.world.guesses
    key = f"password {user.account_id} {user.name.lower()}"
    too_soon = guesses.attempt(key, call.world.clock.now(), free=_FREE_GUESSES)
    if too_soon or not await is_password(call.world, profile.password_hash, old):
        raise OperationRefused(Problem.ACCESS_DENIED, "The old password was incorrect.")
    guesses.succeeded(key)


async def get_password_policy(call: Call) -> PasswordPolicy:
    """Return the account's policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, it set none.
    """
    await require(call, without_resource(call))
    policy = await call.read(lambda tx: tx.logins.password_policy())
    if policy is None:
        raise _no_policy(call)
    return policy


async def update_password_policy(call: Call, policy: PasswordPolicy) -> None:
    """Set the account's policy, as a whole.

    Raises:
        AccessDenied: not allowed.
    """
    await require(call, without_resource(call))
    await call.write(lambda tx: tx.logins.put_password_policy(policy))


async def delete_password_policy(call: Call) -> None:
    """Go back to IAM's own policy.

    Raises:
        AccessDenied: not allowed.
        OperationRefused: NO_SUCH_ENTITY, it set none.
    """
    await require(call, without_resource(call))

    def work(tx: Transaction) -> None:
        if not tx.logins.delete_password_policy():
            raise _no_policy(call)

    await call.write(work)


async def _user(call: Call, name: str) -> User:
    user = await call.read(lambda tx: tx.identities.user(name))
    await require_on(call, EntityKind.USER, name, entity=user)
    if user is None:
        raise _no_user(name)
    return user


def _same_user(tx: Transaction, user: User) -> User:
    """Find the user again: another of the same name is not the one who was asked about."""
    found = tx.identities.user(user.name)
    if found is None or found.user_id != user.user_id:
        raise _no_user(user.name)
    return found


def _profile(tx: Transaction, name: str) -> LoginProfile:
    profile = tx.logins.profile(name)
    if profile is None:
        raise OperationRefused(
            Problem.NO_SUCH_ENTITY, f"Login Profile for User {name} cannot be found."
        )
    return profile


def _exists(name: str) -> OperationRefused:
    return OperationRefused(Problem.ENTITY_EXISTS, f"Login Profile for user {name} already exists.")


def _no_user(name: str) -> OperationRefused:
    return OperationRefused(Problem.NO_SUCH_ENTITY, f"The user with name {name} cannot be found.")


def _no_policy(call: Call) -> OperationRefused:
    return OperationRefused(
        Problem.NO_SUCH_ENTITY,
        f"The Password Policy with domain name {call.caller.account_id} cannot be found.",
    )
