"""Signing in and out: the pages, and the endpoints that they and the console use.

An endpoint answers JSON to JSON, and a form by leading the browser on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mooring.console.browser import (
    HEADERS,
    HOME,
    Refusal,
    cookie_of,
    drop_cookie,
    fields_of,
    html,
    is_form,
    json_answer,
    keep_cookie,
    next_of,
    origin_of,
    visitor_of,
)
from mooring.console.forms import (
    Form,
    code_page,
    enroll_page,
    password_page,
    security_page,
    sign_in_form,
    step_up_page,
)
from mooring.console.oidc import START
from mooring.console.pages import message_page, sign_in_page
from mooring.iam.web_session import Method, Stage, WebSession
from mooring.operations.enrolment import begin_enrolment, finish_enrolment
from mooring.operations.passkeys import relying_party
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.sign_in import (
    PasswordGiven,
    Progress,
    SignInRefused,
    give_code,
    give_password,
    set_password,
    sign_in,
    step_up,
)
from mooring.operations.web_sessions import (
    csrf_token,
    is_recent,
    read_session,
    read_visit,
    sign_out,
)
from mooring.operations.world import World
from mooring.secret import Secret

__all__ = ["SignInPages", "answer_progress", "answer_refusal"]

Fields = Mapping[str, str]
Act = Callable[[Fields], Awaitable[Progress]]

SECURITY = "/console/security"
_PAGES = {
    Stage.MFA: "/console/mfa",
    Stage.NEW_PASSWORD: "/console/new-password",
    Stage.ENROLL: "/console/enroll",
}


def answer_progress(request: Request, progress: Progress, fields: Fields) -> Response:
    """Say what comes next, and keep the new cookie."""
    cookie = progress.cookie.reveal()
    going_to = next_of(fields.get("next", ""))
    place = _PAGES.get(progress.next)
    where = going_to if place is None else f"{place}?{urlencode({'next': going_to})}"
    if is_form(request):
        response = Response(status_code=303, headers=HEADERS | {"location": where})
    else:
        told = {"next": progress.next.value, "location": where, "csrf": csrf_token(cookie)}
        response = json_answer(told)
    keep_cookie(response, request, progress.cookie)
    return response


def answer_refusal(
    exc: SignInRefused | OperationRefused | Refusal,
) -> tuple[int, dict[str, object]]:
    """Return the status and what a program is told."""
    if isinstance(exc, Refusal):
        return exc.status, {"message": exc.message}
    if isinstance(exc, OperationRefused):
        status = 400 if exc.problem is Problem.PASSWORD_POLICY else 503
        return status, {"message": exc.message}
    wait = int(exc.wait.total_seconds())
    if wait:
        return 429, {"message": exc.message, "retryAfter": wait}
    return 401, {"message": exc.message}


class SignInPages:
    """The pages and endpoints of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return where they are."""
        return [
            Route("/auth/sign-in", self.show_link),
            Route("/auth/sign-in", self.link, methods=["POST"]),
            Route("/console/sign-in", self.show_sign_in),
            Route("/console/mfa", self.show_mfa),
            Route("/console/new-password", self.show_new_password),
            Route("/console/enroll", self.show_enroll),
            Route(SECURITY, self.show_security),
            Route("/console/step-up", self.show_step_up),
            Route("/console/session", self.session),
            Route("/console/auth/signin", self.signin, methods=["POST"]),
            Route("/console/auth/mfa", self.mfa, methods=["POST"]),
            Route("/console/auth/new-password", self.new_password, methods=["POST"]),
            Route("/console/auth/enroll", self.enroll, methods=["POST"]),
            Route("/console/auth/step-up", self.step_up, methods=["POST"]),
            Route("/console/auth/signout", self.signout, methods=["POST"]),
        ]

    async def show_link(self, request: Request) -> Response:
        """Ask before a link is used up."""
        return html(sign_in_page(request.query_params.get("token", "")))

    async def link(self, request: Request) -> Response:
        """Use a link up, and lead to setting a password or passkey."""
        try:
            fields = await fields_of(self._world, request, csrf=False)
            progress = await sign_in(self._world, fields.get("token", ""), visitor_of(request))
        except Refusal as exc:
            return html(message_page("Refused", exc.message), status=exc.status)
        except SignInRefused:
            text = "This link was used already, has expired, or was never one of ours."
            return html(message_page("Not signed in", text), status=403)
        return answer_progress(request, progress, {"next": SECURITY})

    async def show_sign_in(self, request: Request) -> Response:
        """Show the form."""
        return html(await self._sign_in_form(Form(next=self._next(request)), {}))

    async def signin(self, request: Request) -> Response:
        """Take a user name and password."""

        async def act(fields: Fields) -> Progress:
            given = PasswordGiven(
                account=fields.get("account", ""),
                user_name=fields.get("user", ""),
                password=Secret(fields.get("password", "")),
            )
            return await give_password(self._world, given, visitor_of(request))

        return await self._step(request, act, self._sign_in_form, csrf=False)

    async def show_mfa(self, request: Request) -> Response:
        """Ask for a code or a passkey."""
        session = await read_visit(self._world, cookie_of(request))
        if session is None or session.stage is not Stage.MFA:
            return self._to_sign_in(request)
        return html(await self._code_page(self._form(request), {}, request))

    async def mfa(self, request: Request) -> Response:
        """Take a code."""

        async def act(fields: Fields) -> Progress:
            code = fields.get("code", "")
            return await give_code(self._world, cookie_of(request), code, visitor_of(request))

        return await self._step(
            request, act, lambda form, fields: self._code_page(form, fields, request), csrf=True
        )

    async def show_new_password(self, request: Request) -> Response:
        """Ask for a new password."""
        session = await read_visit(self._world, cookie_of(request))
        if session is None or session.stage not in (Stage.NEW_PASSWORD, Stage.DONE):
            return self._to_sign_in(request)
        return html(await self._password_page(self._form(request), {}, request))

    async def new_password(self, request: Request) -> Response:
        """Take a new password."""

        async def act(fields: Fields) -> Progress:
            current = fields.get("current")
            return await set_password(
                self._world,
                cookie_of(request),
                Secret(fields.get("password", "")),
                visitor_of(request),
                current=None if current is None else Secret(current),
            )

        return await self._step(
            request, act, lambda form, fields: self._password_page(form, fields, request), csrf=True
        )

    async def show_enroll(self, request: Request) -> Response:
        """Show a new device's seed."""
        try:
            enrolment = await begin_enrolment(self._world, cookie_of(request))
        except SignInRefused:
            return self._to_sign_in(request)
        return html(enroll_page(self._form(request), enrolment))

    async def enroll(self, request: Request) -> Response:
        """Take two codes of the new device."""

        async def act(fields: Fields) -> Progress:
            codes = fields.get("code1", ""), fields.get("code2", "")
            state = fields.get("state", "")
            return await finish_enrolment(
                self._world, cookie_of(request), state, codes, visitor_of(request)
            )

        async def again(form: Form, _: Fields) -> str:
            return message_page("Not added", f"{form.error} Go back and try again.")

        return await self._step(request, act, again, csrf=True)

    async def show_step_up(self, request: Request) -> Response:
        """Ask somebody who is signed in to prove themselves again."""
        session = await read_visit(self._world, cookie_of(request))
        if session is None or session.stage is not Stage.DONE:
            return self._to_sign_in(request)
        return html(await self._step_up_page(self._form(request), {}, request))

    async def step_up(self, request: Request) -> Response:
        """Let somebody who is signed in prove themselves again."""

        async def act(fields: Fields) -> Progress:
            password = fields.get("password")
            return await step_up(
                self._world,
                cookie_of(request),
                visitor_of(request),
                password=None if password is None else Secret(password),
                code=fields.get("code", ""),
            )

        return await self._step(
            request, act, lambda form, fields: self._step_up_page(form, fields, request), csrf=True
        )

    async def signout(self, request: Request) -> Response:
        """End the session."""
        try:
            await fields_of(self._world, request, csrf=True)
        except Refusal as exc:
            return html(message_page("Refused", exc.message), status=exc.status)
        await sign_out(self._world, cookie_of(request))
        if is_form(request):
            where = {"location": "/console/sign-in"}
            response = Response(status_code=303, headers=HEADERS | where)
        else:
            response = json_answer({})
        drop_cookie(response, request)
        return response

    async def session(self, request: Request) -> Response:
        """Say who is signed in, to the console."""
        cookie = cookie_of(request)
        found = await read_session(self._world, cookie)
        if found is None:
            return json_answer({"message": "Nobody is signed in."}, status=401)
        principal, mfa_at = found.principal, found.session.mfa_at
        return json_answer(
            {
                "arn": principal.arn,
                "userId": principal.user_id,
                "userName": principal.user_name,
                "account": principal.account_id,
                "region": self._world.site.region,
                "mfaAt": mfa_at.isoformat() if mfa_at is not None else None,
                "expiresAt": found.expires_at.isoformat(),
                "csrf": csrf_token(cookie),
            }
        )

    async def show_security(self, request: Request) -> Response:
        """Show how the person signs in."""
        session = await read_visit(self._world, cookie_of(request))
        if session is None or session.stage is not Stage.DONE:
            return self._to_sign_in(request)
        if not is_recent(self._world, session):
            where = {"location": f"/console/step-up?{urlencode({'next': SECURITY})}"}
            return Response(status_code=303, headers=HEADERS | where)
        passkeys = await self._world.store.read(
            session.account_id, lambda tx: tx.second_factors.passkeys_of(session.user_name)
        )
        party = relying_party(self._world.site, origin_of(request))
        form = Form(csrf=csrf_token(cookie_of(request)), next=SECURITY)
        return html(
            security_page(
                form,
                user_name=session.user_name,
                passkeys=passkeys,
                has_passkeys=party is not None,
            )
        )

    async def _step(
        self,
        request: Request,
        act: Act,
        again: Callable[[Form, Fields], Awaitable[str]],
        *,
        csrf: bool,
    ) -> Response:
        """Read, act, and lead on; or say what was wrong on the page that it came from."""
        try:
            fields = await fields_of(self._world, request, csrf=csrf)
        except Refusal as exc:
            return html(message_page("Refused", exc.message), status=exc.status)
        try:
            progress = await act(fields)
        except (SignInRefused, OperationRefused) as exc:
            status, told = answer_refusal(exc)
            if not is_form(request):
                return json_answer(told, status=status)
            form = Form(
                csrf=csrf_token(cookie_of(request)),
                next=next_of(fields.get("next", "")),
                error=exc.message,
            )
            return html(await again(form, fields), status=status)
        return answer_progress(request, progress, fields)

    async def _sign_in_form(self, form: Form, fields: Fields) -> str:
        accounts = await self._world.store.find(lambda directory: tuple(directory.accounts()))
        return sign_in_form(
            form,
            with_account=len(accounts) > 1,
            provider_path=START if self._world.site.single_sign_on is not None else "",
            account=fields.get("account", ""),
            user_name=fields.get("user", ""),
        )

    async def _code_page(self, form: Form, _: Fields, request: Request) -> str:
        session = await read_visit(self._world, cookie_of(request))
        if session is None:
            return message_page("Too late", "The sign-in took too long, begin again.")
        has_device, has_passkey = await self._factors(session)
        return code_page(form, has_device=has_device, has_passkey=has_passkey)

    async def _step_up_page(self, form: Form, _: Fields, request: Request) -> str:
        session = await read_visit(self._world, cookie_of(request))
        if session is None:
            return message_page("Too late", "The session is over, sign in again.")
        has_device, has_passkey = await self._factors(session)
        return step_up_page(form, has_device=has_device, has_passkey=has_passkey)

    async def _factors(self, session: WebSession) -> tuple[bool, bool]:
        """Say whether the person has a device, and a passkey."""
        name = session.user_name
        return await self._world.store.read(
            session.account_id,
            lambda tx: (
                bool(tx.second_factors.devices_of(name)),
                bool(tx.second_factors.passkeys_of(name)),
            ),
        )

    async def _password_page(self, form: Form, _: Fields, request: Request) -> str:
        session = await read_visit(self._world, cookie_of(request))
        if session is None:
            return message_page("Too late", "The sign-in took too long, begin again.")
        name = session.user_name
        is_excused = session.method is Method.LINK and is_recent(self._world, session)
        needs_current = session.stage is Stage.DONE and not is_excused
        return password_page(form, user_name=name, needs_current=needs_current)

    def _form(self, request: Request) -> Form:
        return Form(csrf=csrf_token(cookie_of(request)), next=self._next(request))

    def _next(self, request: Request) -> str:
        return next_of(request.query_params.get("next", HOME))

    def _to_sign_in(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        going_to = urlencode({"next": next_of(f"{request.url.path}{query}")})
        where = {"location": f"/console/sign-in?{going_to}"}
        return Response(status_code=303, headers=HEADERS | where)
