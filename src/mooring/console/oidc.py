"""Single sign-on in the browser: off to the provider, and back.

The cookie of a sign-in under way is SameSite=Lax, because the provider's page leads back here; it
is good for ten minutes. After the way back a page leads on, so that the next
request is our own.
"""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mooring.console.browser import HEADERS, html, keep_cookie, next_of, origin_of
from mooring.console.pages import message_page
from mooring.iam.single_sign_on import SingleSignOn
from mooring.operations.caller import Origin
from mooring.operations.oidc_sign_in import (
    LIFETIME,
    Answer,
    SignInFailed,
    begin,
    finish,
)
from mooring.operations.stream_url import is_served
from mooring.operations.world import World
from mooring.secret import Secret

__all__ = ["START", "oidc_routes"]

START = "/auth/oidc/start"
CALLBACK = "/auth/oidc/callback"

# As for the session's: by its prefix no neighbour's page can plant a sign-in of its own.
_COOKIE = "__Host-mooring-oidc"
_PLAIN_COOKIE = "mooring-oidc-loopback"
_MAX_CODE = 4096


def oidc_routes(world: World) -> list[Route]:
    """Return the routes of single sign-on: none where the site has no provider."""
    sso = world.site.single_sign_on
    if sso is None:
        return []
    pages = _Pages(world, sso)
    return [Route(START, pages.start), Route(CALLBACK, pages.callback)]


class _Pages:
    def __init__(self, world: World, sso: SingleSignOn) -> None:
        self._world = world
        self._sso = sso

    async def start(self, request: Request) -> Response:
        host = request.headers.get("host", "")
        if not is_served(self._world.site, host):
            return _refused("The request came under a name that is not ours.")
        redirect_uri = origin_of(request) + CALLBACK
        try:
            beginning = await begin(
                self._world,
                self._sso,
                redirect_uri=redirect_uri,
                place=next_of(request.query_params.get("next", "")),
            )
        except SignInFailed as exc:
            return _refused(exc.message)
        response = Response(status_code=303, headers=HEADERS | {"location": beginning.url})
        _keep(response, request, beginning.cookie)
        return response

    async def callback(self, request: Request) -> Response:
        asked = request.query_params
        answer = Answer(
            state=asked.get("state", "")[:_MAX_CODE],
            code=Secret(asked.get("code", "")[:_MAX_CODE]),
            error=asked.get("error", "")[:_MAX_CODE],
        )
        try:
            entered = await finish(
                self._world,
                self._sso,
                cookie=request.cookies.get(_cookie_name(request), ""),
                answer=answer,
                origin=_origin(request),
            )
        except SignInFailed as exc:
            response = _refused(exc.message)
        else:
            response = html(_led_on(entered.place))
            keep_cookie(response, request, entered.cookie)
        response.delete_cookie(
            _cookie_name(request),
            path="/",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response


def _keep(response: Response, request: Request, cookie: Secret) -> None:
    response.set_cookie(
        _cookie_name(request),
        cookie.reveal(),
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


def _cookie_name(request: Request) -> str:
    return _COOKIE if request.url.scheme == "https" else _PLAIN_COOKIE


def _led_on(place: str) -> str:
    whole = message_page("Signed in", f"You are signed in. If nothing happens, open {place}.")
    lead = f'<meta http-equiv="refresh" content="0;url={escape(place, quote=True)}">'
    return whole.replace("<head>", f"<head>\n{lead}", 1)


def _refused(message: str) -> Response:
    return html(message_page("Not signed in", message), status=403)


def _origin(request: Request) -> Origin:
    return Origin(
        address=request.client.host if request.client else "",
        secure=request.url.scheme == "https",
        host=request.headers.get("host", ""),
        user_agent=request.headers.get("user-agent", "")[:512],
    )
