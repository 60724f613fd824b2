"""Whatever is not ours is escaped on every page."""

from mooring.console.pages import STYLE, Welcome, message_page, sign_in_page, welcome_page

HOSTILE = "\"><script>alert('1')</script>&"


def test_hostile_text_stays_text() -> None:
    welcome = Welcome(
        arn=HOSTILE,
        account_id=HOSTILE,
        user_id=HOSTILE,
        region=HOSTILE,
        endpoint_url=HOSTILE,
        csrf=HOSTILE,
    )

    for page in (message_page(HOSTILE, HOSTILE), sign_in_page(HOSTILE), welcome_page(welcome)):
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_pages_can_be_read_by_machines_for_people() -> None:
    page = message_page("Title", "text")

    assert page.startswith("<!doctype html>")
    assert '<html lang="en">' in page
    assert "<main>" in page
    assert "<h1>Title</h1>" in page


def test_the_style_loads_nothing() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
