"""What can go wrong between a policy text and a policy.

::

    IamError
    ├── PolicySyntaxError     one element cannot be read; knows no place
    └── MalformedPolicy       the whole text is refused, with AWS's wording and the place
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "NO_VENDOR",
    "SYNTAX_ERRORS",
    "IamError",
    "MalformedPolicy",
    "Place",
    "PolicySyntaxError",
]

SYNTAX_ERRORS = "Syntax errors in policy."
NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a policy text, both counted from 1."""

    line: int
    column: int


class IamError(Exception):
    """Base of every error of the policy engine; never raised itself."""


class PolicySyntaxError(IamError):
    """One element of a policy cannot be read.

    Attributes:
        message: what AWS says about it.
        detail: what we add, for the person who wrote the policy.
    """

    def __init__(self, detail: str, *, message: str = SYNTAX_ERRORS) -> None:
        super().__init__(detail)
        self.detail = detail
        self.message = message


class MalformedPolicy(IamError):
    """A policy text is refused; ``str()`` of it is AWS's own wording.

    Attributes:
        place: where in the text the fault is.
        detail: what was wrong and what was expected, in our words.
        others: what is wrong with further statements.
    """

    def __init__(self, message: str, *, place: Place, detail: str) -> None:
        super().__init__(message)
        self.place = place
        self.detail = detail
        self.others: tuple[MalformedPolicy, ...] = ()
