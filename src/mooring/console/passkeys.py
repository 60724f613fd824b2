"""Passkeys: what the browser's own API asks for and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

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
from mooring.console.pages import message_page
from mooring.console.sign_in import SECURITY, answer_progress, answer_refusal
from mooring.operations.passkeys import (
    RelyingParty,
    add_passkey,
    give_passkey,
    relying_party,
    remove_passkey,
    request_options,
    sign_in_with_passkey,
)
from mooring.operations.sign_in import SignInRefused
from mooring.operations.stream_url import is_served
from mooring.operations.world import World

__all__ = ["PasskeyEndpoints"]


class PasskeyEndpoints:
    """The endpoints of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return where they are."""
        return [
            Route("/console/auth/passkey/options", self._options("sign-in")),
            Route("/console/auth/mfa/options", self._options("mfa")),
            Route("/console/auth/passkeys/options", self._options("register")),
            Route("/console/auth/passkey", self.sign_in, methods=["POST"]),
            Route("/console/auth/mfa/passkey", self.second_factor, methods=["POST"]),
            Route("/console/auth/passkeys", self.register, methods=["POST"]),
            Route("/console/auth/passkeys/remove", self.remove, methods=["POST"]),
        ]

    def _options(self, purpose: str) -> Callable[[Request], Awaitable[Response]]:
        async def options(request: Request) -> Response:
            try:
                found = await request_options(
                    self._world,
                    self._party(request),
                    visitor_of(request),
                    cookie=cookie_of(request),
                    purpose=purpose,
                )
            except (Refusal, SignInRefused) as exc:
                status, told = answer_refusal(exc)
                return json_answer(told, status=status)
            return json_answer(found)

        return options

    async def sign_in(self, request: Request) -> Response:
        """Sign in by a passkey alone."""

        async def act(party: RelyingParty, fields: Mapping[str, str]) -> Response:
            progress = await sign_in_with_passkey(
                self._world, party, fields.get("credential", ""), visitor_of(request)
            )
            return answer_progress(request, progress, fields)

        return await self._answer(request, act, csrf=False)

    async def second_factor(self, request: Request) -> Response:
        """Go on with a passkey, or prove oneself again with it."""

        async def act(party: RelyingParty, fields: Mapping[str, str]) -> Response:
            credential, cookie = fields.get("credential", ""), cookie_of(request)
            progress = await give_passkey(
                self._world, party, cookie, credential, visitor_of(request)
            )
            return answer_progress(request, progress, fields)

        return await self._answer(request, act, csrf=True)

    async def register(self, request: Request) -> Response:
        """Keep a new passkey."""

        async def act(party: RelyingParty, fields: Mapping[str, str]) -> Response:
            made = await add_passkey(
                self._world,
                party,
                cookie_of(request),
                fields.get("credential", ""),
                name=fields.get("name", ""),
                visitor=visitor_of(request),
            )
            return json_answer({"id": made.credential_id, "serialNumber": made.serial})

        return await self._answer(request, act, csrf=True)

    async def remove(self, request: Request) -> Response:
        """Forget a passkey; this one is a form of our page."""
        try:
            fields = await fields_of(self._world, request, csrf=True)
            await remove_passkey(
                self._world, cookie_of(request), fields.get("id", ""), visitor_of(request)
            )
        except (Refusal, SignInRefused) as exc:
            status, _ = answer_refusal(exc)
            return html(message_page("Refused", exc.message), status=status)
        return Response(status_code=303, headers=HEADERS | {"location": SECURITY})

    async def _answer(
        self,
        request: Request,
        act: Callable[[RelyingParty, Mapping[str, str]], Awaitable[Response]],
        *,
        csrf: bool,
    ) -> Response:
        try:
            fields = await fields_of(self._world, request, csrf=csrf)
            return await act(self._party(request), fields)
        except (Refusal, SignInRefused) as exc:
            status, told = answer_refusal(exc)
            return json_answer(told, status=status)

    def _party(self, request: Request) -> RelyingParty:
        """Return who asks; a host that we do not serve is nobody's relying party."""
        if not is_served(self._world.site, request.headers.get("host", "")):
            raise Refusal(403, "The request came from another site.")
        party = relying_party(self._world.site, origin_of(request))
        if party is None:
            raise Refusal(400, "Passkeys need a name in the address, not a number.")
        return party
