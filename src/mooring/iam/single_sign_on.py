"""Single sign-on of people: which provider, as which client of it, and who becomes which role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mooring.secret import Secret

__all__ = ["RoleRule", "SingleSignOn", "parse_rules"]

_RULE = re.compile(r"(.*\S)\s*=\s*(arn:aws:iam::[0-9]{12}:role/\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """Who has this value in the role claim becomes that role."""

    value: str
    role_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOn:
    """The provider that people sign in at.

    Attributes:
        issuer: its issuer, an https URL; the roles' accounts must trust it for ``client_id``.
        role_claim: of the ID token: a text or a list of texts.
        rules: the first that fits counts.
        name_claim: of the ID token: what the role session is called.
    """

    issuer: str
    client_id: str
    client_secret: Secret
    role_claim: str
    rules: tuple[RoleRule, ...]
    name_claim: str = "sub"

    def role_for(self, claims: Mapping[str, object]) -> str | None:
        """Return the ARN of the role that somebody becomes; None for nobody of ours."""
        claim = claims.get(self.role_claim)
        values = claim if isinstance(claim, list) else [claim]
        for rule in self.rules:
            if rule.value in values:
                return rule.role_arn
        return None


def parse_rules(text: str) -> tuple[RoleRule, ...]:
    """Read ``value=role ARN; value=role ARN``; a value may hold equal signs.

    Raises:
        ValueError: it cannot be read.
    """
    rules = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        found = _RULE.fullmatch(part)
        if found is None:
            raise ValueError(f"rule `{part}`, expected `value=arn:aws:iam::…:role/…`")
        rules.append(RoleRule(value=found[1], role_arn=found[2]))
    return tuple(rules)
