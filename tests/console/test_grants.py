"""A command line is let in by somebody who saw what asks, on RFC 8628's endpoints."""

import json

import pytest
from tests.console.fake_browser import HOST, OURS, Browser, Page
from tests.operations.login_steps import PASSWORD

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
PROGRAM = {"host": HOST, "user-agent": "mooring/1"}


async def send(browser: Browser, path: str, **fields: str) -> Page:
    """Send what a program sends: no origin and no cookie."""
    headers = {**PROGRAM, "content-type": "application/json", "cookie": ""}
    return await browser.ask(
        "POST", f"/console/auth/{path}", headers=headers, body=json.dumps(fields).encode()
    )


async def poll(browser: Browser, code: str) -> Page:
    browser.world.pass_time(seconds=2)
    return await send(browser, "token", grant_type=DEVICE_CODE, device_code=code)


async def test_a_command_line_is_let_in_by_consent(browser: Browser) -> None:
    asked = (await send(browser, "device_authorization", client_name="ann's <laptop>")).json
    waiting = await poll(browser, asked["device_code"])
    to_sign_in = await browser.get(asked["verification_uri_complete"].partition(HOST)[2])
    await browser.submit("/console/auth/signin", user="ann", password=PASSWORD)
    consent = await browser.get(f"/console/device?code={asked['user_code']}")
    done = await browser.submit(
        "/console/auth/device",
        csrf=consent.csrf,
        user_code=asked["user_code"],
        decision="approve",
    )
    granted = await poll(browser, asked["device_code"])
    keys = await send(
        browser,
        "token",
        grant_type="refresh_token",
        refresh_token=granted.json["refresh_token"],
    )

    assert (waiting.status, waiting.json) == (400, {"error": "authorization_pending"})
    assert to_sign_in.status == 303
    assert "next=%2Fconsole%2Fdevice%3Fcode%3D" in to_sign_in.location
    for told in ("ann&#x27;s &lt;laptop&gt;", "192.0.2.1", "mooring/1", browser.user.arn):
        assert told in consent.text
    assert done.status == 200
    assert granted.json["user_name"] == "ann"
    assert granted.json["account_id"] == browser.user.account_id
    assert keys.json["AccessKeyId"].startswith("ASIA")
    assert keys.json["Expiration"].endswith("Z")


async def test_a_typed_code_leads_to_the_same_question(browser: Browser) -> None:
    asked = (await send(browser, "device_authorization", client_name="laptop")).json
    await browser.enter_by_link()
    form = await browser.get("/console/device")
    code = asked["user_code"].lower().replace("-", "")

    consent = await browser.submit("/console/auth/device", csrf=form.csrf, user_code=code)
    refused = await browser.submit(
        "/console/auth/device", csrf=consent.csrf, user_code=code, decision="deny"
    )
    unknown = await browser.submit("/console/auth/device", csrf=form.csrf, user_code="BBBB-BBBB")

    assert asked["user_code"] in consent.text
    assert refused.status == 200
    assert (await poll(browser, asked["device_code"])).json == {"error": "access_denied"}
    assert unknown.status == 404


async def test_nothing_is_approved_without_the_pages_token(browser: Browser) -> None:
    asked = (await send(browser, "device_authorization")).json
    await browser.enter_by_link()

    page = await browser.submit(
        "/console/auth/device", user_code=asked["user_code"], decision="approve"
    )

    assert page.status == 403
    assert (await poll(browser, asked["device_code"])).json == {"error": "authorization_pending"}


async def test_a_page_of_another_site_cannot_ask(browser: Browser) -> None:
    page = await browser.ask(
        "POST",
        "/console/auth/device_authorization",
        headers={**OURS, "origin": "https://evil.example", "content-type": "application/json"},
        body=b"{}",
    )

    assert page.status == 403


async def test_a_grant_that_is_revoked_fetches_nothing(browser: Browser) -> None:
    asked = (await send(browser, "device_authorization")).json
    await browser.enter_by_link()
    consent = await browser.get(f"/console/device?code={asked['user_code']}")
    fields = {"csrf": consent.csrf, "user_code": asked["user_code"], "decision": "approve"}
    await browser.submit("/console/auth/device", **fields)
    token = (await poll(browser, asked["device_code"])).json["refresh_token"]

    for _ in range(2):
        assert (await send(browser, "revoke", token=token)).status == 200

    refused = await send(browser, "token", grant_type="refresh_token", refresh_token=token)
    assert (refused.status, refused.json) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE_CODE}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
    ],
)
async def test_what_is_no_grant_gets_no_keys(
    browser: Browser, fields: dict[str, str], error: str
) -> None:
    page = await send(browser, "token", **fields)

    assert (page.status, page.json["error"]) == (400, error)
