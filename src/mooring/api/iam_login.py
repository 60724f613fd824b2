"""IAM: login profiles, changing one's password, and the account's password policy."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.iam.login import LoginProfile, PasswordPolicy
from mooring.operations.call import Call
from mooring.operations.login_profiles import (
    change_password,
    create_login_profile,
    delete_login_profile,
    delete_password_policy,
    get_login_profile,
    get_password_policy,
    update_login_profile,
    update_password_policy,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.secret import Secret

__all__ = ["OPERATIONS", "own_name"]

_LEAST_LENGTH = 6


def own_name(call: Call, given: Input) -> str:
    """IAM takes the caller's own user name where none is given."""
    name: str | None = given.get("UserName") or call.caller.principal.user_name
    if name is None:
        raise OperationRefused(
            Problem.INVALID_VALUE, "Must specify userName when calling with non-User credentials"
        )
    return name


def _profile(profile: LoginProfile) -> Output:
    return {
        "LoginProfile": {
            "UserName": profile.user_name,
            "CreateDate": profile.created_at,
            "PasswordResetRequired": profile.reset_required,
        }
    }


async def _create_login_profile(call: Call, given: Input) -> Output:
    profile = await create_login_profile(
        call,
        own_name(call, given),
        password=Secret(given.get("Password", "")),
        reset_required=given.get("PasswordResetRequired", False),
    )
    return _profile(profile)


async def _get_login_profile(call: Call, given: Input) -> Output:
    return _profile(await get_login_profile(call, own_name(call, given)))


async def _update_login_profile(call: Call, given: Input) -> Output:
    password = given.get("Password")
    await update_login_profile(
        call,
        given["UserName"],
        password=None if password is None else Secret(password),
        reset_required=given.get("PasswordResetRequired"),
    )
    return {}


async def _delete_login_profile(call: Call, given: Input) -> Output:
    await delete_login_profile(call, own_name(call, given))
    return {}


async def _change_password(call: Call, given: Input) -> Output:
    await change_password(call, old=Secret(given["OldPassword"]), new=Secret(given["NewPassword"]))
    return {}


async def _get_password_policy(call: Call, _: Input) -> Output:
    policy = await get_password_policy(call)
    shown: dict[str, object] = {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase,
        "RequireLowercaseCharacters": policy.require_lowercase,
        "AllowUsersToChangePassword": policy.allow_change,
        "ExpirePasswords": bool(policy.max_age_days),
        "HardExpiry": policy.hard_expiry,
    }
    if policy.max_age_days:
        shown["MaxPasswordAge"] = policy.max_age_days
    if policy.reuse_prevention:
        shown["PasswordReusePrevention"] = policy.reuse_prevention
    return {"PasswordPolicy": shown}


async def _update_password_policy(call: Call, given: Input) -> Output:
    """Set the whole policy: what is not given falls back to IAM's default, as in IAM."""
    await update_password_policy(
        call,
        PasswordPolicy(
            minimum_length=given.get("MinimumPasswordLength", _LEAST_LENGTH),
            require_symbols=given.get("RequireSymbols", False),
            require_numbers=given.get("RequireNumbers", False),
            require_uppercase=given.get("RequireUppercaseCharacters", False),
            require_lowercase=given.get("RequireLowercaseCharacters", False),
            allow_change=given.get("AllowUsersToChangePassword", False),
            max_age_days=given.get("MaxPasswordAge", 0),
            reuse_prevention=given.get("PasswordReusePrevention", 0),
            hard_expiry=given.get("HardExpiry", False),
        ),
    )
    return {}


async def _delete_password_policy(call: Call, _: Input) -> Output:
    await delete_password_policy(call)
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateLoginProfile": Operation(handler=_create_login_profile),
    "GetLoginProfile": Operation(handler=_get_login_profile, is_read_only=True),
    "UpdateLoginProfile": Operation(handler=_update_login_profile),
    "DeleteLoginProfile": Operation(handler=_delete_login_profile),
    "ChangePassword": Operation(handler=_change_password),
    "GetAccountPasswordPolicy": Operation(handler=_get_password_policy, is_read_only=True),
    "UpdateAccountPasswordPolicy": Operation(handler=_update_password_policy),
    "DeleteAccountPasswordPolicy": Operation(handler=_delete_password_policy),
}
