"""Checking an AWS Signature Version 4: read what a request claims, then hold it to it.

The caller goes through these in AWS's order, looking up the key in between::

    parse_credential -> (key id, token) -> check_scope -> check_date
                     -> check_signed_headers -> check_signature

A node's RSA signature takes ``string_to_sign`` of ``sigv4`` instead of the last step.

Source: as for ``sigv4``; the refusal texts are AWS's own, and SDKs read the clock from them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_plus

from mooring.wire.sigv4 import (
    ALGORITHM,
    STAMP,
    TERMINATOR,
    Credential,
    Refusal,
    SignatureRefused,
    SignedRequest,
    canonical_request,
    signature,
    signing_key,
    string_to_sign,
)

__all__ = [
    "check_date",
    "check_scope",
    "check_signature",
    "check_signed_headers",
    "fold_headers",
    "parse_credential",
    "skew_window",
]

_MAX_EXPIRES_S = 604_800
_STAMP_SHAPE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_ONLY_ONCE = frozenset({"authorization", "host", "date", "content-length"})
_UNHASHED = "x-amz-content-sha256"

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def fold_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers under lower-case names, repeated ones joined by commas as SigV4 does.

    Raises:
        SignatureRefused: a header that must stand alone is repeated.
    """
    folded: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key not in folded:
            folded[key] = value
        elif key in _ONLY_ONCE or key.startswith("x-amz-"):
            raise SignatureRefused(Refusal.MALFORMED, f"header `{key}` is present more than once")
        else:
            folded[key] += "," + value
    return folded


def parse_credential(request: SignedRequest) -> Credential:
    """Read the Authorization header or the presigned query.

    Raises:
        SignatureRefused: there is none (MISSING), or it cannot be read (MALFORMED).
    """
    header = request.headers.get("authorization")
    query = _presign_parameters(request.query_string) if "X-Amz-" in request.query_string else {}
    if header is None:
        if "X-Amz-Algorithm" not in query:
            raise SignatureRefused(Refusal.MISSING, "Missing Authentication Token")
        return _from_query(query)
    if "X-Amz-Algorithm" in query:
        raise _malformed("authorization is given both in the header and in the query string")
    return _from_header(header, request.headers)


def _malformed(text: str) -> SignatureRefused:
    return SignatureRefused(Refusal.MALFORMED, text)


def _from_header(header: str, headers: Mapping[str, str]) -> Credential:
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise _malformed(f"Unsupported AWS 'algorithm': '{algorithm[:64]}'.")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise _malformed(
                "not a valid key=value pair (missing equal-sign) in Authorization header"
            )
        if name in fields:
            raise _malformed(f"Authorization header has '{name[:64]}' more than once.")
        fields[name] = value
    missing = [
        name for name in ("Credential", "Signature", "SignedHeaders") if not fields.get(name)
    ]
    stamp = headers.get("x-amz-date") or headers.get("date")
    lacks = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not stamp:
        lacks.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if lacks or not stamp:
        raise _malformed(" ".join(lacks))
    return _credential(
        fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        sent_signature=fields["Signature"],
        stamp=stamp,
        security_token=headers.get("x-amz-security-token"),
    )


