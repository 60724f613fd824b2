"""AWS Signature Version 4: what a signature covers, how to make one, how to check one.

Source: "Signature Version 4 signing process" in the AWS General Reference and its public test
suite. Where the two are silent, botocore's ``auth.py`` and the Go SDK's ``signer/v4`` decide, since
those are the peers; refusal texts are the ones AWS sends.

One deviation is amazon-ssm-agent's own: a managed instance signs with its RSA key, with its node id
in place of the access key id and a base64 RSA-PSS signature in place of the hex HMAC. The canonical
request, the string to sign and even the algorithm label stay the same. That request carries an
``X-Amz-Content-Sha256`` header outside the signature, so this one header need not be signed; its
content is covered anyhow, because the canonical request ends with the hash of the body.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from mooring.wire.errors import RemoteProtocolError

__all__ = [
    "ALGORITHM",
    "STAMP",
    "TERMINATOR",
    "Credential",
    "Refusal",
    "SignatureRefused",
    "SignedRequest",
    "SigningIdentity",
    "authorization_header",
    "canonical_request",
    "draft",
    "is_node_key_id",
    "payload_hash",
    "presign",
    "sign_headers",
    "signature",
    "signing_key",
    "string_to_sign",
]

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
_UNSIGNED = "UNSIGNED-PAYLOAD"
STAMP = "%Y%m%dT%H%M%SZ"
_DAY_KEYS_KEPT = 1024

_NODE_ID = re.compile(r"mi-[0-9a-f]{17}|i-[0-9a-f]{17}|i-[0-9a-f]{8}")
_BLANKS = re.compile(r"[ \t]+")


class Refusal(StrEnum):
    """Why a signature is not accepted."""

    MISSING = "missing"
    MALFORMED = "malformed"
    SKEWED = "skewed"
    SCOPE = "scope"
    UNSIGNED_HEADER = "unsigned_header"
    MISMATCH = "mismatch"


class SignatureRefused(RemoteProtocolError):
    """The request does not prove who sent it; ``str()`` is the text for the peer."""

    def __init__(self, reason: Refusal, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The part of an HTTP request that a signature covers.

    ``path`` and ``query_string`` are as they stand on the request line, still percent-encoded;
    header names are lower-case (see ``sigv4_verify.fold_headers``).
    """

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a request says about its own signature.

    ``expires_s`` is set in the presigned form only, and tells it from the header form.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    amz_date: str
    security_token: str | None = field(repr=False, default=None)
    expires_s: int | None = None

    @property
    def scope(self) -> str:
        """Return date, region and service as they stand in the string to sign."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIdentity:
    """Who signs, for which service; ``secret_access_key`` is empty when another key signs."""

    access_key_id: str
    secret_access_key: str = field(repr=False, default="")
    security_token: str | None = field(repr=False, default=None)
    region: str
    service: str


def is_node_key_id(access_key_id: str) -> bool:
    """Tell whether the access key id is a node's id, so that an RSA key made the signature."""
    return _NODE_ID.fullmatch(access_key_id) is not None


def canonical_request(request: SignedRequest, credential: Credential) -> str:
    """Return the text whose hash is signed.

    Raises:
        SignatureRefused: a signed header is absent, or a signed hash is not the body's (MISMATCH).
    """
    headers = request.headers
    try:
        lines = [f"{name}:{_trimmed(headers[name])}\n" for name in credential.signed_headers]
    except KeyError as exc:
        raise SignatureRefused(
            Refusal.MISMATCH, f"signed header '{str(exc.args[0])[:64]}' is not in the request"
        ) from exc
    return "\n".join(
        (
            request.method.upper(),
            _canonical_path(request.path, encode_twice=credential.service != "s3"),
            _canonical_query(request.query_string),
            "".join(lines),
            ";".join(credential.signed_headers),
            payload_hash(request, credential),
        )
    )


def _trimmed(value: str) -> str:
    return _BLANKS.sub(" ", value).strip(" ")


def _canonical_path(path: str, *, encode_twice: bool) -> str:
    if not encode_twice:
        return quote(unquote_to_bytes(path), safe="/~") or "/"
    if path in ("", "/"):
        return "/"
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    end = "/" if path.endswith("/") and kept else ""
    return quote("/" + "/".join(kept) + end, safe="/~")


