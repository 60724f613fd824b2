"""The request context: every key that a condition may ask for, from facts given as arguments.

A key whose fact is unknown is absent, never empty, because conditions tell the two apart:
``aws:MultiFactorAuthPresent`` exists for temporary credentials only, and a policy that says
``BoolIfExists`` counts on that.

Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference,
"Condition keys for AWS Systems Manager".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from mooring.iam.principal import Principal

__all__ = ["request_context"]

_NOTHING: Mapping[str, str] = {}
_NO_KEYS: Mapping[str, tuple[str, ...]] = {}


def request_context(  # noqa: PLR0913 - one keyword per fact, and all of them by name
    *,
    principal: Principal,
    now: datetime,
    source_ip: str,
    secure: bool,
    user_agent: str,
    region: str,
    token_issued_at: datetime | None = None,
    mfa_at: datetime | None = None,
    resource_account: str = "",
    resource_tags: Mapping[str, str] = _NOTHING,
    request_tags: Mapping[str, str] = _NOTHING,
    extra: Mapping[str, tuple[str, ...]] = _NO_KEYS,
) -> dict[str, tuple[str, ...]]:
    """Return the context of one request on one resource.

    Args:
        principal: the caller.
        now: aware.
        source_ip: the peer's address; empty behind a private endpoint.
        secure: over TLS.
        user_agent: the header; empty when there was none.
        region: of the endpoint that was called.
        token_issued_at: of temporary credentials; None for long-term keys.
        mfa_at: when the session, or this very call, proved a second factor, if it did.
        resource_account: owner of the resource; empty when nobody owns it.
        resource_tags: of the resource.
        request_tags: that the call itself carries.
        extra: keys of the service, such as ``ssm:SessionDocumentAccessCheck``; they cannot
            replace a key that is computed here.
    """
    facts = {
        "aws:SourceIp": source_ip,
        "aws:SecureTransport": _bool(secure),
        "aws:UserAgent": user_agent,
        "aws:RequestedRegion": region,
        "aws:CurrentTime": _date(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:ViaAWSService": "false",
        "aws:ResourceAccount": resource_account,
        **_session(now, token_issued_at, mfa_at),
    }
    return {
        **extra,
        **{key: (value,) for key, value in facts.items() if value},
        **_tags(resource_tags, request_tags),
        **principal.context(),
    }


def _session(
    now: datetime, token_issued_at: datetime | None, mfa_at: datetime | None
) -> dict[str, str]:
    if token_issued_at is None and mfa_at is None:
        return {}
    keys = {"aws:MultiFactorAuthPresent": _bool(mfa_at is not None)}
    if token_issued_at is not None:
        keys["aws:TokenIssueTime"] = _date(token_issued_at)
    if mfa_at is not None:
        keys["aws:MultiFactorAuthAge"] = str(int((now - mfa_at).total_seconds()))
    return keys


def _tags(resource: Mapping[str, str], request: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    for key, value in resource.items():
        keys[f"aws:ResourceTag/{key}"] = (value,)
        keys[f"ssm:resourceTag/{key}"] = (value,)
    for key, value in request.items():
        keys[f"aws:RequestTag/{key}"] = (value,)
    if request:
        keys["aws:TagKeys"] = tuple(request)
    return keys


def _bool(value: object) -> str:
    return "true" if value else "false"


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
