"""The tables of people's sign-in: passwords, second factors, sessions and grants of one account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mooring.iam.login import LoginProfile, MfaDevice, Passkey, PasswordPolicy
from mooring.iam.web_session import DeviceGrant, LoginGrant, WebSession

__all__ = ["DeviceGrants", "Logins", "SecondFactors", "WebSessions"]


class Logins(Protocol):
    """Passwords, and what they must be. Names of users compare without case."""

    def profile(self, user_name: str) -> LoginProfile | None:
        """Return the user's password, or None."""

    def put_profile(self, profile: LoginProfile) -> None:
        """Insert or replace it."""

    def delete_profile(self, user_name: str) -> bool:
        """Forget it; False when there was none."""

    def password_policy(self) -> PasswordPolicy | None:
        """Return the account's policy, or None where it set none."""

    def put_password_policy(self, policy: PasswordPolicy) -> None:
        """Insert or replace the policy."""

    def delete_password_policy(self) -> bool:
        """Forget it; False when there was none."""


class SecondFactors(Protocol):
    """Virtual devices by serial number, and passkeys."""

    def device(self, serial: str) -> MfaDevice | None:
        """Return the device, or None."""

    def put_device(self, device: MfaDevice) -> None:
        """Insert or replace the device."""

    def delete_device(self, serial: str) -> bool:
        """Forget the device; False when there was none."""

    def devices_of(self, user_name: str) -> Sequence[MfaDevice]:
        """Return the devices that are assigned to a user, by serial number."""

    def devices(self, *, after: str, limit: int) -> Sequence[MfaDevice]:
        """Return devices with a serial number above ``after``, at most ``limit``."""

    def passkey(self, credential_id: str) -> Passkey | None:
        """Return the passkey, or None."""

    def put_passkey(self, passkey: Passkey) -> None:
        """Insert or replace the passkey."""

    def delete_passkey(self, credential_id: str) -> bool:
        """Forget the passkey; False when there was none."""

    def passkeys_of(self, user_name: str) -> Sequence[Passkey]:
        """Return the user's passkeys, oldest first."""


class WebSessions(Protocol):
    """Cookie sessions by the hash of the cookie, and the grants of command lines."""

    def get(self, token_hash: str) -> WebSession | None:
        """Return the session, or None."""

    def put(self, session: WebSession) -> None:
        """Insert or replace the session."""

    def delete(self, token_hash: str) -> bool:
        """Forget the session; False when there was none."""

    def delete_of(self, user_name: str) -> int:
        """Forget every session and grant of a user; say how many there were."""

    def grant(self, grant_id: str) -> LoginGrant | None:
        """Return the grant, or None."""

    def put_grant(self, grant: LoginGrant) -> None:
        """Insert or replace the grant."""

    def delete_grant(self, grant_id: str) -> bool:
        """Forget the grant; False when there was none."""

    def grants_of(self, user_name: str) -> Sequence[LoginGrant]:
        """Return the user's grants, oldest first."""

    def purge(self, *, now: datetime, idle_since: datetime) -> int:
        """Forget what has expired, or was idle since then; say how many."""


class DeviceGrants(Protocol):
    """Requests for grants. They belong to no account, and live in the tables of account ``""``."""

    def get(self, device_hash: str) -> DeviceGrant | None:
        """Return the request by the hash of its device code."""

    def of_user_code(self, user_hash: str) -> DeviceGrant | None:
        """Return the request by the hash of its user code."""

    def put(self, grant: DeviceGrant) -> None:
        """Insert or replace the request."""

    def delete(self, device_hash: str) -> bool:
        """Forget it; False when there was none."""

    def count(self) -> int:
        """Say how many there are."""

    def purge(self, now: datetime) -> int:
        """Forget those that have expired; say how many."""
