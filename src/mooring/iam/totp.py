"""Time-based one-time codes. Source: RFC 6238 and RFC 4226; SHA-1, six digits, steps of 30 s.

Every virtual device that AWS's users have speaks these parameters and no others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote, urlencode

__all__ = [
    "SEED_BYTES",
    "base32_seed",
    "code_at",
    "matching_pair",
    "matching_step",
    "provisioning_uri",
    "step_of",
]

SEED_BYTES = 20
"""Random bytes of a seed: as many as RFC 4226 recommends."""

_STEP_S = 30
_DIGITS = 6
_ALLOWED_DRIFT = 1


def step_of(now: datetime) -> int:
    """Return how many steps of 30 s have passed since 1970."""
    return int(now.timestamp()) // _STEP_S


def code_at(seed: bytes, step: int) -> str:
    """Return the code of one step."""
    digest = hmac.digest(seed, struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 0x0F
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return str((number & 0x7FFFFFFF) % 10**_DIGITS).zfill(_DIGITS)


def matching_step(seed: bytes, code: str, now: datetime, *, drift: int, after: int) -> int | None:
    """Return the step that a code is of, or None.

    Args:
        seed: of the device.
        code: what the person typed.
        now: the server's time.
        drift: by how many steps the device's clock is ahead of ours.
        after: the step of the last code that was taken; that one and earlier ones are used up.
    """
    middle = step_of(now) + drift
    steps = range(middle - _ALLOWED_DRIFT, middle + _ALLOWED_DRIFT + 1)
    return _first(step for step in steps if _is_code(seed, step, code) and step > after)


def matching_pair(
    seed: bytes, codes: tuple[str, str], now: datetime, *, reach: int, after: int
) -> int | None:
    """Return the step of the second of two codes in a row, at most ``reach`` steps from now."""
    middle = step_of(now)
    first, second = codes
    return _first(
        step + 1
        for step in range(max(0, middle - reach), middle + reach + 1)
        if _is_code(seed, step, first) and _is_code(seed, step + 1, second) and step > after
    )


def base32_seed(seed: bytes) -> str:
    """Write a seed as people type it."""
    return base64.b32encode(seed).decode().rstrip("=")


def provisioning_uri(seed: bytes, *, account: str, issuer: str) -> str:
    """Return the text of the QR code that authenticator apps read."""
    query = urlencode({"secret": base32_seed(seed), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account, safe='@')}?{query}"


def _is_code(seed: bytes, step: int, code: str) -> bool:
    return hmac.compare_digest(code_at(seed, step).encode(), code.encode(errors="replace"))


def _first(steps: Iterable[int]) -> int | None:
    return next(iter(list(steps)), None)
