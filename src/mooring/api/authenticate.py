"""Who signed a request: by an access key, by a session's credentials, or by a node's own key.

The order of checks is AWS's: a signature is there, it is well-formed, its key is known, its
scope and date are right, it matches, its token has not run out.
"""

from __future__ import annotations

from mooring.api.protocol.request import HttpRequest
from mooring.api.registry import Proof
from mooring.iam.identity import LastUse
from mooring.iam.principal import Principal
from mooring.operations.caller import Caller, Origin
from mooring.operations.credentials import caller_of, check_expiry, resolve
from mooring.operations.node_proof import prove_node
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.world import World
from mooring.wire.ids import AccessKeyKind, UniqueIdKind
from mooring.wire.sigv4 import (
    Credential,
    SignedRequest,
    canonical_request,
    is_node_key_id,
    string_to_sign,
)
from mooring.wire.sigv4_verify import (
    check_date,
    check_scope,
    check_signature,
    check_signed_headers,
    parse_credential,
    skew_window,
)

__all__ = ["authenticate", "origin_of"]

_GLOBAL = frozenset({"iam", "organizations", "sts"})


def origin_of(request: HttpRequest) -> Origin:
    """Return where a request came from, as the listener saw it."""
    return Origin(
        address=request.peer,
        secure=request.secure,
        host=request.headers.get("host", ""),
        user_agent=request.headers.get("user-agent", "")[:512],
    )


async def authenticate(
    world: World, request: HttpRequest, *, signing_name: str, proof: Proof
) -> Caller:
    """Return the caller.

    Raises:
        SignatureRefused: no signature, or not a right one.
        OperationRefused: UNKNOWN_KEY or EXPIRED_TOKEN.
    """
    origin = origin_of(request)
    region = world.site.region
    if proof is Proof.NONE and "authorization" not in request.headers:
        return Caller(account_id="", region=region, principal=Principal.anonymous(), origin=origin)
    signed = SignedRequest(
        method=request.method,
        path=request.path,
        query_string=request.query_string,
        headers=request.headers,
        body=request.body,
    )
    credential = parse_credential(signed)
    if is_node_key_id(credential.access_key_id) and proof is Proof.NODE_KEY:
        return await _node(world, signed, credential, origin=origin)
    key = await resolve(world, credential.access_key_id, credential.security_token or "")
    _check_envelope(world, signed, credential, signing_name=signing_name)
    check_signature(signed, credential, key.secret.reveal())
    check_expiry(key, world.clock.now())
    caller = caller_of(
        key,
        credential.access_key_id,
        credential.security_token or "",
        region=region,
        origin=origin,
    )
    _note_use(world, caller, signing_name)
    return caller


def _note_use(world: World, caller: Caller, service: str) -> None:
    """Remember that a long-term key, or the role of a session, was used."""
    subject = caller.access_key_id
    if not subject.startswith(AccessKeyKind.LONG_TERM):
        subject = caller.principal.user_id.partition(":")[0]
    if subject.startswith((AccessKeyKind.LONG_TERM, UniqueIdKind.ROLE)):
        use = LastUse(
            subject=subject, used_at=world.clock.now(), service=service, region=caller.region
        )
        world.recent_uses.note(caller.account_id, use)


def _check_envelope(
    world: World, signed: SignedRequest, credential: Credential, *, signing_name: str
) -> None:
    region = None if signing_name in _GLOBAL else world.site.region
    check_scope(credential, service=signing_name, region=region)
    check_date(credential, world.clock.now(), skew_window(signing_name))
    check_signed_headers(signed, credential)


async def _node(
    world: World, signed: SignedRequest, credential: Credential, *, origin: Origin
) -> Caller:
    """A node signs the same text as everybody, but with its RSA key."""
    _check_envelope(world, signed, credential, signing_name="ssm")
    text = string_to_sign(credential, canonical_request(signed, credential))
    proven = await prove_node(world, credential.access_key_id, credential.signature, text)
    if proven is None:
        raise OperationRefused(
            Problem.UNKNOWN_KEY, "The security token included in the request is invalid."
        )
    return Caller(
        account_id=proven.account_id,
        region=world.site.region,
        principal=proven.principal,
        origin=origin,
        access_key_id=credential.access_key_id,
        node_id=credential.access_key_id,
    )
