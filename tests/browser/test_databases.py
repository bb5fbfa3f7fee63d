"""The form of a database as script helps it along, and on a phone."""

from __future__ import annotations

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenPage
from tests.browser.launching import PHONE
from tests.browser.witness import Witness

_OF_SERVERS = ("Host", "Port", "Account", "Password", "TLS mode", "CA certificate")


def test_a_file_is_asked_for_nothing_that_only_a_server_has(page: Page, witnesses: list[Witness]) -> None:
    witnesses[0].expect("409")
    page.goto("/databases/new")
    page.get_by_label("Kind", exact=True).select_option("SQLite")
    for label in _OF_SERVERS:
        expect(page.get_by_label(label, exact=True)).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("letters")
    page.get_by_role("textbox", name="Database").fill("letters.db")
    page.get_by_role("button", name="Register the database").click()
    expect(page.get_by_role("textbox", name="Database")).to_be_focused()
    expect(page.get_by_text("There is no such file")).to_be_visible()
    expect(page.get_by_label("Password", exact=True)).to_be_hidden()
    page.get_by_label("Kind", exact=True).select_option("MySQL")
    for label in _OF_SERVERS:
        expect(page.get_by_label(label, exact=True)).to_be_visible()


def test_on_a_phone_a_command_stands_whole_beside_its_copy_button(
    open_page: OpenPage, admin: StorageState
) -> None:
    page = open_page(admin, viewport=PHONE)
    page.goto("/databases/new")
    code = page.locator(".command-box .code")
    assert code.evaluate("code => code.scrollWidth <= code.clientWidth")
    line = code.locator(".code-line").bounding_box()
    copy = page.get_by_role("button", name="Copy").bounding_box()
    assert line and copy and line["x"] + line["width"] <= copy["x"]
