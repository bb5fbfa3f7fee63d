"""Every page, in light and dark, wide and on a phone: open to everyone (WCAG 2.2 AA), no wider than the
screen, and silent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, StorageState, ViewportSize, expect
from werkzeug.routing import Rule

from tests.browser.addresses import page_rules, path_of
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, WIDE, OpenPage
from tests.browser.live_console import LiveConsole
from tests.browser.witness import Witness

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page: Page) -> None:
    """Fail on what keeps people out, or makes them scroll sideways."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(_OVERFLOW) <= 0, f"{scheme}: the page is wider than the screen"
        found = violations(page)
        assert not found, "\n".join([scheme, *found])


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("rule", page_rules(), ids=lambda rule: rule.endpoint)
def test_every_page(
    rule: Rule, size: ViewportSize, console: LiveConsole, admin: StorageState, open_page: OpenPage
) -> None:
    page = open_page(admin, viewport=size)
    answer = page.goto(path_of(rule, console))
    assert answer and answer.status == 200
    check(page)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_an_error_page(
    size: ViewportSize, admin: StorageState, open_page: OpenPage, witnesses: list[Witness]
) -> None:
    page = open_page(admin, viewport=size)
    witnesses[0].expect("404")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    check(page)
