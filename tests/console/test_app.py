"""The pages: who you are, public things, and the rules that every page keeps."""

import base64
import re

import pytest
from tests.console.fake_browser import CA, OURS, Browser

from mooring.console.app import PREFIXES


async def test_the_page_of_somebody_says_who(browser: Browser) -> None:
    await browser.enter_by_link()

    home = await browser.get("/console/")

    assert home.status == 200
    assert browser.user.arn in home.text
    assert "aws ssm start-session --target" in home.text
    assert "mooring login --endpoint-url https://mooring.example:8443" in home.text


async def test_a_strangers_home_is_a_request_to_sign_in(browser: Browser) -> None:
    for cookie in ("", "__Host-mooring=", "__Host-mooring=nonsense"):
        page = await browser.ask("GET", "/console/", headers={**OURS, "cookie": cookie})

        assert page.status == 401
        assert browser.user.account_id not in page.text
        assert 'href="/console/sign-in?next=%2Fconsole%2F"' in page.text


@pytest.mark.parametrize(
    "path", ["/console/", "/console/style.css", "/auth/sign-in", "/console/sign-in"]
)
async def test_every_page_forbids_inline_scripts_and_frames(browser: Browser, path: str) -> None:
    page = await browser.get(path)

    rules = page.headers["content-security-policy"]
    assert rules.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in rules
    assert "unsafe" not in rules
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert re.search(r"<script(?! src=)| style=| on[a-z]+=", page.text) is None


async def test_public_things_are_public(browser: Browser) -> None:
    certificate = await browser.get("/mooring/ca.pem")
    keys = await browser.get("/mooring/keys.json")
    health = await browser.get("/mooring/health")
    script = await browser.get("/console/passkey.js")

    assert certificate.text.encode() == CA
    assert health.text == "ok"
    assert "innerHTML" not in script.text
    assert script.headers["content-type"].startswith("text/javascript")
    ((key_id, raw),) = browser.world.world.keys.public_keys().items()
    assert f'"{key_id}":"{base64.b64encode(raw).decode()}"' in keys.text


async def test_every_route_is_below_a_prefix_that_the_server_hands_over(browser: Browser) -> None:
    paths = [getattr(route, "path", "") for route in browser.app.routes]

    assert all(path.startswith(PREFIXES) for path in paths)
