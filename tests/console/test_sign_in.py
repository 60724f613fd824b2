"""Signing in and out, by forms as people do and by JSON as the console does."""

import base64
import re

import pytest
from tests.console.fake_browser import Browser
from tests.operations.login_steps import PASSWORD, code_of, device_of, give_password

from mooring.iam.identity import User
from mooring.iam.totp import code_at, step_of
from mooring.operations.login_profiles import update_login_profile


async def type_password(browser: Browser, **more: str) -> None:
    page = await browser.submit(
        "/console/auth/signin", **{"user": "ann", "password": PASSWORD, **more}
    )
    assert page.status == 303


async def test_a_link_signs_in_once_and_leads_to_setting_a_password(browser: Browser) -> None:
    token = await browser.link()

    shown = await browser.get(f"/auth/sign-in?token={token}")
    page = await browser.submit("/auth/sign-in", token=token)
    security = await browser.get(page.location)
    form = await browser.get("/console/new-password")
    done = await browser.submit(
        "/console/auth/new-password",
        csrf=form.csrf,
        password="New-word-99",  # noqa: S106
    )
    again = await browser.submit("/auth/sign-in", token=token)

    assert f'value="{token}"' in shown.text
    assert (page.status, page.location) == (303, "/console/security")
    assert "Set a password" in security.text
    assert 'name="current"' not in form.text
    assert (done.status, done.location) == (303, "/console/")
    assert again.status == 403
    await type_password(browser, password="New-word-99")  # noqa: S106


async def test_what_a_stranger_writes_into_a_link_is_shown_as_text(browser: Browser) -> None:
    page = await browser.get("/auth/sign-in?token=%22%3E%3Cscript%3E")

    assert "<script" not in page.text
    assert "&quot;&gt;&lt;script&gt;" in page.text


async def test_a_form_signs_in_and_goes_where_the_person_wanted(browser: Browser) -> None:
    asked = await browser.get("/console/security?a=b")
    form = await browser.get(asked.location)
    page = await browser.submit(
        "/console/auth/signin",
        user="ann",
        password=PASSWORD,
        next="/console/security?a=b",
    )

    assert (asked.status, form.status) == (303, 200)
    assert 'value="/console/security?a=b"' in form.text
    assert 'name="account"' not in form.text
    assert (page.status, page.location) == (303, "/console/security?a=b")
    assert (await browser.get("/console/")).status == 200


async def test_json_signs_in_and_says_who(browser: Browser) -> None:
    wrong = await browser.post("/console/auth/signin", user="ann", password="wrong")  # noqa: S106
    page = await browser.post("/console/auth/signin", user="ann", password=PASSWORD)
    session = await browser.get("/console/session")

    assert (wrong.status, wrong.json) == (
        401,
        {"message": "The account, user name or password is wrong."},
    )
    assert page.json["next"] == "done"
    assert page.json["csrf"] == session.json["csrf"]
    assert (session.json["arn"], session.json["mfaAt"]) == (browser.user.arn, None)
    assert browser.cookie not in page.text + session.text


async def test_a_wrong_password_is_told_on_the_form_with_what_was_typed(browser: Browser) -> None:
    page = await browser.submit("/console/auth/signin", user='a"<b>', password="wrong")  # noqa: S106

    assert page.status == 401
    assert "is wrong" in page.text
    assert 'value="a&quot;&lt;b&gt;"' in page.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', page.text)


async def test_too_many_attempts_are_told_with_the_wait(browser: Browser) -> None:
    for _ in range(5):
        await browser.post("/console/auth/signin", user="ann", password="wrong")  # noqa: S106

    page = await browser.post("/console/auth/signin", user="ann", password=PASSWORD)

    assert page.status == 429
    assert page.json["retryAfter"] == 30


async def test_two_accounts_make_the_form_ask_which(browser: Browser) -> None:
    await browser.world.account()

    form = await browser.get("/console/sign-in")
    page = await browser.submit(
        "/console/auth/signin",
        account=browser.user.account_id,
        user="ann",
        password=PASSWORD,
    )

    assert 'name="account"' in form.text
    assert page.status == 303


@pytest.mark.parametrize("is_json", [False, True])
async def test_a_code_comes_after_the_password(
    browser: Browser,
    admin: User,
    is_json: bool,  # noqa: FBT001
) -> None:
    device = await device_of(browser.world, admin, browser.user)
    await type_password(browser, next="/console/security")
    half = browser.cookie
    home = await browser.get("/console/")
    form = await browser.get("/console/mfa")

    if is_json:
        wrong = await browser.post("/console/auth/mfa", form.csrf, code="000000")
        right = await browser.post(
            "/console/auth/mfa", form.csrf, code=code_of(browser.world, device)
        )
        assert right.json["next"] == "done"
    else:
        wrong = await browser.submit("/console/auth/mfa", csrf=form.csrf, code="000000")
        right = await browser.submit(
            "/console/auth/mfa",
            csrf=form.csrf,
            code=code_of(browser.world, device),
            next="/console/security",
        )
        assert (right.status, right.location) == (303, "/console/security")

    assert home.status == 401
    assert 'inputmode="numeric"' in form.text
    assert wrong.status == 401
    assert browser.cookie != half
    assert (await browser.get("/console/session")).json["mfaAt"] is not None


