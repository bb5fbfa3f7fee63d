"""An operation followed live, by several at once, and cancelled (ARCHITECTURE section 4)."""

from __future__ import annotations

from playwright.sync_api import Page, StorageState, expect

from tests.browser.checks import check_page
from tests.browser.conftest import OpenPage
from tests.browser.features import STEPS, Walk, queue_walk, steps_recorded, wait_for_end
from tests.browser.following import expect_percent, expect_state, mark
from tests.browser.launching import PHONE
from tests.browser.live_console import LiveConsole
from tests.browser.witness import Witness


def follow(page: Page, walk: Walk) -> None:
    """Open the walk's page, and mark it."""
    page.goto(walk.path)
    expect(page.get_by_role("heading", name=f"Walk to {walk.name}")).to_be_visible()
    mark(page)


def test_two_browsers_and_another_process_see_the_same(
    console: LiveConsole, open_page: OpenPage, admin: StorageState
) -> None:
    walk = queue_walk(console, "rome")
    pages = [open_page(admin), open_page(admin, viewport=PHONE)]
    for page in pages:
        follow(page, walk)
    for percent in (40, 70):
        walk.allow(percent)
        for page in pages:
            expect_percent(page, percent)
            check_page(page)
        assert steps_recorded(console, walk) == percent
    walk.allow(STEPS)
    for page in pages:
        expect_state(page, "Succeeded")
        expect(page.get_by_role("log")).to_contain_text("Arrived at rome")


def test_the_end_takes_back_that_the_connection_was_lost(
    console: LiveConsole, page: Page, witnesses: list[Witness]
) -> None:
    """The first good answer is the last one here. After it there is nothing to follow."""
    witnesses[0].expect("503")
    walk = queue_walk(console, "paris")
    follow(page, walk)
    expect(page.get_by_label("Follow")).to_be_visible()
    page.route("**/panel?*", lambda route: route.fulfill(status=503))
    lost = page.get_by_text("Connection lost. Trying again.")
    expect(lost).to_be_visible()
    walk.allow(STEPS)
    wait_for_end(console, walk)
    page.unroute("**/panel?*")
    expect_state(page, "Succeeded")
    expect(lost).to_have_count(0)
    expect(page.locator("#phase")).to_contain_text("Arrived at paris")
    expect(page.get_by_label("Follow")).to_be_hidden()
    check_page(page)


def test_cancel(console: LiveConsole, page: Page, open_page: OpenPage, admin: StorageState) -> None:
    walk = queue_walk(console, "athens")
    walk.allow(20)
    elsewhere = open_page(admin)
    follow(elsewhere, walk)
    page.goto(walk.path)
    expect_percent(page, 20)
    page.get_by_role("link", name="Cancel").click()
    check_page(page)
    page.get_by_role("button", name="Cancel the operation").click()
    expect(page).to_have_url(walk.path)
    mark(page)
    for one in (page, elsewhere):
        expect_state(one, "Cancelled")
    walk.allow(STEPS)
    page.goto("/operations?state=cancelled")
    expect(page.get_by_role("link", name="Walk to athens")).to_be_visible()
