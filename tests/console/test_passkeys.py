"""Passkeys over HTTP: what a browser's script asks for and sends."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.console.fake_browser import ORIGIN, OURS, Browser, Page
from tests.fakes.authenticator import Authenticator
from tests.operations.login_steps import PASSWORD

from mooring.ports.tables import Transaction


class Key:
    """A browser with an authenticator."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.authenticator = browser, Authenticator()

    async def options(self, path: str) -> dict[str, Any]:
        page = await self.browser.get(f"/console/auth/{path}/options")
        assert page.status == 200, page.text
        options: dict[str, Any] = page.json
        return options

    async def register(self) -> Page:
        csrf = (await self.browser.get("/console/session")).json["csrf"]
        credential = self.authenticator.create(await self.options("passkeys"), ORIGIN)
        return await self.browser.post(
            "/console/auth/passkeys", csrf, credential=json.loads(credential), name="laptop"
        )

    async def sign_in(self) -> Page:
        credential = self.authenticator.get(await self.options("passkey"), ORIGIN)
        return await self.browser.post("/console/auth/passkey", credential=json.loads(credential))


@pytest.fixture
async def key(browser: Browser) -> Key:
    await browser.enter_by_link()
    return Key(browser)


async def test_a_passkey_is_added_signs_in_and_is_removed(key: Key) -> None:
    browser = key.browser
    added = await key.register()
    shown = await browser.get("/console/security")
    browser.cookies.clear()
    entered = await key.sign_in()
    session = await browser.get("/console/session")
    removed = await browser.submit(
        "/console/auth/passkeys/remove", csrf=session.json["csrf"], id=added.json["id"]
    )
    refused = await key.sign_in()

    assert added.status == 200
    assert added.json["serialNumber"].startswith(f"arn:aws:iam::{browser.user.account_id}:u2f/")
    assert "laptop" in shown.text
    assert (entered.status, entered.json["next"]) == (200, "done")
    assert (session.json["arn"], session.json["mfaAt"] is None) == (browser.user.arn, False)
    assert (removed.status, refused.status) == (303, 401)


async def test_a_passkey_is_a_second_factor(key: Key) -> None:
    browser = key.browser
    await key.register()
    browser.cookies.clear()
    page = await browser.submit("/console/auth/signin", user="ann", password=PASSWORD)
    form = await browser.get(page.location)

    credential = key.authenticator.get(await key.options("mfa"), ORIGIN)
    done = await browser.post(
        "/console/auth/mfa/passkey", form.csrf, credential=json.loads(credential)
    )

    assert 'data-passkey="mfa"' in form.text
    assert 'name="code"' not in form.text
    assert (done.status, done.json["next"]) == (200, "done")


async def test_a_page_is_told_where_to_go_on_from_a_passkey(key: Key) -> None:
    browser = key.browser
    await key.register()
    browser.cookies.clear()
    await browser.submit("/console/auth/signin", user="ann", password=PASSWORD)
    form = await browser.get("/console/mfa?next=/console/device")
    world, user = browser.world, browser.user

    def must_change(tx: Transaction) -> None:
        profile = tx.logins.profile(user.name)
        assert profile is not None
        tx.logins.put_profile(replace(profile, reset_required=True))

    await world.store.write(user.account_id, must_change)
    credential = json.loads(key.authenticator.get(await key.options("mfa"), ORIGIN))
    done = await browser.post(
        "/console/auth/mfa/passkey", form.csrf, credential=credential, next="/console/device"
    )

    assert done.json["next"] == "new-password"
    assert done.json["location"] == "/console/new-password?next=%2Fconsole%2Fdevice"
    assert (await key.sign_in()).json["location"] == "/console/"


async def test_a_passkey_proves_somebody_again(key: Key) -> None:
    browser = key.browser
    await key.register()
    browser.world.pass_time(minutes=10)
    form = await browser.get("/console/step-up")

    credential = key.authenticator.get(await key.options("passkey"), ORIGIN)
    done = await browser.post(
        "/console/auth/mfa/passkey", form.csrf, credential=json.loads(credential)
    )

    assert 'data-passkey="step-up"' in form.text
    assert done.status == 200
    assert (await browser.get("/console/security")).status == 200


async def test_the_relying_party_is_never_what_the_host_says(key: Key) -> None:
    for host in ("evil.example", "mooring.example.evil.example"):
        page = await key.browser.ask(
            "GET", "/console/auth/passkey/options", headers={**OURS, "host": host}
        )
        assert page.status == 403
    by_number = await key.browser.ask(
        "GET", "/console/auth/passkey/options", headers={**OURS, "host": "127.0.0.1:8443"}
    )
    below = await key.browser.ask(
        "GET", "/console/auth/passkey/options", headers={**OURS, "host": "a.mooring.example"}
    )

    assert by_number.status == 400
    assert below.json["rpId"] == "mooring.example"


async def test_options_of_a_session_need_one(browser: Browser) -> None:
    for path in ("mfa", "passkeys"):
        assert (await browser.get(f"/console/auth/{path}/options")).status == 401
    options = (await browser.get("/console/auth/passkey/options")).json
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == []
