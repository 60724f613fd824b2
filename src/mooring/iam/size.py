"""How long a policy is, and how long it may be: white space does not count.

Source: IAM User Guide, "IAM and AWS STS quotas".
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "GROUP_INLINE_SIZE",
    "MANAGED_SIZE",
    "ROLE_INLINE_SIZE",
    "SESSION_SIZE",
    "TRUST_SIZE",
    "USER_INLINE_SIZE",
    "policy_size",
]

MANAGED_SIZE: Final = 6144
"""Each version of a managed policy, in characters."""
USER_INLINE_SIZE: Final = 2048
"""All inline policies of one user together."""
GROUP_INLINE_SIZE: Final = 5120
ROLE_INLINE_SIZE: Final = 10240
TRUST_SIZE: Final = 2048
SESSION_SIZE: Final = 2048
"""An inline session policy; here AWS counts white space too, so compare ``len``."""

_NO_SPACE = str.maketrans("", "", " \t\r\n")


def policy_size(text: str) -> int:
    """Return the length in characters that the quotas count."""
    return len(text.translate(_NO_SPACE))
