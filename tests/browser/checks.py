"""What holds for every page at every moment."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.axe import violations

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check_page(page: Page) -> None:
    """Fail on what keeps people out in light or dark, or makes them scroll sideways."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(_OVERFLOW) <= 0, f"{scheme}: the page is wider than the screen"
        found = violations(page)
        assert not found, "\n".join([scheme, *found])