def _canonical_query(query_string: str) -> str:
    if not query_string:
        return ""
    pairs = []
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        if part and name != "X-Amz-Signature":
            pairs.append((_recoded(name), _recoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _recoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="~")


def payload_hash(request: SignedRequest, credential: Credential) -> str:
    """Return the last line of the canonical request.

    Raises:
        SignatureRefused: the signed X-Amz-Content-Sha256 is not the hash of the body.
    """
    if credential.expires_s is not None and credential.service == "s3":
        return _UNSIGNED
    actual = hashlib.sha256(request.body).hexdigest()
    if "x-amz-content-sha256" in credential.signed_headers:
        claimed = request.headers.get("x-amz-content-sha256", "")
        if claimed == _UNSIGNED and credential.expires_s is not None:
            return _UNSIGNED
        if claimed != actual:
            raise SignatureRefused(
                Refusal.MISMATCH,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
    return actual


def string_to_sign(credential: Credential, canonical: str) -> str:
    """Return what the key signs, given the canonical request."""
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{credential.amz_date}\n{credential.scope}\n{digest}"


@lru_cache(maxsize=_DAY_KEYS_KEPT)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Return the key of one day, region and service; a caller signs with one all day."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode("utf-8", "surrogateescape"), "sha256")
    return key


def signature(key: bytes, text: str) -> str:
    """Return the hex HMAC of a string to sign."""
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256").hex()


def draft(
    request: SignedRequest, identity: SigningIdentity, now: datetime
) -> tuple[dict[str, str], Credential, str]:
    """Return the headers to add, the credential without its signature, and the text to sign.

    That is all a signer with a key of another kind needs; ``authorization_header`` ends it.
    ``host``, ``content-type`` and every ``x-amz-*`` header of the request is signed; ``now`` is
    an aware time.
    """
    stamp = now.astimezone(UTC).strftime(STAMP)
    added = {"x-amz-date": stamp}
    if identity.security_token is not None:
        added["x-amz-security-token"] = identity.security_token
    headers = {**request.headers, **added}
    names = [
        name for name in headers if name in ("host", "content-type") or name.startswith("x-amz-")
    ]
    credential = _unsigned(identity, stamp, names)
    complete = replace(request, headers=headers)
    return added, credential, string_to_sign(credential, canonical_request(complete, credential))


def _unsigned(identity: SigningIdentity, stamp: str, names: list[str]) -> Credential:
    return Credential(
        access_key_id=identity.access_key_id,
        date=stamp[:8],
        region=identity.region,
        service=identity.service,
        signed_headers=tuple(sorted(names)),
        signature="",
        amz_date=stamp,
        security_token=identity.security_token,
    )


def authorization_header(credential: Credential, made_signature: str) -> str:
    """Return the value of the Authorization header."""
    return (
        f"{ALGORITHM} Credential={credential.access_key_id}/{credential.scope}, "
        f"SignedHeaders={';'.join(credential.signed_headers)}, Signature={made_signature}"
    )


def sign_headers(
    request: SignedRequest, identity: SigningIdentity, now: datetime
) -> dict[str, str]:
    """Return the headers to add to the request, which must hold ``host`` already."""
    added, credential, text = draft(request, identity, now)
    made = signature(_key_of(identity, credential), text)
    return {**added, "authorization": authorization_header(credential, made)}


def _key_of(identity: SigningIdentity, credential: Credential) -> bytes:
    return signing_key(
        identity.secret_access_key, credential.date, credential.region, credential.service
    )


def presign(
    request: SignedRequest, identity: SigningIdentity, now: datetime, expires_s: int
) -> str:
    """Return the query string that makes the request valid for ``expires_s`` seconds.

    Only the headers in ``request.headers`` are signed; the caller must send the very same.
    """
    stamp = now.astimezone(UTC).strftime(STAMP)
    credential = replace(_unsigned(identity, stamp, list(request.headers)), expires_s=expires_s)
    values = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credential.access_key_id}/{credential.scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": ";".join(credential.signed_headers),
    }
    if identity.security_token is not None:
        values["X-Amz-Security-Token"] = identity.security_token
    parts = [f"{name}={quote(value, safe='~')}" for name, value in values.items()]
    query = "&".join([request.query_string, *parts] if request.query_string else parts)
    canonical = canonical_request(replace(request, query_string=query), credential)
    made = signature(_key_of(identity, credential), string_to_sign(credential, canonical))
    return f"{query}&X-Amz-Signature={made}"
