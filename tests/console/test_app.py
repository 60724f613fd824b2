"""The pages: a link signs in once, only from our own page; nothing is shown to strangers."""

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.fakes.world import FakeWorld, make_world

from mooring.console.app import PREFIXES, console_app
from mooring.iam.identity import User
from mooring.operations.accounts import new_sign_in

CA = b"-----BEGIN CERTIFICATE-----\n"
OURS = {"host": "localhost:8443", "origin": "https://localhost:8443"}


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


@dataclass(frozen=True)
class Browser:
    """A browser of ours before the pages."""

    app: Starlette
    world: FakeWorld
    user: User

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] = OURS,
        body: bytes = b"",
        scheme: str = "https",
    ) -> Page:
        path, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
            sent.append(dict(message))

        pairs = {**headers}
        if body:
            pairs.setdefault("content-length", str(len(body)))
            pairs.setdefault("content-type", "application/x-www-form-urlencoded")
        await self.app(
            {
                "type": "http",
                "http_version": "1.1",
                "method": method,
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
                "root_path": "",
                "scheme": scheme,
                "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
                "client": ("192.0.2.1", 5),
                "server": ("127.0.0.1", 8443),
            },
            receive,
            send,
        )
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Page(sent[0]["status"], answered, text)

    async def link(self) -> str:
        token = await new_sign_in(self.world.world, self.user.account_id, self.user.name)
        return token.reveal()

    async def sign_in(self, token: str, **headers: str) -> Page:
        body = f"token={token}".encode()
        return await self.ask("POST", "/auth/sign-in", headers={**OURS, **headers}, body=body)


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with make_world(tmp_path) as world:
        user = await world.user(await world.account(), "ann")
        yield Browser(console_app(world.world, ca_pem=CA), world, user)


async def test_a_link_signs_in_once_and_the_page_says_who(browser: Browser) -> None:
    token = await browser.link()

    page = await browser.sign_in(token)
    home = await browser.ask("GET", "/console/", headers={**OURS, "cookie": page.cookie})
    again = await browser.sign_in(token)

    assert (page.status, page.headers["location"]) == (303, "/console/")
    assert home.status == 200
    assert browser.user.arn in home.text
    assert "aws ssm start-session --target" in home.text
    assert "https://localhost:8443" in home.text
    assert again.status == 403
    assert "set-cookie" not in again.headers


async def test_the_cookie_is_for_us_alone(browser: Browser) -> None:
    page = await browser.sign_in(await browser.link())

    flags = page.headers["set-cookie"].lower()
    for flag in ("httponly", "samesite=strict", "secure", "path=/"):
        assert flag in flags


async def test_looking_at_the_link_does_not_use_it(browser: Browser) -> None:
    token = await browser.link()

    shown = await browser.ask("GET", f"/auth/sign-in?token={token}")

    assert shown.status == 200
    assert f'value="{token}"' in shown.text
    assert (await browser.sign_in(token)).status == 303


async def test_a_strangers_home_is_a_request_to_sign_in(browser: Browser) -> None:
    for cookie in ("", "mooring-session=", "mooring-session=nonsense"):
        page = await browser.ask("GET", "/console/", headers={**OURS, "cookie": cookie})

        assert page.status == 401
        assert browser.user.account_id not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://localhost:8443"},
        {"origin": "https://evil.example", "host": "evil.example"},
    ],
)
async def test_a_form_of_another_site_uses_nothing_up(
    browser: Browser, headers: dict[str, str]
) -> None:
    token = await browser.link()

    refused = await browser.sign_in(token, **headers)

    assert refused.status == 403
    assert (await browser.sign_in(token)).status == 303


@pytest.mark.parametrize("length", ["", "5000", "-1", "many"])
async def test_a_form_without_a_small_length_is_refused(browser: Browser, length: str) -> None:
    page = await browser.sign_in(await browser.link(), **{"content-length": length})

    assert page.status == 413


@pytest.mark.parametrize("body", [b"token=", b"nothing", b"\xff\xfe", b"token=%00&token=b"])
async def test_a_form_that_says_nothing_lets_nobody_in(browser: Browser, body: bytes) -> None:
    page = await browser.ask("POST", "/auth/sign-in", body=body)

    assert page.status == 403


async def test_what_a_stranger_writes_into_a_link_is_shown_as_text(browser: Browser) -> None:
    page = await browser.ask("GET", "/auth/sign-in?token=%22%3E%3Cscript%3E")

    assert "<script" not in page.text
    assert "&quot;&gt;&lt;script&gt;" in page.text


@pytest.mark.parametrize("path", ["/console/", "/console/style.css", "/auth/sign-in"])
async def test_every_page_forbids_scripts_and_frames(browser: Browser, path: str) -> None:
    page = await browser.ask("GET", path)

    rules = page.headers["content-security-policy"]
    assert rules.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in rules
    assert "script-src" not in rules
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert re.search("<script| style=| on[a-z]+=", page.text) is None


async def test_public_things_are_public(browser: Browser) -> None:
    certificate = await browser.ask("GET", "/mooring/ca.pem")
    keys = await browser.ask("GET", "/mooring/keys.json")
    health = await browser.ask("GET", "/mooring/health")

    assert certificate.text.encode() == CA
    assert health.text == "ok"
    ((key_id, raw),) = browser.world.world.keys.public_keys().items()
    assert f'"{key_id}":"{base64.b64encode(raw).decode()}"' in keys.text


async def test_every_route_is_below_a_prefix_that_the_server_hands_over(browser: Browser) -> None:
    paths = [getattr(route, "path", "") for route in browser.app.routes]

    assert all(path.startswith(PREFIXES) for path in paths)
