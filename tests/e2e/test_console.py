"""The sign-in's pages in a real browser: Debian's Chromium, with an authenticator of its own."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.e2e.dev import Dev

PASSWORD = "Correct-horse-7"  # noqa: S105
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page() -> Iterator[Page]:
    """Open a page; whatever its script or its rules complain about fails the test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(ignore_https_errors=True)
        opened = context.new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console",
            lambda said: complaints.append(said.text) if "Security Policy" in said.text else None,
        )
        session = context.new_cdp_session(opened)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield opened
        context.close()
        browser.close()
    assert complaints == []


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_person_sets_a_password_adds_a_passkey_and_comes_back_with_each(
    dev: Dev, page: Page
) -> None:
    home, token = dev.facts["console_url"], dev.facts["sign_in_url"]
    page.goto(token)
    press(page, "Sign in")
    page.get_by_role("link", name="Set a password").click()
    page.get_by_label("New password").fill(PASSWORD)
    press(page, "Set password")
    page.wait_for_url(home)

    page.get_by_role("link", name="Password, passkeys and devices").click()
    press(page, "Add a passkey")
    page.get_by_role("button", name="Remove").wait_for()
    page.goto(home)
    press(page, "Sign out")
    press(page, "Sign in with a passkey")
    page.wait_for_url(home)
    assert page.get_by_text(":user/admin").is_visible()

    press(page, "Sign out")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("wrong")
    press(page, "Sign in")
    assert "is wrong" in page.get_by_role("alert").first.inner_text()
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    page.wait_for_url("**/console/mfa*")
    press(page, "Use a passkey")
    page.wait_for_url(home)

    # Over TLS the cookie is for this host alone.
    page.context.clear_cookies()
    page.goto(f"{dev.facts['tls_endpoint_url'].rstrip('/')}/console/sign-in")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    page.wait_for_url("**/console/mfa*")
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "__Host-mooring"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
