"""Who calls: the principal, its names and the context keys that describe it.

==================  ============================  ===================================  ============
principal           aws:PrincipalArn              ARN in messages                      aws:userid
==================  ============================  ===================================  ============
account root        arn:aws:iam::A:root           the same                             A
user                arn:aws:iam::A:user/P/N       the same                             AIDA…
role session        arn:aws:iam::A:role/P/R       arn:aws:sts::A:assumed-role/R/S      AROA…:S
federated user      arn:aws:sts::A:federated-user/N  the same                          A:N
anonymous           none                          none                                 anonymous
==================  ============================  ===================================  ============

Source: IAM User Guide, "AWS global condition context keys" and "Principal key values".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Principal", "PrincipalType"]

Tags = tuple[tuple[str, str], ...]

_NO_TAGS: Mapping[str, str] = {}


class PrincipalType(StrEnum):
    """Values of ``aws:PrincipalType``; Service is ours, AWS sets no value for it."""

    ACCOUNT = "Account"
    USER = "User"
    ASSUMED_ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    ANONYMOUS = "Anonymous"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller that has been authenticated, or nobody.

    Attributes:
        account_id: 12 digits; empty for the anonymous caller and for services.
        arn: the caller's ARN, as GetCallerIdentity and denial messages show it.
        principal_arn: ``aws:PrincipalArn``; for a role session the role.
        user_id: ``aws:userid``.
        user_name: ``aws:username``; users only.
        session_name: role sessions only.
        tags: ``aws:PrincipalTag``; for a role session the role's, overridden by the session's.
    """

    account_id: str
    type: PrincipalType
    arn: str
    principal_arn: str
    user_id: str
    user_name: str | None = None
    session_name: str | None = None
    tags: Tags = ()

    @classmethod
    def root(cls, account_id: str) -> Principal:
        """Return the root of an account."""
        arn = f"arn:aws:iam::{account_id}:root"
        return cls(
            account_id=account_id,
            type=PrincipalType.ACCOUNT,
            arn=arn,
            principal_arn=arn,
            user_id=account_id,
        )

    @classmethod
    def user(
        cls,
        account_id: str,
        name: str,
        *,
        user_id: str,
        path: str = "/",
        tags: Mapping[str, str] = _NO_TAGS,
    ) -> Principal:
        """Return an IAM user; with credentials of GetSessionToken it is the same principal.

        Args:
            account_id: 12 digits.
            name: without path.
            user_id: the unique id, ``AIDA…``.
            path: begins and ends with a slash.
            tags: of the user.
        """
        arn = f"arn:aws:iam::{account_id}:user{path}{name}"
        return cls(
            account_id=account_id,
            type=PrincipalType.USER,
            arn=arn,
            principal_arn=arn,
            user_id=user_id,
            user_name=name,
            tags=tuple(sorted(tags.items())),
        )

    @classmethod
    def role_session(
        cls,
        role_arn: str,
        session_name: str,
        *,
        role_id: str,
        tags: Mapping[str, str] = _NO_TAGS,
    ) -> Principal:
        """Return a session of a role.

        Args:
            role_arn: with its path.
            session_name: given to AssumeRole; a node's id for the roles of nodes.
            role_id: the unique id, ``AROA…``.
            tags: of the role, overridden by those of the session.
        """
        account_id = role_arn.split(":")[4]
        role_name = role_arn.rpartition("/")[2]
        return cls(
            account_id=account_id,
            type=PrincipalType.ASSUMED_ROLE,
            arn=f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}",
            principal_arn=role_arn,
            user_id=f"{role_id}:{session_name}",
            session_name=session_name,
            tags=tuple(sorted(tags.items())),
        )

    @classmethod
    def federated_user(
        cls, account_id: str, name: str, *, tags: Mapping[str, str] = _NO_TAGS
    ) -> Principal:
        """Return a session of GetFederationToken.

        Args:
            account_id: 12 digits.
            name: given to GetFederationToken.
            tags: of the user who asked, overridden by those of the session.
        """
        arn = f"arn:aws:sts::{account_id}:federated-user/{name}"
        return cls(
            account_id=account_id,
            type=PrincipalType.FEDERATED_USER,
            arn=arn,
            principal_arn=arn,
            user_id=f"{account_id}:{name}",
            tags=tuple(sorted(tags.items())),
        )

    @classmethod
    def service(cls, name: str) -> Principal:
        """Return a service of ours that acts for itself, such as ``ssm.amazonaws.com``."""
        return cls(
            account_id="", type=PrincipalType.SERVICE, arn=name, principal_arn="", user_id=name
        )

    @classmethod
    def web_identity(cls, provider_url: str, subject: str, *, audience: str) -> Principal:
        """Return whom an identity provider vouches for: nobody of any account."""
        return cls(
            account_id="",
            type=PrincipalType.ANONYMOUS,
            arn=f"{provider_url}:{subject}",
            principal_arn="",
            user_id=f"{provider_url}:{audience}:{subject}",
        )

    @classmethod
    def anonymous(cls) -> Principal:
        """Return the caller that signed nothing."""
        return cls(
            account_id="",
            type=PrincipalType.ANONYMOUS,
            arn="anonymous",
            principal_arn="",
            user_id="anonymous",
        )

    def context(self) -> dict[str, tuple[str, ...]]:
        """Return the context keys that describe the principal; a key it lacks is absent."""
        is_service = self.type is PrincipalType.SERVICE
        keys = {
            "aws:PrincipalArn": self.principal_arn,
            "aws:PrincipalAccount": self.account_id,
            "aws:PrincipalType": "" if is_service else self.type.value,
            "aws:PrincipalIsAWSService": "true" if is_service else "false",
            "aws:PrincipalServiceName": self.arn if is_service else "",
            "aws:userid": "" if is_service else self.user_id,
            "aws:username": self.user_name or "",
        }
        context: dict[str, tuple[str, ...]] = {
            key: (value,) for key, value in keys.items() if value
        }
        for key, value in self.tags:
            context[f"aws:PrincipalTag/{key}"] = (value,)
        return context
