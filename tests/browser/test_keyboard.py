"""The console by the keyboard alone (WCAG 2.1.1, 2.4.1, 2.4.7)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenPage
from tests.browser.launching import PHONE

# What marks the element that has the focus; an outline of 2 px is the rule of the house.
_OUTLINE = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
}"""
_NAME = "document.activeElement.outerHTML.slice(0, 200)"
_IS_BODY = "document.activeElement === document.body"


def test_the_first_stop_leads_past_the_navigation(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize(("button", "item"), [("Theme", "Dark"), ("account of Nora Falk", "Sign out")])
def test_a_menu_opens_with_enter_and_gives_the_focus_back(page: Page, button: str, item: str) -> None:
    page.goto("/")
    opener = page.get_by_role("button", name=button)
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=item, exact=True)).to_be_visible()
    expect(opener).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(opener).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=item, exact=True)).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_navigation_of_a_phone(open_page: OpenPage, admin: StorageState) -> None:
    page = open_page(admin, viewport=PHONE)
    page.goto("/")
    opener, place = page.get_by_role("button", name="Open the navigation"), page.get_by_label("Console")
    expect(place).to_be_hidden()
    opener.focus()
    page.keyboard.press("Enter")
    expect(place.get_by_role("link", name="Dashboard")).to_be_in_viewport()
    expect(page.locator("#navigation:focus-within")).to_be_attached()
    page.keyboard.press("Escape")
    expect(place).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_focus_is_always_in_sight(page: Page) -> None:
    page.goto("/")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(_IS_BODY):
            break
        assert page.evaluate(_OUTLINE) >= 2, page.evaluate(_NAME)
    else:
        raise AssertionError("The keyboard does not come out of the page.")
