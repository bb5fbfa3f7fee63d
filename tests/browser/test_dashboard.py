"""The dashboard left open: it follows what happens, and says when it cannot."""

from __future__ import annotations

import re

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenPage
from tests.browser.features import STEPS, queue_walk
from tests.browser.following import mark
from tests.browser.launching import PHONE
from tests.browser.live_console import LiveConsole
from tests.browser.witness import Witness

_LOOK = "document.dispatchEvent(new Event('visibilitychange'))"  # as somebody who comes back to the page
_SAID_AFTER_ANOTHER = """() => new Promise(done =>
    document.addEventListener('htmx:afterRequest', ({ detail }) => {
        if (detail.requestConfig.elt.id === 'running') done(document.querySelector('#connection').innerText);
    }))"""
_SMALL = """() => [...document.querySelectorAll('main a')]
    .filter(link => link.checkVisibility() && link.getBoundingClientRect().height < 40)
    .map(link => link.outerHTML)"""


def test_an_open_dashboard_follows_what_happens(console: LiveConsole, page: Page) -> None:
    """Without a reload, and what did not change keeps the focus."""
    page.goto("/")
    mark(page)
    page.get_by_role("link", name="See all checks").focus()
    walk = queue_walk(console, "lima")
    row = page.get_by_role("row").filter(has_text="Walk to lima")
    count = page.get_by_role("navigation").get_by_role("link", name=re.compile(r"Operations \d+ running"))
    expect(count).to_be_visible()
    page.evaluate(_LOOK)
    expect(row).to_contain_text("Running")
    walk.allow(STEPS)
    expect(count).to_be_hidden()
    page.evaluate(_LOOK)
    expect(row).to_contain_text("Succeeded")
    expect(page.get_by_role("link", name="See all checks")).to_be_focused()
    expect(page.locator("body")).to_have_attribute("data-seen", "since the start")


def test_an_open_dashboard_says_when_nobody_answers(page: Page, witnesses: list[Witness]) -> None:
    """And takes it back, though another part of the page had its answer all the while."""
    witnesses[0].expect("503")
    page.goto("/")
    lost = page.get_by_text("Connection lost. Trying again.")
    page.route("**/news", lambda route: route.fulfill(status=503))
    page.evaluate(_LOOK)
    expect(lost).to_be_visible()
    assert page.evaluate(_SAID_AFTER_ANOTHER)
    page.unroute("**/news")
    page.evaluate(_LOOK)
    expect(lost).to_be_hidden()


def test_the_age_of_a_check_is_counted_on(page: Page, witnesses: list[Witness]) -> None:
    witnesses[0].expect("503")
    page.clock.install()
    page.route("**/news", lambda route: route.fulfill(status=503))
    page.goto("/")
    checked = page.locator("#verdict .meta")
    expect(checked).to_contain_text(re.compile(r"Checked \d\d:\d\d:\d\d, "))
    page.clock.fast_forward(150_000)
    expect(checked).to_contain_text(re.compile(r", 2 min \d+ s ago"))


def test_links_are_large_enough_for_a_finger(open_page: OpenPage, admin: StorageState) -> None:
    page = open_page(admin, viewport=PHONE)
    for path in ("/", "/operations", "/backups", "/databases"):
        page.goto(path)
        assert page.evaluate(_SMALL) == []
