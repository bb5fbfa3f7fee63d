"""Every page, in light and dark, wide and on a phone: open to everyone (WCAG 2.2 AA), no wider than the
screen, and silent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, StorageState, expect
from werkzeug.routing import Rule

from tests.browser.addresses import make_examples, page_rules, path_of
from tests.browser.checks import check_page
from tests.browser.launching import PHONE
from tests.browser.live_console import LiveConsole
from tests.browser.witness import Witness


@pytest.fixture(scope="session")
def examples(console: LiveConsole, admin: StorageState) -> Mapping[str, str]:
    """An address for each page with arguments. The first admin comes before all that is made for them."""
    return make_examples(console)


@pytest.mark.parametrize("rule", page_rules(), ids=lambda rule: rule.endpoint)
def test_every_page(rule: Rule, examples: Mapping[str, str], page: Page) -> None:
    answer = page.goto(path_of(rule, examples))
    assert answer and answer.status == 200
    check_both_sizes(page)


def test_an_error_page(page: Page, witnesses: list[Witness]) -> None:
    witnesses[0].expect("404")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    check_both_sizes(page)


def check_both_sizes(page: Page) -> None:
    """The page as it came, and again when the window is made as narrow as a phone."""
    check_page(page)
    page.set_viewport_size(PHONE)
    check_page(page)
