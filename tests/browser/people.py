"""What people do in a browser, by the words they see."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.live_console import LiveConsole

USERNAME = "nfalk"
PASSWORD = "a walk along the river"


def become_first_admin(page: Page, console: LiveConsole) -> None:
    """Follow the one-time link and fill in its form; leaves the page on the dashboard."""
    answer = page.goto(console.link)
    assert answer and answer.ok, f"{page.inner_text('body')}\n{console.printed}"
    page.get_by_label("Name", exact=True).fill("Nora Falk")
    page.get_by_label("Email").fill("nora.falk@example.com")
    page.get_by_label("Username").fill(USERNAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin and sign in").click()
    expect(page).to_have_url(f"{console.address}/")


def sign_in(page: Page, password: str = PASSWORD, username: str = USERNAME) -> None:
    """Fill in the sign-in form that the page shows, and send it."""
    page.get_by_label("Username or email").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def prove(page: Page) -> None:
    """Give the password again, where the page asks for it."""
    if "/prove" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()


def sign_out(page: Page) -> None:
    """Sign out by the account menu."""
    page.get_by_role("button", name="account of Nora Falk").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
