"""Passwords of users: what a new one must be, and setting it.

Hashes are made on threads, outside of any transaction; what was read before is checked again in
the transaction that writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mooring.iam.identity import User
from mooring.iam.login import DEFAULT_POLICY, LoginProfile, PasswordPolicy, violations
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.ports.passwords import PasswordsBusy
from mooring.ports.tables import Transaction
from mooring.secret import Secret

__all__ = ["NewPassword", "is_password", "policy_of", "prepare_password", "put_password"]

_KEPT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A password that may be set: its hash, and the profile it was checked against."""

    password_hash: str
    replaces: LoginProfile | None


def policy_of(tx: Transaction) -> PasswordPolicy:
    """Return the account's password policy, or IAM's own."""
    return tx.logins.password_policy() or DEFAULT_POLICY


async def prepare_password(
    world: World, user: User, password: Secret, *, check_reuse: bool
) -> NewPassword:
    """Check a password against the account's policy and hash it.

    Raises:
        OperationRefused: PASSWORD_POLICY with everything that is wrong, or UNAVAILABLE.
    """
    policy, profile = await world.store.read(
        user.account_id, lambda tx: (policy_of(tx), tx.logins.profile(user.name))
    )
    wrong = list(violations(policy, password.reveal(), user_name=user.name))
    count = policy.reuse_prevention
    if check_reuse and profile is not None and count:
        earlier = (profile.password_hash, *profile.previous)[:count]
        if any([await is_password(world, one, password) for one in earlier]):
            wrong.append(f"Password should not be one of the last {count}")
    if wrong:
        raise OperationRefused(Problem.PASSWORD_POLICY, ", ".join(wrong))
    try:
        hashed = await world.passwords.hash(password)
    except PasswordsBusy as exc:
        raise _busy() from exc
    return NewPassword(password_hash=hashed, replaces=profile)


async def is_password(world: World, password_hash: str | None, password: Secret) -> bool:
    """Compare on a thread; with no hash it takes as long and is False.

    Raises:
        OperationRefused: UNAVAILABLE, too many wait.
    """
    try:
        return await world.passwords.verify(password_hash, password)
    except PasswordsBusy as exc:
        raise _busy() from exc


def put_password(
    world: World, tx: Transaction, user: User, new: NewPassword, *, reset_required: bool
) -> LoginProfile:
    """Set a prepared password, within a transaction.

    Raises:
        OperationRefused: TEMPORARILY_UNMODIFIABLE, it was changed in between.
    """
    now = world.clock.now()
    known = tx.logins.profile(user.name)
    if (known and known.password_hash) != (new.replaces and new.replaces.password_hash):
        raise OperationRefused(
            Problem.TEMPORARILY_UNMODIFIABLE,
            f"Login Profile for User {user.name} is being changed by another request.",
        )
    if known is None:
        profile = LoginProfile(
            account_id=user.account_id,
            user_name=user.name,
            user_id=user.user_id,
            password_hash=new.password_hash,
            reset_required=reset_required,
            created_at=now,
            changed_at=now,
        )
    else:
        profile = replace(
            known,
            user_id=user.user_id,
            password_hash=new.password_hash,
            previous=(known.password_hash, *known.previous)[:_KEPT],
            reset_required=reset_required,
            changed_at=now,
        )
    tx.logins.put_profile(profile)
    return profile


def _busy() -> OperationRefused:
    return OperationRefused(Problem.UNAVAILABLE, "Too many passwords wait to be checked.")
