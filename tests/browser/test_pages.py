"""Every page, in light and dark, wide and on a phone: open to everyone (WCAG 2.2 AA), no wider than the
screen, and silent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import StorageState, ViewportSize, expect
from werkzeug.routing import Rule

from tests.browser.addresses import make_examples, page_rules, path_of
from tests.browser.checks import check_page
from tests.browser.conftest import OpenPage
from tests.browser.launching import PHONE, WIDE
from tests.browser.live_console import LiveConsole
from tests.browser.witness import Witness

both_sizes = pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])


@pytest.fixture(scope="session")
def examples(console: LiveConsole, admin: StorageState) -> Mapping[str, str]:
    """An address for each page with arguments. The first admin comes before all that is made for them."""
    return make_examples(console)


@both_sizes
@pytest.mark.parametrize("rule", page_rules(), ids=lambda rule: rule.endpoint)
def test_every_page(
    rule: Rule, size: ViewportSize, examples: Mapping[str, str], admin: StorageState, open_page: OpenPage
) -> None:
    page = open_page(admin, viewport=size)
    answer = page.goto(path_of(rule, examples))
    assert answer and answer.status == 200
    check_page(page)


@both_sizes
def test_an_error_page(
    size: ViewportSize, admin: StorageState, open_page: OpenPage, witnesses: list[Witness]
) -> None:
    page = open_page(admin, viewport=size)
    witnesses[0].expect("404")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    check_page(page)
