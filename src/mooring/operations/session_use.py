"""What temporary credentials are no good for, whatever the policies say.

Credentials of GetSessionToken reach IAM only with a second factor, and of STS only AssumeRole
and GetCallerIdentity; a federated user's reach no IAM, and of STS only GetCallerIdentity. No
session makes another by GetSessionToken or GetFederationToken.

Source: IAM User Guide, "Compare AWS STS credentials"; the answers are those seen of AWS.
"""

from __future__ import annotations

from mooring.iam.session_facts import SessionKind
from mooring.operations.call import Call
from mooring.operations.problems import AccessDenied, OperationRefused, Problem

__all__ = ["check_use"]

_WHO = "GetCallerIdentity"
_STS = {
    SessionKind.USER: frozenset({_WHO, "AssumeRole"}),
    SessionKind.FEDERATED: frozenset({_WHO}),
}
_LONG_TERM_ONLY = frozenset({"GetSessionToken", "GetFederationToken"})


def check_use(call: Call) -> None:
    """Return when the caller's credentials are good for the call.

    Raises:
        AccessDenied: not for this operation of STS.
        OperationRefused: UNKNOWN_KEY: not for IAM.
    """
    session = call.caller.session
    if session is None:
        return
    kind = session.kind
    if call.service == "iam":
        weak = kind is SessionKind.USER and session.mfa_at is None
        if weak or kind is SessionKind.FEDERATED:
            raise OperationRefused(
                Problem.UNKNOWN_KEY, "The security token included in the request is invalid."
            )
    if call.service == "sts":
        allowed = _STS.get(kind)
        if call.name in _LONG_TERM_ONLY or (allowed is not None and call.name not in allowed):
            raise AccessDenied(f"Cannot call {call.name} with session credentials", None)
