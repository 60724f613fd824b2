"""The text of the sign-in's pages. Everything that is not ours is escaped; no script is inline."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from mooring.console.pages import page
from mooring.iam.login import Passkey
from mooring.iam.web_session import DeviceGrant
from mooring.operations.device_grants import shown_code
from mooring.operations.enrolment import Enrolment
from mooring.operations.qr_code import qr_png

__all__ = [
    "Form",
    "code_page",
    "consent_page",
    "device_page",
    "enroll_page",
    "password_page",
    "security_page",
    "sign_in_form",
    "step_up_page",
]

_SCRIPT = '<script src="/console/passkey.js" defer></script>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What every form carries: the session's token, where to go on, what went wrong before."""

    csrf: str = ""
    next: str = ""
    error: str = ""

    def around(self, action: str, fields: str, button: str) -> str:
        """Return the form."""
        alert = f'<p role="alert">{escape(self.error)}</p>\n' if self.error else ""
        return (
            f'{alert}<form method="post" action="{action}">\n{self.hidden("csrf", self.csrf)}'
            f"{self.hidden('next', self.next)}{fields}\n"
            f'<button type="submit">{escape(button)}</button>\n</form>'
        )

    @staticmethod
    def hidden(name: str, value: str) -> str:
        """Return a hidden field."""
        return f'<input type="hidden" name="{name}" value="{escape(value, quote=True)}">\n'


def _field(label: str, name: str, more: str, *, value: str = "") -> str:
    shown = f' value="{escape(value, quote=True)}"' if value else ""
    return f'<p><label>{escape(label)}<br><input name="{name}" {more}{shown}></label></p>'


def _password(label: str, name: str, *, is_new: bool) -> str:
    complete = "new-password" if is_new else "current-password"
    return _field(label, name, f'type="password" required autocomplete="{complete}"')


_CODE = 'required inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6"'


def sign_in_form(
    form: Form, *, with_account: bool, account: str, user_name: str, provider_path: str = ""
) -> str:
    """Ask for user name and password, or a passkey; or lead to the site's identity provider."""
    fields = ""
    if with_account:
        fields = _field("Account", "account", 'autocomplete="organization"', value=account)
    fields += _field(
        "User name", "user", 'required autocomplete="username webauthn"', value=user_name
    )
    fields += _password("Password", "password", is_new=False)
    body = form.around("/console/auth/signin", fields, "Sign in")
    if provider_path:
        place = escape(f"{provider_path}?{urlencode({'next': form.next})}", quote=True)
        body += f'\n<p><a href="{place}">Sign in with single sign-on</a></p>'
    return page("Sign in", f"{body}\n{_passkey_button('sign-in', 'Sign in with a passkey', form)}")


def _passkey_button(purpose: str, label: str, form: Form) -> str:
    """Return a button for the script; without one it stays hidden."""
    kept = f'data-next="{escape(form.next, quote=True)}" data-csrf="{form.csrf}"'
    return (
        f'<p><button type="button" hidden data-passkey="{purpose}" {kept}>{escape(label)}</button>'
        f'</p>\n<p role="alert" id="passkey-error"></p>\n{_SCRIPT}'
    )


def code_page(form: Form, *, has_device: bool, has_passkey: bool) -> str:
    """Ask for the second factor."""
    body = ""
    if has_device:
        fields = _field("Code of your device, six digits", "code", _CODE)
        body = form.around("/console/auth/mfa", fields, "Go on")
    elif form.error:
        body = f'<p role="alert">{escape(form.error)}</p>'
    if has_passkey:
        body += _passkey_button("mfa", "Use a passkey", form)
    return page("One more step", body)


