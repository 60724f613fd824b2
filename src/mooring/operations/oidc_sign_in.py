"""Single sign-on: a person signs in at the site's provider and becomes a role of an account.

The authorization-code flow with PKCE. State, nonce and verifier are sealed into a cookie of the
browser that began, so that nobody can be signed in with another's code. The ID token goes the way
of AssumeRoleWithWebIdentity: the claim picks the role, and the role's trust policy decides. The
browser's session is one of the role, and ends with it.

Source: OpenID Connect Core 1.0, "Authentication using the Authorization Code Flow"; RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

import msgspec

from mooring.iam.oidc_provider import HTTPS, OidcProvider
from mooring.iam.principal import Principal
from mooring.iam.single_sign_on import SingleSignOn
from mooring.operations.assume_role import AssumedRole, RoleRequest, account_of_role, find_role
from mooring.operations.call import Call
from mooring.operations.caller import Caller, Origin
from mooring.operations.oidc_tokens import Identity, identify
from mooring.operations.problems import OperationRefused
from mooring.operations.web_identity import become
from mooring.operations.web_sessions import Visitor, open_role_session
from mooring.operations.world import World
from mooring.ports.oidc import CodeGrant, ProviderUnreachable, TokenInvalid
from mooring.secret import Secret

__all__ = ["LIFETIME", "Answer", "Beginning", "Entered", "SignInFailed", "begin", "finish"]

LIFETIME = timedelta(minutes=10)

_CONTEXT = {"kind": "oidc-sign-in"}
_RANDOM = 32
_SHORTEST, _LONGEST = 2, 64
_FOREIGN = re.compile(r"[^\w+=,.@-]", re.ASCII)
_AGAIN = "The sign-in took too long or was begun in another browser; begin again."


class SignInFailed(Exception):
    """Nobody is let in; the text may be shown."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _Begun(msgspec.Struct, frozen=True, array_like=True):
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    place: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where the browser goes, and what it must bring back."""

    url: str
    cookie: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Somebody is let in: the cookie of the session, and where they wanted to go."""

    cookie: Secret
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider sent the browser back with."""

    state: str
    code: Secret
    error: str = ""


async def begin(world: World, sso: SingleSignOn, *, redirect_uri: str, place: str) -> Beginning:
    """Begin a sign-in; ``place`` is where the person wants to go after it.

    Raises:
        SignInFailed: the provider does not answer.
    """
    try:
        endpoint = await world.oidc.authorization_endpoint(sso.issuer)
    except ProviderUnreachable as exc:
        raise SignInFailed("The identity provider does not answer. Try again later.") from exc
    begun = _Begun(
        state=_random(world),
        nonce=_random(world),
        verifier=_random(world),
        redirect_uri=redirect_uri,
        place=place,
        expires=int((world.clock.now() + LIFETIME).timestamp()),
    )
    challenge = _coded(hashlib.sha256(begun.verifier.encode()).digest())
    asked = {
        "response_type": "code",
        "client_id": sso.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid email profile",
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in endpoint else "?"
    sealed = world.keys.seal(msgspec.msgpack.encode(begun), context=_CONTEXT)
    return Beginning(url=f"{endpoint}{joint}{urlencode(asked)}", cookie=Secret(_coded(sealed)))


async def finish(
    world: World, sso: SingleSignOn, *, cookie: str, answer: Answer, origin: Origin
) -> Entered:
    """Let in whom the provider vouches for.

    Raises:
        SignInFailed: with a text for the person; what went wrong in detail is in the audit log
            once the provider has said who it is.
    """
    begun = _opened(world, cookie)
    if begun is None or not hmac.compare_digest(begun.state.encode(), answer.state.encode()):
        raise SignInFailed(_AGAIN)
    if answer.error or not answer.code.reveal():
        raise SignInFailed("The identity provider did not sign you in.")
    identity = await _identity(world, sso, begun, answer.code)
    role_arn = sso.role_for(identity.claims)
    if role_arn is None:
        raise SignInFailed("You are signed in at the identity provider, but no role is yours.")
    account_id = account_of_role(role_arn)
    url = sso.issuer.removeprefix(HTTPS)
    provider = await world.store.glance(account_id, lambda tx: tx.oidc_providers.get(url))
    if provider is None or sso.client_id not in provider.client_ids:
        raise SignInFailed("The account of your role does not trust the identity provider.")
    opened = await _enter(
        world,
        role_arn,
        replace(identity, provider=provider),
        name=_session_name(identity, sso.name_claim),
        origin=origin,
    )
    kept = await _remember(world, opened, origin)
    return Entered(cookie=kept, place=begun.place)


async def _identity(world: World, sso: SingleSignOn, begun: _Begun, code: Secret) -> Identity:
    """Change the code for a token, and judge the token as one for us and for this browser."""
    grant = CodeGrant(
        code=code,
        verifier=Secret(begun.verifier),
        redirect_uri=begun.redirect_uri,
        client_id=sso.client_id,
        client_secret=sso.client_secret,
    )
    ours = OidcProvider(
        account_id="",
        url=sso.issuer.removeprefix(HTTPS),
        client_ids=(sso.client_id,),
        created_at=world.clock.now(),
    )
    try:
        token = await world.oidc.redeem(sso.issuer, grant)
        identity = await identify(world, ours, token)
    except ProviderUnreachable as exc:
        raise SignInFailed("The identity provider does not answer. Try again later.") from exc
    except (TokenInvalid, OperationRefused) as exc:
        raise SignInFailed("The identity provider's answer is not good.") from exc
    nonce = identity.claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), begun.nonce.encode()):
        raise SignInFailed(_AGAIN)
    return identity


async def _enter(
    world: World, role_arn: str, identity: Identity, *, name: str, origin: Origin
) -> AssumedRole:
    """Open the role session, for as long as the role allows, and say so in the account."""
    role = await find_role(world, role_arn)
    asked = RoleRequest(
        role_arn=role_arn,
        session_name=name,
        duration=role.max_session if role is not None else None,
    )
    call = _call(world, origin, "sts", "AssumeRoleWithWebIdentity", Principal.anonymous())
    try:
        opened = await become(call, asked, identity)
    except OperationRefused as exc:
        await call.record(error_code="AccessDenied", error_message=exc.message)
        raise SignInFailed("Your role does not let you in.") from exc
    await call.record()
    return opened


async def _remember(world: World, opened: AssumedRole, origin: Origin) -> Secret:
    """Open the browser's session, and note the sign-in with it."""
    principal = opened.principal
    login = _call(world, origin, "signin", "ConsoleLogin", principal)
    login.read_only = False
    login.response = '{"ConsoleLogin":"Success"}'
    visitor = Visitor(address=origin.address, user_agent=origin.user_agent)
    return await login.write(
        lambda tx: open_role_session(world, tx, principal, opened.credentials, visitor)
    )