async def test_a_password_that_is_due_is_changed_on_the_way(browser: Browser, admin: User) -> None:
    await update_login_profile(
        browser.world.call(admin, "iam:UpdateLoginProfile"),
        "ann",
        password=None,
        reset_required=True,
    )
    page = await browser.submit("/console/auth/signin", user="ann", password=PASSWORD)
    form = await browser.get(page.location)
    bad = await browser.submit("/console/auth/new-password", csrf=form.csrf, password="x")  # noqa: S106
    good = await browser.submit(
        "/console/auth/new-password",
        csrf=form.csrf,
        password="New-word-99",  # noqa: S106
    )

    assert page.location.startswith("/console/new-password?next=")
    assert (bad.status, "minimum length" in bad.text) == (400, True)
    assert good.status == 303
    assert (await browser.get("/console/")).status == 200


async def test_a_device_is_added_by_its_codes(browser: Browser) -> None:
    await browser.enter_by_link()
    form = await browser.get("/console/enroll")
    found = re.search(r"<code>([A-Z2-7]+)</code>", form.text)
    state = re.search(r'name="state" value="([^"]+)"', form.text)
    assert found is not None
    assert state is not None
    seed = base64.b32decode(found[1])
    step = step_of(browser.world.clock.now())
    fields = {"csrf": form.csrf, "state": state[1]}

    wrong = await browser.submit("/console/auth/enroll", **fields, code1="000000", code2="111111")
    right = await browser.submit(
        "/console/auth/enroll", **fields, code1=code_at(seed, step - 1), code2=code_at(seed, step)
    )

    assert "data:image/png;base64," in form.text
    assert wrong.status == 401
    assert right.status == 303
    assert (await browser.get("/console/session")).json["mfaAt"] is not None
    browser.cookies.clear()
    page = await browser.submit("/console/auth/signin", user="ann", password=PASSWORD)
    assert page.location.startswith("/console/mfa")


async def test_stepping_up_makes_a_fresh_cookie(browser: Browser) -> None:
    await type_password(browser)
    csrf, before = (await browser.get("/console/session")).json["csrf"], browser.cookie

    wrong = await browser.post("/console/auth/step-up", csrf, password="wrong")  # noqa: S106
    right = await browser.post("/console/auth/step-up", csrf, password=PASSWORD)

    assert (wrong.status, right.status) == (401, 200)
    assert browser.cookie != before


async def test_security_is_for_who_proved_themselves_lately(browser: Browser) -> None:
    await type_password(browser)
    browser.world.pass_time(minutes=10)

    page = await browser.get("/console/security")
    form = await browser.get(page.location)
    wrong = await browser.submit("/console/auth/step-up", csrf=form.csrf, password="wrong")  # noqa: S106
    right = await browser.submit(
        "/console/auth/step-up", csrf=form.csrf, password=PASSWORD, next="/console/security"
    )

    assert page.location == "/console/step-up?next=%2Fconsole%2Fsecurity"
    assert (wrong.status, "is wrong" in wrong.text) == (401, True)
    assert (right.status, right.location) == (303, "/console/security")
    assert (await browser.get("/console/security")).status == 200


@pytest.mark.parametrize("is_json", [False, True])
async def test_signing_out_ends_the_session_here_and_there(
    browser: Browser,
    is_json: bool,  # noqa: FBT001
) -> None:
    await type_password(browser)
    cookie, home = dict(browser.cookies), await browser.get("/console/")

    page = (
        await browser.post("/console/auth/signout", home.csrf)
        if is_json
        else await browser.submit("/console/auth/signout", csrf=home.csrf)
    )

    assert page.status == (200 if is_json else 303)
    assert browser.cookies == {}
    browser.cookies = cookie
    assert (await browser.get("/console/")).status == 401


@pytest.mark.parametrize(
    "path", ["/console/mfa", "/console/new-password", "/console/enroll", "/console/security"]
)
async def test_pages_of_a_session_lead_strangers_to_the_sign_in(
    browser: Browser, path: str
) -> None:
    page = await browser.get(path)

    assert page.status == 303
    assert page.location.startswith("/console/sign-in?next=")


async def test_there_is_no_password_that_nobody_set(browser: Browser, admin: User) -> None:
    other = await browser.world.administrator(admin.account_id, "chief")
    for user in ("root", "chief", "admin"):
        for password in ("", "admin", "password", "mooring", "changeme"):
            browser.address = f"192.0.2.{hash((user, password)) % 250}"
            page = await browser.post("/console/auth/signin", user=user, password=password)
            assert page.status == 401
    await give_password(browser.world, admin, other)