def _presign_parameters(query_string: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in query_string.split("&"):
        raw_name, _, value = part.partition("=")
        name = unquote_plus(raw_name)
        if name.startswith("X-Amz-"):
            if name in found:
                raise _malformed(f"query parameter '{name[:64]}' is present more than once")
            found[name] = unquote_plus(value)
    return found


def _from_query(query: Mapping[str, str]) -> Credential:
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise _malformed(f"Unsupported AWS 'algorithm': '{query['X-Amz-Algorithm'][:64]}'.")
    for name in ("Credential", "Date", "Expires", "SignedHeaders", "Signature"):
        if not query.get(f"X-Amz-{name}"):
            raise _malformed(f"AWS query-string parameters must include 'X-Amz-{name}'.")
    expires = query["X-Amz-Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 6):
        raise _malformed("X-Amz-Expires should be a number")
    if not 1 <= int(expires) <= _MAX_EXPIRES_S:
        raise _malformed("X-Amz-Expires must be between 1 and 604800 seconds")
    found = _credential(
        query["X-Amz-Credential"],
        signed_headers=query["X-Amz-SignedHeaders"],
        sent_signature=query["X-Amz-Signature"],
        stamp=query["X-Amz-Date"],
        security_token=query.get("X-Amz-Security-Token"),
    )
    return replace(found, expires_s=int(expires))


def _credential(
    text: str, *, signed_headers: str, sent_signature: str, stamp: str, security_token: str | None
) -> Credential:
    parts = text.split("/")
    if len(parts) != 5 or not all(parts):
        raise _malformed(
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text[:256]}'"
        )
    key_id, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise SignatureRefused(
            Refusal.SCOPE,
            "Credential should be scoped with a valid terminator: "
            f"'{TERMINATOR}', not '{terminator[:64]}'.",
        )
    names = tuple(signed_headers.split(";"))
    if list(names) != sorted(set(names)) or signed_headers != signed_headers.lower():
        raise _malformed("SignedHeaders must be lower-case names, sorted, each of them once")
    amz_date = _basic_stamp(stamp)
    if amz_date[:8] != date:
        raise SignatureRefused(
            Refusal.SCOPE,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            f"from HTTP: '{date[:64]}' != '{amz_date[:8]}', from '{amz_date}'.",
        )
    return Credential(
        access_key_id=key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=names,
        signature=sent_signature,
        amz_date=amz_date,
        security_token=security_token,
    )


def _basic_stamp(text: str) -> str:
    """Return the time of the request in the form that is signed, from either header."""
    try:
        if _STAMP_SHAPE.fullmatch(text):
            _moment(text)
            return text
        return parsedate_to_datetime(text).astimezone(UTC).strftime(STAMP)
    except (ValueError, OverflowError) as exc:
        raise _malformed(f"Date must be in ISO-8601 'basic format'. Got '{text[:64]}'.") from exc


def _moment(stamp: str) -> datetime:
    """Read a stamp of the right shape; strptime would take ten times as long."""
    return datetime.fromisoformat(stamp)


def skew_window(service: str) -> timedelta:
    """Return how far the peer's clock may be off."""
    return timedelta(minutes=15 if service in ("iam", "sts") else 5)


def check_date(credential: Credential, now: datetime, window: timedelta) -> None:
    """Refuse a signature made too long ago or in the future.

    Raises:
        SignatureRefused: SKEWED, with the server's time in the text.
    """
    made = _moment(credential.amz_date)
    minutes = f"{int(window.total_seconds() // 60)} min."
    if made > now + window:
        raise SignatureRefused(
            Refusal.SKEWED,
            f"Signature not yet current: {credential.amz_date} is still later than "
            f"{_stamp(now + window)} ({_stamp(now)} + {minutes})",
        )
    lifetime = window
    if credential.expires_s is not None:
        lifetime = timedelta(seconds=credential.expires_s)
        minutes = f"{credential.expires_s} sec."
    if made < now - lifetime:
        raise SignatureRefused(
            Refusal.SKEWED,
            f"Signature expired: {credential.amz_date} is now earlier than "
            f"{_stamp(now - lifetime)} ({_stamp(now)} - {minutes})",
        )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(STAMP)


def check_scope(credential: Credential, *, service: str, region: str | None) -> None:
    """Refuse a signature made for another service or region; ``None`` takes any region.

    Raises:
        SignatureRefused: SCOPE.
    """
    if region is not None and credential.region != region:
        raise SignatureRefused(Refusal.SCOPE, "Credential should be scoped to a valid region.")
    if credential.service != service:
        raise SignatureRefused(
            Refusal.SCOPE, f"Credential should be scoped to correct service: '{service}'."
        )


def check_signed_headers(request: SignedRequest, credential: Credential) -> None:
    """Refuse a signature that leaves out a header which changes what the request means.

    Raises:
        SignatureRefused: UNSIGNED_HEADER.
    """
    signed = set(credential.signed_headers)
    if "host" not in signed:
        raise SignatureRefused(
            Refusal.UNSIGNED_HEADER,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        )
    for name in request.headers:
        if name.startswith("x-amz-") and name not in signed and name != _UNHASHED:
            raise SignatureRefused(
                Refusal.UNSIGNED_HEADER,
                f"'{name[:64]}' must be a 'SignedHeader' in the AWS Authorization.",
            )
    dated_by_header = credential.expires_s is None and "x-amz-date" not in request.headers
    if dated_by_header and "date" not in signed:
        raise SignatureRefused(
            Refusal.UNSIGNED_HEADER, "'date' must be a 'SignedHeader' in the AWS Authorization."
        )


def check_signature(request: SignedRequest, credential: Credential, secret: str) -> None:
    """Refuse a signature that the secret did not make; takes the same time for every wrong one.

    Raises:
        SignatureRefused: MISMATCH.
    """
    text = string_to_sign(credential, canonical_request(request, credential))
    key = signing_key(secret, credential.date, credential.region, credential.service)
    sent = credential.signature.encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(signature(key, text).encode(), sent):
        raise SignatureRefused(Refusal.MISMATCH, _MISMATCH)