def password_page(form: Form, *, user_name: str, needs_current: bool) -> str:
    """Ask for a new password; the hidden name is for the browser, which keeps passwords by it."""
    name = f'<input hidden autocomplete="username" value="{escape(user_name, quote=True)}">\n'
    fields = _password("Current password", "current", is_new=False) if needs_current else ""
    fields += _password("New password", "password", is_new=True)
    body = form.around("/console/auth/new-password", name + fields, "Set password")
    return page("New password", body)


def step_up_page(form: Form, *, has_device: bool, has_passkey: bool) -> str:
    """Ask somebody who is signed in to prove themselves again."""
    if has_device:
        fields = _field("Code of your device, six digits", "code", _CODE)
        body = form.around("/console/auth/step-up", fields, "Go on")
    elif not has_passkey:
        fields = _password("Password", "password", is_new=False)
        body = form.around("/console/auth/step-up", fields, "Go on")
    else:
        body = f'<p role="alert">{escape(form.error)}</p>' if form.error else ""
    if has_passkey:
        body += f"\n{_passkey_button('step-up', 'Use a passkey', form)}"
    return page("Prove yourself again", body)


def enroll_page(form: Form, enrolment: Enrolment) -> str:
    """Show a new device's seed, as a picture and as text, and ask for two of its codes."""
    picture = base64.b64encode(qr_png(enrolment.uri)).decode()
    fields = (
        f'<p><img alt="QR code of the secret below" src="data:image/png;base64,{picture}"></p>\n'
        f"<p>Or type this secret: <code>{escape(enrolment.seed.reveal())}</code></p>\n"
        + Form.hidden("state", enrolment.state.reveal())
        + _field("First code", "code1", _CODE)
        + _field("The code after it", "code2", _CODE)
    )
    return page("Add a device", form.around("/console/auth/enroll", fields, "Add device"))


def security_page(
    form: Form, *, user_name: str, passkeys: Sequence[Passkey], has_passkeys: bool
) -> str:
    """Offer a password, a passkey and a device."""
    rows = "".join(
        "<li>"
        + form.around(
            "/console/auth/passkeys/remove",
            f"{escape(one.name)} {Form.hidden('id', one.credential_id)}",
            "Remove",
        )
        + "</li>\n"
        for one in passkeys
    )
    listed = f"<ul>\n{rows}</ul>\n" if rows else "<p>None yet.</p>\n"
    button = _passkey_button("register", "Add a passkey", form) if has_passkeys else ""
    body = (
        f"<p>How {escape(user_name)} signs in.</p>\n"
        '<p><a href="/console/new-password">Set a password</a></p>\n'
        '<p><a href="/console/enroll">Add a device that shows codes</a></p>\n'
        f"<h2>Passkeys</h2>\n{listed}{button}\n"
        '<p><a href="/console/">Go on</a></p>'
    )
    return page("Sign-in and security", body)


def device_page(form: Form, *, code: str) -> str:
    """Ask for the code that a command line shows."""
    fields = _field("Code", "user_code", 'required autocomplete="off" size="12"', value=code)
    return page("Let a command line in", form.around("/console/auth/device", fields, "Go on"))


def consent_page(form: Form, grant: DeviceGrant, *, code: str, arn: str) -> str:
    """Say what asks, from where, and for whom it would act."""
    facts = (
        ("What asks", grant.client or "a program without a name"),
        ("From address", grant.address),
        ("Program", grant.user_agent),
        ("Asked at", grant.created_at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("Would act as", arn),
        ("Code", shown_code(code)),
    )
    rows = "\n".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in facts)
    again = Form(csrf=form.csrf)
    kept = Form.hidden("user_code", code)
    return page(
        "Let it in?",
        f"<p>Go on only if you have just started this yourself and the code is the one that your "
        f"terminal shows.</p>\n<dl>\n{rows}\n</dl>\n"
        + again.around(
            "/console/auth/device", kept + Form.hidden("decision", "approve"), "Let it in"
        )
        + "\n"
        + again.around("/console/auth/device", kept + Form.hidden("decision", "deny"), "Refuse"),
    )