def _call(world: World, origin: Origin, service: str, name: str, principal: Principal) -> Call:
    return Call(
        world=world,
        caller=Caller(
            account_id=principal.account_id,
            region=world.site.region,
            principal=principal,
            origin=origin,
        ),
        service=service,
        name=name,
        request_id=str(world.entropy.uuid()),
        event_id=str(world.entropy.uuid()),
        time=world.clock.now(),
    )


def _session_name(identity: Identity, claim: str) -> str:
    """Return a name that no two people share: whatever was left out goes into a hash.

    Raises:
        SignInFailed: the provider gives no name, or one that it has not verified.
    """
    given = identity.claims.get(claim)
    is_unverified = claim == "email" and identity.claims.get("email_verified") is not True
    if not isinstance(given, str) or not given or is_unverified:
        raise SignInFailed(f"The identity provider gives no {claim} that could name your session.")
    name = _FOREIGN.sub("-", given)
    if name == given and _SHORTEST <= len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(given.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{name[: _LONGEST - 17]}-{digest}"


def _opened(world: World, cookie: str) -> _Begun | None:
    try:
        opened = world.keys.open(_uncoded(cookie), context=_CONTEXT)
        begun = msgspec.msgpack.decode(opened, type=_Begun)
    except (ValueError, msgspec.DecodeError):
        return None
    return begun if world.clock.now().timestamp() < begun.expires else None


def _random(world: World) -> str:
    return _coded(world.entropy.bytes(_RANDOM))


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _uncoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
