"""A token is made, read and revoked by the words a person sees."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import StorageState, ViewportSize, expect

from tests.browser.checks import check_page
from tests.browser.conftest import OpenPage
from tests.browser.launching import PHONE, WIDE
from tests.browser.people import prove


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_token_is_made_and_revoked(size: ViewportSize, admin: StorageState, open_page: OpenPage) -> None:
    page = open_page(admin, viewport=size)
    name = f"nightly {size['width']}"
    page.goto("/")
    page.get_by_role("button", name="account of Nora Falk").click()
    page.get_by_role("link", name="API tokens").click()
    page.get_by_role("link", name="Make a token").click()
    prove(page)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Role").select_option("Operator")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_label("Token", exact=True)).to_have_text(re.compile(r"^bk_[0-9a-f]{12}_[\w-]{43}$"))
    check_page(page)
    page.get_by_role("link", name="I have it").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("Active")
    check_page(page)
    row.get_by_role("link", name=f"Revoke {name}").click()
    prove(page)
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_text(f"{name} opens nothing any more.")).to_be_visible()
    expect(row).to_contain_text("Revoked")
