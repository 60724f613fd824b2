"""Only our own pages are heard, on our own names, in small bodies, with the session's token."""

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message, Receive
from tests.console.fake_browser import OURS, Browser
from tests.operations.login_steps import PASSWORD

from mooring.console.browser import Refusal, fields_of, next_of

FORM = f"user=ann&password={PASSWORD}".encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://mooring.example:8443"},
        {"origin": "https://mooring.example"},
        {"origin": "https://evil.example", "host": "evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_of_another_site_does_nothing(
    browser: Browser, headers: dict[str, str]
) -> None:
    token = await browser.link()
    sent = {**OURS, **headers}

    by_link = await browser.ask(
        "POST", "/auth/sign-in", headers=sent, body=b"token=" + token.encode()
    )
    by_password = await browser.ask("POST", "/console/auth/signin", headers=sent, body=FORM)

    assert (by_link.status, by_password.status) == (403, 403)
    assert browser.cookies == {}
    assert (await browser.submit("/auth/sign-in", token=token)).status == 303


async def test_a_browser_that_names_no_origin_is_refused(browser: Browser) -> None:
    page = await browser.ask(
        "POST", "/console/auth/signin", headers={"host": OURS["host"]}, body=FORM
    )

    assert page.status == 403


@pytest.mark.parametrize("length", ["", "99999", "-1", "many"])
async def test_a_form_without_a_small_length_is_refused(browser: Browser, length: str) -> None:
    headers = {**OURS, "content-length": length}

    page = await browser.ask("POST", "/console/auth/signin", headers=headers, body=FORM)

    assert page.status == 413


async def silent() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


async def gone() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize("receive", [silent, gone])
async def test_a_body_that_does_not_come_holds_nothing(
    browser: Browser, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mooring.console.browser.BODY_DEADLINE_S", 0.01)
    headers = {**OURS, "content-length": "10", "content-type": "application/json"}
    request = Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/console/auth/signin",
            "query_string": b"",
            "scheme": "https",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        },
        receive,
    )

    with anyio.fail_after(5), pytest.raises(Refusal) as refused:
        await fields_of(browser.world.world, request, csrf=False)

    assert refused.value.status == 408


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", FORM, 415),
        ("multipart/form-data", FORM, 415),
        ("application/json", b"[1]", 400),
        ("application/json", b"{", 400),
        ("application/json", b"\xff", 400),
        ("application/json", b'{"a":' + b"[" * 15_000, 400),
        ("application/x-www-form-urlencoded", b"a=1&" * 60, 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    browser: Browser, kind: str, body: bytes, status: int
) -> None:
    headers = {**OURS, "content-type": kind}

    page = await browser.ask("POST", "/console/auth/signin", headers=headers, body=body)

    assert page.status == status


@pytest.mark.parametrize(
    "path",
    [
        "/console/auth/mfa",
        "/console/auth/mfa/passkey",
        "/console/auth/new-password",
        "/console/auth/enroll",
        "/console/auth/step-up",
        "/console/auth/signout",
        "/console/auth/device",
        "/console/auth/passkeys",
        "/console/auth/passkeys/remove",
    ],
)
async def test_what_acts_for_a_session_needs_its_token(browser: Browser, path: str) -> None:
    await browser.enter_by_link()
    before = dict(browser.cookies)

    for csrf in ("", "wrong", "0" * 64):
        assert (await browser.submit(path, csrf=csrf, user_code="BBBB-BBBB")).status == 403

    assert browser.cookies == before
    assert (await browser.get("/console/")).status == 200


async def test_the_cookie_is_for_us_alone(browser: Browser) -> None:
    page = await browser.enter_by_link()

    name, _, flags = page.headers["set-cookie"].partition("=")
    assert name == "__Host-mooring"
    for flag in ("httponly", "samesite=lax", "secure", "path=/"):
        assert flag in flags.lower()
    assert "domain" not in flags.lower()


async def test_the_plain_listener_has_a_cookie_of_its_own(browser: Browser) -> None:
    plain = {"host": "localhost:8022", "origin": "http://localhost:8022"}
    body = b"token=" + (await browser.link()).encode()

    page = await browser.ask("POST", "/auth/sign-in", headers=plain, body=body, scheme="http")
    home = await browser.ask("GET", "/console/", headers=plain, scheme="http")
    other = await browser.get("/console/")

    assert page.headers["set-cookie"].startswith("mooring-loopback=")
    assert "secure" not in page.headers["set-cookie"].lower()
    assert (home.status, other.status) == (200, 401)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/console/device?code=BBBB-BBBB", "/console/device?code=BBBB-BBBB"),
        ("/sessions/connect/i-1", "/sessions/connect/i-1"),
        ("//evil.example", "/console/"),
        ("/\\evil.example", "/console/"),
        ("https://evil.example", "/console/"),
        ("javascript:alert(1)", "/console/"),
        ("/a\r\nset-cookie: x", "/console/"),
        ("", "/console/"),
        ("/" + "a" * 3000, "/console/"),
    ],
)
def test_the_way_on_is_a_path_of_ours(given: str, kept: str) -> None:
    assert next_of(given) == kept
