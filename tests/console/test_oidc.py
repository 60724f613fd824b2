"""The browser goes to the provider and comes back signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from starlette.applications import Starlette
from tests.fakes.oidc import listening
from tests.fakes.world import make_world
from tests.net.served import certified
from tests.operations.sso_steps import CALLBACK, Sso, make_sso

from mooring.console.browser import COOKIE
from mooring.console.oidc import oidc_routes
from mooring.keys.oidc import HttpProviders
from mooring.net.tls import server_context
from mooring.operations.web_sessions import read_session
from mooring.ports.tables import Transaction


@pytest.fixture
async def sso(tmp_path: Path) -> AsyncIterator[Sso]:
    async with make_world(tmp_path) as world:
        yield await make_sso(world)


class Page:
    """What a browser got."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.status: int = sent[0]["status"]
        self.headers: dict[str, str] = {}
        self.cookies: SimpleCookie = SimpleCookie()
        for key, value in sent[0]["headers"]:
            if key == b"set-cookie":
                self.cookies.load(value.decode())
            else:
                self.headers[key.decode()] = value.decode()
        self.text = b"".join(message.get("body", b"") for message in sent[1:]).decode()


async def get(
    sso: Sso, path: str, *, cookie: str = "", host: str = "localhost:8443", scheme: str = "https"
) -> Page:
    app = Starlette(routes=oidc_routes(sso.world.world))
    path, _, query = path.partition("?")
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        sent.append(dict(message))

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"host", host.encode()), (b"cookie", cookie.encode())],
        "scheme": scheme,
        "client": ("192.0.2.7", 1234),
        "server": ("localhost", 8443),
        "http_version": "1.1",
    }
    await app(scope, receive, send)
    return Page(sent)


async def test_there_and_back(sso: Sso) -> None:
    went = await get(sso, "/auth/oidc/start?next=/console/device%3Fcode%3DABC")
    url = went.headers["location"]
    state = parse_qs(urlsplit(url).query)["state"][0]
    code = sso.code(url)
    passing = went.cookies["__Host-mooring-oidc"]

    back = await get(
        sso,
        f"/auth/oidc/callback?code={quote(code)}&state={quote(state)}",
        cookie=f"__Host-mooring-oidc={passing.value}",
    )

    assert went.status == 303
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [CALLBACK]
    assert (passing["httponly"], passing["secure"], passing["samesite"]) == (True, True, "lax")
    assert (passing["path"], passing["domain"], passing["max-age"]) == ("/", "", "600")
    assert back.status == 200
    kept = back.cookies[COOKIE]
    assert (kept["httponly"], kept["secure"]) == (True, True)
    gone = back.cookies["__Host-mooring-oidc"]
    assert (gone["max-age"], gone["path"], gone["secure"]) == ("0", "/", True)
    assert 'http-equiv="refresh" content="0;url=/console/device?code=ABC"' in back.text
    session = await read_session(sso.world.world, kept.value)
    assert session is not None
    assert session.principal.arn.endswith(":assumed-role/Ops/subject-42")


async def test_there_and_back_over_tls(sso: Sso, tmp_path: Path) -> None:
    files, trust = certified(tmp_path)
    async with listening(server_context(*files)) as provider:
        world, issuer = sso.world, provider.issuer
        sso = await use_provider(sso, issuer)
        world.world = replace(world.world, oidc=HttpProviders(world.clock, trust=trust))
        went = await get(sso, "/auth/oidc/start")
        asked = parse_qs(urlsplit(went.headers["location"]).query)
        now = int(world.clock.now().timestamp())
        provider.id_token = provider.token(
            "ES256",
            sub="subject-42",
            aud="mooring",
            nonce=asked["nonce"][0],
            groups=["ops"],
            iat=now,
            exp=now + 60,
        )

        back = await get(
            sso,
            f"/auth/oidc/callback?code=a&state={quote(asked['state'][0])}",
            cookie=f"__Host-mooring-oidc={went.cookies['__Host-mooring-oidc'].value}",
        )

        assert back.status == 200, back.text
        session = await read_session(world.world, back.cookies[COOKIE].value)
        assert session is not None
        assert session.principal.arn.endswith(":assumed-role/Ops/subject-42")
        assert provider.forms[0]["code"] == ["a"]


async def use_provider(sso: Sso, issuer: str) -> Sso:
    """Let the site and the role's account trust another issuer."""
    world, account_id = sso.world, sso.role.account_id
    url = issuer.removeprefix("https://")
    provider = replace(sso.provider, url=url)
    trust = sso.role.trust_policy.replace("id.example.com", url)
    role = replace(sso.role, trust_policy=trust)

    def work(tx: Transaction) -> None:
        tx.oidc_providers.put(provider)
        tx.identities.put_role(role)

    await world.store.write(account_id, work)
    settings = replace(sso.settings, issuer=issuer)
    site = replace(world.world.site, single_sign_on=settings)
    world.world = replace(world.world, site=site)
    return replace(sso, settings=settings, provider=provider, role=role)


async def test_who_brings_nothing_back_is_not_signed_in(sso: Sso) -> None:
    went = await get(sso, "/auth/oidc/start")
    code = sso.code(went.headers["location"])

    page = await get(sso, f"/auth/oidc/callback?code={code}&state=x")

    assert page.status == 403
    assert COOKIE not in page.cookies
    assert "begin again" in page.text


async def test_a_way_on_to_another_site_is_not_taken(sso: Sso) -> None:
    went = await get(sso, "/auth/oidc/start?next=//evil.example.com/")
    url = went.headers["location"]
    state = parse_qs(urlsplit(url).query)["state"][0]

    back = await get(
        sso,
        f"/auth/oidc/callback?code={sso.code(url)}&state={quote(state)}",
        cookie=f"__Host-mooring-oidc={went.cookies['__Host-mooring-oidc'].value}",
    )

    assert 'content="0;url=/console/"' in back.text
    assert "evil" not in back.text


async def test_what_the_provider_says_is_not_shown(sso: Sso) -> None:
    went = await get(sso, "/auth/oidc/start")
    state = parse_qs(urlsplit(went.headers["location"]).query)["state"][0]

    page = await get(
        sso,
        f"/auth/oidc/callback?error=%3Cscript%3E&state={quote(state)}",
        cookie=f"__Host-mooring-oidc={went.cookies['__Host-mooring-oidc'].value}",
    )

    assert page.status == 403
    assert "script" not in page.text


async def test_a_foreign_name_begins_no_sign_in(sso: Sso) -> None:
    page = await get(sso, "/auth/oidc/start", host="evil.example.com")

    assert page.status == 403
    assert "location" not in page.headers


async def test_a_provider_that_is_down_is_said_to_be(sso: Sso) -> None:
    sso.providers.down.add(sso.settings.issuer)

    page = await get(sso, "/auth/oidc/start")

    assert page.status == 403
    assert "does not answer" in page.text


async def test_the_plain_listener_of_loopback_has_cookies_too(sso: Sso) -> None:
    went = await get(sso, "/auth/oidc/start", scheme="http")

    assert not went.cookies["mooring-oidc-loopback"]["secure"]


async def test_a_site_without_a_provider_has_no_such_pages(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        assert oidc_routes(world.world) == []
