"""Command lines that sign in: RFC 8628's endpoints for them, and the person's consent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mooring.console.browser import (
    HEADERS,
    Refusal,
    cookie_of,
    fields_of,
    html,
    json_answer,
    origin_of,
    visitor_of,
)
from mooring.console.forms import Form, consent_page, device_page
from mooring.console.pages import message_page
from mooring.console.sign_in import answer_refusal
from mooring.operations.device_grants import (
    INTERVAL,
    LIFETIME,
    GrantRefused,
    ask_for_grant,
    decide_grant,
    fetch_credentials,
    pending_grant,
    poll_grant,
    revoke_grant,
)
from mooring.operations.problems import OperationRefused
from mooring.operations.sign_in import SignInRefused
from mooring.operations.web_sessions import ConsoleSession, csrf_token, read_session
from mooring.operations.world import World

__all__ = ["GrantEndpoints"]

DEVICE = "/console/device"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_NO_SUCH_CODE = "No command line waits under this code. It may have expired: start it again."

Fields = Mapping[str, str]


class GrantEndpoints:
    """The endpoints and pages of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return where they are."""
        return [
            Route("/console/auth/device_authorization", self.ask, methods=["POST"]),
            Route("/console/auth/token", self.token, methods=["POST"]),
            Route("/console/auth/revoke", self.revoke, methods=["POST"]),
            Route(DEVICE, self.show),
            Route("/console/auth/device", self.decide, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Begin a request of a command line."""

        async def act(fields: Fields) -> Response:
            client = fields.get("client_name") or fields.get("client_id", "")
            codes = await ask_for_grant(self._world, client, visitor_of(request))
            page = f"{origin_of(request)}{DEVICE}"
            return json_answer(
                {
                    "device_code": codes.device_code.reveal(),
                    "user_code": codes.user_code,
                    "verification_uri": page,
                    "verification_uri_complete": f"{page}?{urlencode({'code': codes.user_code})}",
                    "expires_in": int(LIFETIME.total_seconds()),
                    "interval": int(INTERVAL.total_seconds()),
                }
            )

        return await self._program(request, act)

    async def token(self, request: Request) -> Response:
        """Answer a poll, or turn a refresh secret into keys."""

        async def act(fields: Fields) -> Response:
            kind = fields.get("grant_type", "")
            if kind == _DEVICE_CODE:
                granted = await poll_grant(
                    self._world, fields.get("device_code", ""), visitor_of(request)
                )
                return json_answer(
                    {
                        "refresh_token": granted.refresh_token.reveal(),
                        "account_id": granted.account_id,
                        "user_name": granted.user_name,
                        "region": self._world.site.region,
                        "expires_in": int(granted.expires_in.total_seconds()),
                    }
                )
            if kind != "refresh_token":
                return json_answer({"error": "unsupported_grant_type"}, status=400)
            keys = await fetch_credentials(
                self._world, fields.get("refresh_token", ""), visitor_of(request)
            )
            return json_answer(
                {
                    "AccessKeyId": keys.access_key_id,
                    "SecretAccessKey": keys.secret.reveal(),
                    "SessionToken": keys.session_token.reveal(),
                    "Expiration": keys.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )

        return await self._program(request, act)

    async def revoke(self, request: Request) -> Response:
        """Forget a grant; as RFC 7009 has it, one that is none is no error."""

        async def act(fields: Fields) -> Response:
            await revoke_grant(self._world, fields.get("token", ""), visitor_of(request))
            return json_answer({})

        return await self._program(request, act)

    async def show(self, request: Request) -> Response:
        """Ask for a code, or for consent where the address holds it."""
        session = await read_session(self._world, cookie_of(request))
        code = request.query_params.get("code", "")[:16]
        if session is None:
            place = f"{DEVICE}?{urlencode({'code': code})}" if code else DEVICE
            where = {"location": f"/console/sign-in?{urlencode({'next': place})}"}
            return Response(status_code=303, headers=HEADERS | where)
        if not code:
            return html(device_page(self._form(request), code=""))
        return await self._consent(request, session, code)

    async def decide(self, request: Request) -> Response:
        """Take a code, and then a yes or a no."""
        session = await read_session(self._world, cookie_of(request))
        try:
            fields = await fields_of(self._world, request, csrf=True)
        except Refusal as exc:
            return html(message_page("Refused", exc.message), status=exc.status)
        if session is None:
            return html(message_page("Sign in", "Nobody is signed in."), status=401)
        code, decision = fields.get("user_code", "")[:16], fields.get("decision", "")
        if decision not in {"approve", "deny"}:
            return await self._consent(request, session, code)
        try:
            grant = await pending_grant(self._world, code, session.session)
        except SignInRefused as exc:
            return html(message_page("Refused", exc.message), status=429)
        is_done = grant is not None and await decide_grant(
            self._world,
            grant,
            session.session,
            visitor_of(request),
            approve=decision == "approve",
        )
        if not is_done:
            return html(message_page("Not there", _NO_SUCH_CODE), status=404)
        if decision == "deny":
            return html(message_page("Refused", "It was not let in."))
        return html(message_page("Done", "It is let in. You can close this page."))

    async def _consent(self, request: Request, session: ConsoleSession, code: str) -> Response:
        form = self._form(request)
        try:
            grant = await pending_grant(self._world, code, session.session)
        except SignInRefused as exc:
            return html(message_page("Refused", exc.message), status=429)
        if grant is None:
            again = Form(csrf=form.csrf, error=_NO_SUCH_CODE)
            return html(device_page(again, code=code), status=404)
        return html(consent_page(form, grant, code=code, arn=session.principal.arn))

    def _form(self, request: Request) -> Form:
        return Form(csrf=csrf_token(cookie_of(request)))

    async def _program(
        self, request: Request, act: Callable[[Fields], Awaitable[Response]]
    ) -> Response:
        """Serve a command line: no cookie counts here, the body itself is the proof."""
        try:
            return await act(await fields_of(self._world, request, csrf=False, programs=True))
        except GrantRefused as exc:
            return json_answer({"error": exc.problem.value}, status=400)
        except (Refusal, SignInRefused, OperationRefused) as exc:
            status, told = answer_refusal(exc)
            return json_answer({"error": "invalid_request", **told}, status=status)
