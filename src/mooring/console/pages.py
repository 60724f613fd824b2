"""The text of the few pages, with everything that is not ours escaped."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

__all__ = [
    "STYLE",
    "Welcome",
    "message_page",
    "page",
    "sign_in_page",
    "signed_out_page",
    "welcome_page",
]

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; }
dt { font-weight: 600; }
dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
pre { border: 1px solid; border-radius: .4rem; overflow-x: auto; padding: .8rem; }
button, input { font: inherit; padding: .5rem 1.2rem; }
input { padding: .5rem; width: min(100%, 24rem); }
[role=alert] { font-weight: 600; }
img { background: #fff; image-rendering: pixelated; padding: .5rem; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What the signed-in page tells."""

    arn: str
    account_id: str
    user_id: str
    region: str
    endpoint_url: str
    csrf: str


def page(title: str, body: str) -> str:
    """Return a page: its title is not ours to trust, its body is HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} - Mooring</title>\n"
        '<link rel="icon" href="data:,">\n'
        '<link rel="stylesheet" href="/console/style.css">\n</head>\n'
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def sign_in_page(token: str) -> str:
    """Ask before the link is used up, so that a preview of the link does not use it."""
    return page(
        "Sign in",
        "<p>This link signs you in once.</p>\n"
        '<form method="post" action="/auth/sign-in">\n'
        f'<input type="hidden" name="token" value="{escape(token, quote=True)}">\n'
        '<button type="submit">Sign in</button>\n</form>',
    )


def message_page(title: str, text: str) -> str:
    """Say one thing."""
    return page(title, f"<p>{escape(text)}</p>")


def signed_out_page(sign_in_url: str) -> str:
    """Say that nobody is signed in, and where to."""
    return page(
        "Sign in",
        "<p>You are not signed in.</p>\n"
        f'<p><a href="{escape(sign_in_url, quote=True)}">Sign in</a></p>\n'
        "<p>Without a password yet, open the sign-in link that the server printed.</p>",
    )


def welcome_page(welcome: Welcome) -> str:
    """Say who you are, and how to get a shell."""
    rows = (
        ("You are", welcome.arn),
        ("User id", welcome.user_id),
        ("Account", welcome.account_id),
        ("Region", welcome.region),
        ("Endpoint", welcome.endpoint_url),
    )
    facts = "\n".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in rows)
    lines = (
        f"aws configure set endpoint_url {welcome.endpoint_url}\n"
        f"aws configure set region {welcome.region}\n"
        "aws ssm describe-instance-information\n"
        "aws ssm start-session --target <instance id>"
    )
    login = f"mooring login --endpoint-url {welcome.endpoint_url}"
    return page(
        "Welcome aboard",
        f"<dl>\n{facts}\n</dl>\n<h2>From the command line</h2>\n"
        "<p>Use an access key of yours with the AWS CLI:</p>\n"
        f"<pre>{escape(lines)}</pre>\n"
        f"<p>Or let it sign in as you do here:</p>\n<pre>{escape(login)}</pre>\n"
        '<p><a href="/console/security">Password, passkeys and devices</a></p>\n'
        '<form method="post" action="/console/auth/signout">\n'
        f'<input type="hidden" name="csrf" value="{escape(welcome.csrf, quote=True)}">\n'
        '<button type="submit">Sign out</button>\n</form>',
    )
