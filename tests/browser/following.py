"""Following an operation on its page, which tells the truth without being loaded again."""

from __future__ import annotations

from playwright.sync_api import Page, expect

_MARK = "body => { body.dataset.seen = 'since the start' }"


def mark(page: Page) -> None:
    """Mark the document: a reload would lose the mark."""
    page.locator("body").evaluate(_MARK)


def expect_percent(page: Page, percent: int) -> None:
    """Wait until the bar says so, and the words beside it too."""
    expect(page.get_by_role("main").locator("progress").first).to_have_attribute("value", str(percent))
    expect(page.get_by_role("main")).to_contain_text(f"{percent}%")


def expect_state(page: Page, state: str) -> None:
    """Wait until the page says so, in the document that was marked."""
    expect(page.get_by_role("main").locator(".page-head .state")).to_have_text(state)
    expect(page.locator("body")).to_have_attribute("data-seen", "since the start")
