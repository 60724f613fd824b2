"""The plain pages: use up a sign-in link, see who you are; and the server's public keys.

Cookies are HttpOnly and SameSite=Strict; a form is taken only from our own origin and only
under a host that we serve. The pages run no script.
"""

from __future__ import annotations

import base64
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mooring.console.pages import (
    STYLE,
    Welcome,
    message_page,
    sign_in_page,
    welcome_page,
)
from mooring.operations.sign_in import SignInRefused, read_session, sign_in
from mooring.operations.stream_url import is_served
from mooring.operations.world import World

__all__ = ["PREFIXES", "console_app"]

PREFIXES = ("/console", "/auth/", "/mooring/")
_COOKIE = "mooring-session"
_MAX_FORM = 4096
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def console_app(world: World, *, ca_pem: bytes) -> Starlette:
    """Build the app; ``ca_pem`` is the public certificate that clients and nodes trust."""
    pages = _Pages(world, ca_pem)
    return Starlette(
        routes=[
            Route("/console/", pages.home),
            Route("/console/style.css", pages.style),
            Route("/auth/sign-in", pages.show_sign_in),
            Route("/auth/sign-in", pages.sign_in, methods=["POST"]),
            Route("/mooring/ca.pem", pages.certificate),
            Route("/mooring/keys.json", pages.keys),
            Route("/mooring/health", pages.health),
        ]
    )


class _Pages:
    def __init__(self, world: World, ca_pem: bytes) -> None:
        self._world = world
        self._ca_pem = ca_pem

    async def home(self, request: Request) -> Response:
        session = await read_session(self._world, request.cookies.get(_COOKIE, ""))
        if session is None:
            text = "You are not signed in. Open the sign-in link that the server printed."
            return _html(message_page("Sign in", text), status=401)
        principal = session.principal
        welcome = Welcome(
            arn=principal.arn,
            account_id=principal.account_id,
            user_id=principal.user_id,
            region=self._world.site.region,
            endpoint_url=_origin(request),
        )
        return _html(welcome_page(welcome))

    async def show_sign_in(self, request: Request) -> Response:
        return _html(sign_in_page(request.query_params.get("token", "")))

    async def sign_in(self, request: Request) -> Response:
        host = request.headers.get("host", "")
        if not is_served(self._world.site, host) or request.headers.get("origin") != _origin(
            request
        ):
            return _html(message_page("Refused", "The form came from another site."), status=403)
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _MAX_FORM:
            return _html(message_page("Refused", "The form is too large."), status=413)
        form = parse_qs((await request.body()).decode("ascii", errors="replace"))
        try:
            cookie = await sign_in(
                self._world,
                form.get("token", [""])[0],
                address=request.client.host if request.client else "",
                user_agent=request.headers.get("user-agent", "")[:512],
            )
        except SignInRefused:
            text = "This link was used already, has expired, or was never one of ours."
            return _html(message_page("Not signed in", text), status=403)
        response = Response(status_code=303, headers=_HEADERS | {"location": "/console/"})
        response.set_cookie(
            _COOKIE,
            cookie.reveal(),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
        )
        return response

    async def style(self, _: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers=_HEADERS)

    async def certificate(self, _: Request) -> Response:
        return Response(self._ca_pem, media_type="application/x-pem-file", headers=_HEADERS)

    async def keys(self, _: Request) -> Response:
        keys = {
            key_id: base64.b64encode(raw).decode()
            for key_id, raw in self._world.keys.public_keys().items()
        }
        return JSONResponse({"algorithm": "ed25519", "keys": keys}, headers=_HEADERS)

    async def health(self, _: Request) -> Response:
        return PlainTextResponse("ok", headers=_HEADERS)


def _html(text: str, *, status: int = 200) -> Response:
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"
