"""What temporary credentials carry beside who they are: limits, tags, and how they were earned.

Source: IAM User Guide, "Temporary security credentials" and "Pass session tags in AWS STS".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["SessionFacts", "SessionKind", "overlaid"]


class SessionKind(StrEnum):
    """Which call made a session, as far as it decides what the session may do."""

    ROLE = "role"
    """Of a role: AssumeRole in all its forms, and the roles of nodes."""
    USER = "user"
    """Of GetSessionToken: the user, but without a second factor not for IAM."""
    LOGIN = "login"
    """Of a person's sign-in: the user."""
    FEDERATED = "federated"
    """Of GetFederationToken: the user, limited by the policies given with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """The facts of one session.

    Attributes:
        mfa_at: when the caller proved a second factor, if it did.
        policy: the session policy given as text; empty for none.
        policy_arns: of the managed policies given as session policies.
        tags: session tags.
        transitive: keys of those tags that persist when a further role is assumed.
        source_identity: set once, and kept by every further role.
        provider: ARN of the identity provider that vouched for the session; empty for none.
        identity_keys: context keys of that provider, such as ``accounts.example.com:sub``.
        issuer: name of the user who asked for a federated user's session.
    """

    kind: SessionKind
    mfa_at: datetime | None = None
    policy: str = ""
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    provider: str = ""
    identity_keys: tuple[tuple[str, str], ...] = ()
    issuer: str = ""

    @property
    def inherited(self) -> dict[str, str]:
        """Return the tags that go over to a role that this session assumes."""
        keys = {key.lower() for key in self.transitive}
        return {key: value for key, value in self.tags if key.lower() in keys}

    def context(self) -> dict[str, tuple[str, ...]]:
        """Return the context keys that describe the session beside its principal and its times."""
        context: dict[str, tuple[str, ...]] = {key: (value,) for key, value in self.identity_keys}
        if self.provider:
            context["aws:FederatedProvider"] = (self.provider,)
        if self.source_identity:
            context["aws:SourceIdentity"] = (self.source_identity,)
        return context


def overlaid(tags: Mapping[str, str], by: Mapping[str, str]) -> dict[str, str]:
    """Return tags with others over them; keys are the same whatever their case."""
    replaced = {key.lower() for key in by}
    kept = {key: value for key, value in tags.items() if key.lower() not in replaced}
    return {**kept, **by}
