"""The plain pages of people, and the server's public keys.

Sign-in, second factors, passkeys, consent to command lines, and who you are. There is one script,
for passkeys, and none inline.
"""

from __future__ import annotations

import base64
from importlib import resources
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mooring.console.browser import HEADERS, HOME, cookie_of, html, next_of, origin_of
from mooring.console.grants import GrantEndpoints
from mooring.console.oidc import oidc_routes
from mooring.console.pages import STYLE, Welcome, signed_out_page, welcome_page
from mooring.console.passkeys import PasskeyEndpoints
from mooring.console.sign_in import SignInPages
from mooring.operations.web_sessions import csrf_token, read_session
from mooring.operations.world import World

__all__ = ["PREFIXES", "console_app"]

PREFIXES = ("/console", "/auth/", "/mooring/")


def console_app(world: World, *, ca_pem: bytes) -> Starlette:
    """Build the app; ``ca_pem`` is the public certificate that clients and nodes trust."""
    pages = _Pages(world, ca_pem)
    return Starlette(
        routes=[
            Route(HOME, pages.home),
            Route("/console/style.css", pages.style),
            Route("/console/passkey.js", pages.script),
            *SignInPages(world).routes(),
            *PasskeyEndpoints(world).routes(),
            *GrantEndpoints(world).routes(),
            *oidc_routes(world),
            Route("/mooring/ca.pem", pages.certificate),
            Route("/mooring/keys.json", pages.keys),
            Route("/mooring/health", pages.health),
        ]
    )


class _Pages:
    def __init__(self, world: World, ca_pem: bytes) -> None:
        self._world = world
        self._ca_pem = ca_pem
        self._script = resources.files("mooring.console").joinpath("passkey.js").read_bytes()

    async def home(self, request: Request) -> Response:
        cookie = cookie_of(request)
        session = await read_session(self._world, cookie)
        if session is None:
            place = urlencode({"next": next_of(request.url.path)})
            return html(signed_out_page(f"/console/sign-in?{place}"), status=401)
        principal = session.principal
        welcome = Welcome(
            arn=principal.arn,
            account_id=principal.account_id,
            user_id=principal.user_id,
            region=self._world.site.region,
            endpoint_url=origin_of(request),
            csrf=csrf_token(cookie),
        )
        return html(welcome_page(welcome))

    async def style(self, _: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers=HEADERS)

    async def script(self, _: Request) -> Response:
        return Response(self._script, media_type="text/javascript", headers=HEADERS)

    async def certificate(self, _: Request) -> Response:
        return Response(self._ca_pem, media_type="application/x-pem-file", headers=HEADERS)

    async def keys(self, _: Request) -> Response:
        keys = {
            key_id: base64.b64encode(raw).decode()
            for key_id, raw in self._world.keys.public_keys().items()
        }
        return JSONResponse({"algorithm": "ed25519", "keys": keys}, headers=HEADERS)

    async def health(self, _: Request) -> Response:
        return PlainTextResponse("ok", headers=HEADERS)
