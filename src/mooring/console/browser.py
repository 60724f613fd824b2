"""What every page and endpoint of people does alike: guard, read, remember, answer.

A POST is taken only under a host that we serve and from a page of that very origin; one that acts
for a session needs that session's token besides. Bodies are JSON or a plain form, and small.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import anyio
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from mooring.operations.stream_url import is_served
from mooring.operations.web_sessions import Visitor, is_csrf_token
from mooring.operations.world import World
from mooring.secret import Secret

__all__ = [
    "HEADERS",
    "Refusal",
    "cookie_of",
    "drop_cookie",
    "fields_of",
    "html",
    "is_form",
    "json_answer",
    "keep_cookie",
    "next_of",
    "origin_of",
    "visitor_of",
]

COOKIE = "__Host-mooring"
# A browser takes that name over TLS only; the plain listener is bound to loopback.
PLAIN_COOKIE = "mooring-loopback"
MAX_BODY = 16 * 1024
BODY_DEADLINE_S = 10.0
HOME = "/console/"

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": _CSP,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
    "cache-control": "no-store",
}
_FORM = "application/x-www-form-urlencoded"
_JSON = frozenset({"application/json", "application/x-amz-json-1.1"})
_NEXT = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~%?=&:@+,;-]{0,2000}")


class Refusal(Exception):
    """A request that is not even looked at."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def origin_of(request: Request) -> str:
    """Return the origin of our own pages, as this request reached us."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def visitor_of(request: Request) -> Visitor:
    """Return where the request comes from, as the listener saw it."""
    return Visitor(
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:512],
    )


def is_form(request: Request) -> bool:
    """Tell a page's own form from a program."""
    return _kind(request) == _FORM


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def fields_of(
    world: World, request: Request, *, csrf: bool, programs: bool = False
) -> Mapping[str, str]:
    """Guard a POST and return its fields; an object among them as its JSON.

    ``programs`` lets in who names no origin: such a request carries no cookie that counts.

    Raises:
        Refusal: another site's, too large, or not to be read.
    """
    origin = request.headers.get("origin")
    is_ours = origin == origin_of(request) or (programs and origin is None)
    if not is_served(world.site, request.headers.get("host", "")) or not is_ours:
        raise Refusal(403, "The request came from another site.")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refusal(403, "The request came from another site.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise Refusal(413, f"Expected a body of at most {MAX_BODY} bytes.")
    fields = _read(await _body(request), _kind(request))
    if csrf:
        given = request.headers.get("x-mooring-csrf") or fields.get("csrf", "")
        if not is_csrf_token(cookie_of(request), given):
            raise Refusal(403, "The page is out of date, load it again.")
    return fields


async def _body(request: Request) -> bytes:
    """Return the body; the server bounds how long a head may take, but not this."""
    try:
        with anyio.fail_after(BODY_DEADLINE_S):
            return await request.body()
    except (TimeoutError, ClientDisconnect) as exc:
        raise Refusal(408, "The body did not come in time.") from exc


def _read(body: bytes, kind: str) -> Mapping[str, str]:
    try:
        if kind == _FORM:
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
        if kind in _JSON:
            found = msgspec.json.decode(body or b"{}", type=dict[str, object])
            return {name: _text(value) for name, value in found.items() if value is not None}
    except (ValueError, msgspec.DecodeError, RecursionError) as exc:
        raise Refusal(400, "The body cannot be read.") from exc
    raise Refusal(415, "Expected JSON or a form.")


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def cookie_of(request: Request) -> str:
    """Return the text of the session's cookie, empty for none."""
    return request.cookies.get(_cookie_name(request), "")


def keep_cookie(response: Response, request: Request, cookie: Secret) -> None:
    """Let the browser remember the session until it is closed; the server ends it sooner."""
    response.set_cookie(
        _cookie_name(request),
        cookie.reveal(),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


def drop_cookie(response: Response, request: Request) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(
        _cookie_name(request),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _cookie_name(request: Request) -> str:
    return COOKIE if request.url.scheme == "https" else PLAIN_COOKIE


def next_of(text: str) -> str:
    """Return where to go after the sign-in: a path of ours, whatever was asked for."""
    return text if _NEXT.fullmatch(text) else HOME


def html(text: str, *, status: int = 200) -> Response:
    """Answer with a page."""
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def json_answer(value: Mapping[str, object], *, status: int = 200) -> Response:
    """Answer a program."""
    return JSONResponse(value, status_code=status, headers=HEADERS)
