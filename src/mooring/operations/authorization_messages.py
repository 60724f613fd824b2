"""The encoded message of a denial: what was asked and decided, sealed for the account's eyes.

EC2 tells a denied caller little, and adds this text, which DecodeAuthorizationMessage reads for
whoever may. Its JSON is that of the Security Token Service API's "DecodeAuthorizationMessage".
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable

import msgspec

from mooring.iam.evaluate import Decision, Match, Request
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World

__all__ = ["decoded", "encoded"]


def encoded(world: World, account_id: str, request: Request, decision: Decision) -> str:
    """Return the encoded message of a denial."""
    text = msgspec.json.encode(_document(request, decision))
    sealed = world.keys.seal(zlib.compress(text, 9), context=_context(account_id))
    return base64.urlsafe_b64encode(sealed).decode()


def decoded(world: World, account_id: str, message: str) -> str:
    """Return the JSON of an encoded message that was made for this account.

    Raises:
        OperationRefused: INVALID_AUTHORIZATION_MESSAGE.
    """
    try:
        sealed = base64.urlsafe_b64decode(message.encode())
        packed = world.keys.open(sealed, context=_context(account_id))
    except ValueError as exc:
        raise OperationRefused(
            Problem.INVALID_AUTHORIZATION_MESSAGE, "Invalid authorization message"
        ) from exc
    return zlib.decompress(packed).decode()


def _context(account_id: str) -> dict[str, str]:
    return {"kind": "authorization-message", "account": account_id}


def _items(values: Iterable[object]) -> dict[str, list[object]]:
    return {"items": list(values)}


def _values(texts: Iterable[str]) -> dict[str, list[object]]:
    return _items({"value": text} for text in texts)


def _document(request: Request, decision: Decision) -> dict[str, object]:
    principal = request.principal
    named = principal.user_name or principal.session_name or principal.user_id
    keys = sorted(request.context.items())
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.explicit,
        "matchedStatements": _items(_statement(match) for match in decision.matched),
        "failures": _items(()),
        "context": {
            "principal": {"id": principal.user_id, "name": named, "arn": principal.arn},
            "action": request.action,
            "resource": request.resources[0],
            "conditions": _items({"key": key, "values": _values(texts)} for key, texts in keys),
        },
    }


def _statement(match: Match) -> dict[str, object]:
    statement = match.source.policy.statements[match.statement]
    return {
        "statementId": statement.sid or "",
        "effect": statement.effect.upper(),
        "policy": match.source.name,
        "actions": _values(pattern.text for pattern in statement.actions),
        "resources": _values(pattern.text for pattern in statement.resources),
    }
