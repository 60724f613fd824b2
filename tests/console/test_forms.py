"""Whatever is not ours is text on every form, and each form carries the session's token."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.store.login_rows import PASSKEY, REQUEST

from mooring.console.forms import (
    Form,
    code_page,
    consent_page,
    device_page,
    enroll_page,
    password_page,
    security_page,
    sign_in_form,
    step_up_page,
)
from mooring.operations.enrolment import Enrolment
from mooring.secret import Secret

HOSTILE = "\"><script>alert('x')</script>"
FORM = Form(csrf="0f", next=HOSTILE, error=HOSTILE)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def every_page() -> list[str]:
    request = replace(REQUEST, client=HOSTILE, address=HOSTILE, user_agent=HOSTILE)
    enrolment = Enrolment(seed=Secret(HOSTILE), uri="otpauth://a", state=Secret(HOSTILE))
    return [
        sign_in_form(FORM, with_account=True, account=HOSTILE, user_name=HOSTILE),
        code_page(FORM, has_device=True, has_passkey=True),
        password_page(FORM, user_name=HOSTILE, needs_current=True),
        step_up_page(FORM, has_device=True, has_passkey=True),
        enroll_page(FORM, enrolment),
        security_page(
            FORM,
            user_name=HOSTILE,
            passkeys=[replace(PASSKEY, name=HOSTILE, credential_id=HOSTILE)],
            has_passkeys=True,
        ),
        device_page(FORM, code=HOSTILE),
        consent_page(FORM, request, code=HOSTILE, arn=HOSTILE),
    ]


def test_hostile_text_stays_text() -> None:
    for page in every_page():
        assert "alert('x')" not in page
        assert page.replace('<script src="/console/passkey.js" defer>', "").count("<script") == 0


def test_every_form_carries_the_token_and_is_posted_to_us() -> None:
    for page in every_page():
        forms = page.count("<form ")
        assert forms >= 1
        assert page.count('<form method="post" action="/console/auth/') == forms
        assert page.count('name="csrf" value="0f"') == forms


def test_people_and_their_tools_find_their_way() -> None:
    sign_in = sign_in_form(Form(), with_account=False, account="", user_name="")

    assert "single sign-on" not in sign_in
    assert 'autocomplete="username webauthn"' in sign_in
    assert 'autocomplete="current-password"' in sign_in
    assert 'autocomplete="one-time-code"' in code_page(Form(), has_device=True, has_passkey=False)
    assert 'autocomplete="new-password"' in password_page(
        Form(), user_name="ann", needs_current=False
    )
    assert 'role="alert"' in device_page(FORM, code="")


def test_stepping_up_offers_what_is_taken() -> None:
    by_passkey = step_up_page(FORM, has_device=False, has_passkey=True)
    by_password = step_up_page(FORM, has_device=False, has_passkey=False)

    assert "<form" not in by_passkey
    assert 'data-passkey="step-up"' in by_passkey
    assert 'role="alert"' in by_passkey
    assert "alert('x')" not in by_passkey
    assert 'autocomplete="current-password"' in by_password


def test_a_site_with_a_provider_leads_there() -> None:
    page = sign_in_form(
        Form(next="/console/a"),
        with_account=False,
        account="",
        user_name="",
        provider_path="/auth/oidc/start",
    )

    assert '<a href="/auth/oidc/start?next=%2Fconsole%2Fa">Sign in with single sign-on</a>' in page
