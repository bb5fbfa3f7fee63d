"""Backups at a browser: taken, followed, proven by the worker, opened beside the list, and restored."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.checks import check_page
from tests.browser.conftest import OpenPage
from tests.browser.following import expect_state, mark
from tests.browser.launching import PHONE
from tests.browser.live_console import LiveConsole
from tests.browser.people import prove
from tests.browser.witness import Witness

_PROVEN_WITHIN = 90  # seconds: the worker looks each 15 s, on a busy machine


@pytest.fixture
def two_backups(console: LiveConsole) -> list[str]:
    """The names of two backups of the console's own database, the newest last."""
    said = [console.manage("backup", "--verify", level) for level in ("stored", "readable")]
    return [re.findall(r"[\w.]+-\d{8}-\d{6}(?:-\d+)?", one)[0] for one in said]


def row(page: Page, name: str) -> str:
    """The selector of the row of the backup of that name."""
    (id,) = re.findall(r'data-chosen="(\w{26})"', page.request.get(f"/backups/{name}").text())
    return f'tr[data-backup="{id}"]'


def test_backed_up_followed_verified_and_restored_beside(console: LiveConsole, page: Page) -> None:
    page.goto("/backups")
    page.get_by_role("button", name="Back up now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Back up")
    mark(page)
    expect_state(page, "Succeeded")
    page.locator("#operation-backup").click()
    here = page.url
    for _ in range(_PROVEN_WITHIN):
        if page.locator(".backup-proof").inner_text().strip() in ("Equal", "Healthy"):
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator(".backup-proof")).to_have_text("Equal")
    expect(page.get_by_role("button", name="Check whether it is healthy")).to_be_visible()
    page.get_by_role("link", name="Restore…").click()
    prove(page)
    expect(page.get_by_role("heading", name="What is lost")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="As a new database").click()
    check_page(page)
    page.get_by_label("Name of the new database").fill("twin")
    page.get_by_role("button", name="Restore").click()
    mark(page)
    expect_state(page, "Succeeded")
    with closing(sqlite3.connect(console.folder / "twin.db")) as twin:
        assert twin.execute("SELECT count(*) FROM user").fetchone()[0] >= 1
    page.goto(here)
    expect(page.locator(".evidence-met")).to_have_count(5)


def test_a_row_opens_beside_the_list_and_back_closes_it(page: Page, two_backups: list[str]) -> None:
    page.goto("/backups")
    mark(page)
    older, newer = (row(page, name) for name in two_backups)
    page.locator(f"{newer} a").click()
    panel = page.get_by_role("complementary", name="One backup")
    expect(panel).to_contain_text(two_backups[1])  # by its name: the worker goes on proving them
    expect(page.locator(newer)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#backup-title")).to_be_focused()
    check_page(page)
    page.locator(f"{older} a").click()
    expect(panel).to_contain_text(two_backups[0])
    expect(page.locator("tr[aria-selected]")).to_have_count(1)
    expect(page.locator("body")).to_have_attribute("data-seen", "since the start")
    assert two_backups[0] in page.title()
    expect(page).to_have_url(re.compile(re.findall(r"\w{26}", older)[0]))  # it changes last of all
    page.go_back()
    expect(panel).to_contain_text(two_backups[1])
    page.reload()
    expect(panel).to_contain_text(two_backups[1])
    panel.get_by_role("link", name="Close").click()
    expect(page.locator("#backup-title")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/backups(\?|$)"))


def test_on_a_phone_a_backup_is_a_page_of_its_own(
    open_page: OpenPage, admin: StorageState, two_backups: list[str]
) -> None:
    page = open_page(admin, viewport=PHONE)
    page.goto("/backups")
    page.locator(f"{row(page, two_backups[1])} a").click()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(page.locator("#all-backups")).to_be_hidden()
    assert page.evaluate("scrollY") == 0
    check_page(page)
    page.get_by_role("navigation", name="Above this page").get_by_role("link", name="Backups").click()
    expect(page.locator("#all-backups")).to_be_visible()


def test_the_calendar_moves_without_the_page(page: Page, two_backups: list[str]) -> None:
    page.goto("/backups")
    mark(page)
    title = page.locator("#calendar-title")
    now = title.inner_text()
    page.locator("#calendar-earlier").press("Enter")
    expect(title).not_to_have_text(now)
    expect(page.locator("#calendar-earlier")).to_be_focused()
    check_page(page)
    page.locator("#calendar-later").click()
    expect(title).to_have_text(now)
    page.locator(".month-today a").click()
    expect(page.locator("#backup-title")).to_be_visible()
    expect(page.locator(".month-today")).to_have_class(re.compile("month-selected"))
    expect(page.locator("body")).to_have_attribute("data-seen", "since the start")


def test_a_file_is_sent_and_a_script_is_refused(
    console: LiveConsole, page: Page, witnesses: list[Witness]
) -> None:
    witnesses[0].expect("422")
    script, theirs = console.folder / "theirs.sql", console.folder / "theirs.db"
    script.write_text("DROP TABLE user;\n" * 200_000)
    with closing(sqlite3.connect(theirs)) as database:
        database.execute("CREATE TABLE letter (body blob)")
        database.executemany("INSERT INTO letter VALUES (randomblob(100000))", [()] * 30)
        database.commit()
    page.goto("/backups/files")
    page.get_by_label("File").set_input_files(script)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("theirs.sql is neither")
    check_page(page)
    page.get_by_label("File").set_input_files(theirs)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_contain_text("Kept as upload-")
    page.get_by_role("button", name="Adopt").first.click()
    mark(page)
    expect_state(page, "Succeeded")


def test_a_download_is_the_whole_file(console: LiveConsole, page: Page, two_backups: list[str]) -> None:
    page.goto(f"/backups/{two_backups[1]}")
    page.get_by_role("link", name="Restore…").click()  # which asks for the password, where it is due
    prove(page)
    page.goto(f"/backups/{two_backups[1]}")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    there = console.folder / "backups" / started.value.suggested_filename
    assert started.value.path().read_bytes() == there.read_bytes()
