"""The parts that script brings to life, on the styleguide: plots, confirmations, toasts, logs, passwords."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenPage

# What the canvas of a plot shows: how many of its pixels are not empty.
_INK = """plot => {
    const canvas = plot.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((alpha, place) => place % 4 === 3 && alpha > 0).length;
}"""
_PICTURE = "plot.querySelector('canvas').toDataURL()"
_DISTANCE = "log => log.scrollHeight - log.scrollTop - log.clientHeight"
_ADD_LINES = """log => {
    for (let number = 0; number < 60; number++) log.append(log.lastElementChild.cloneNode(true));
}"""
SHOWN_FOR = 6000


@pytest.fixture
def guide(page: Page) -> Page:
    """The styleguide, its plots drawn."""
    page.goto("/styleguide")
    expect(page.locator(".plot-canvas canvas")).to_have_count(3)
    return page


def test_plots_are_drawn_and_follow_the_theme(guide: Page) -> None:
    size = guide.locator("#guide-size .plot-canvas")
    assert size.evaluate(_INK) > 1000
    light = size.evaluate(f"plot => {_PICTURE}")
    guide.emulate_media(color_scheme="dark")
    guide.wait_for_function(f"([plot, light]) => {_PICTURE} !== light", arg=[size.element_handle(), light])


def test_a_plot_fits_when_the_window_narrows(guide: Page) -> None:
    guide.set_viewport_size({"width": 390, "height": 844})
    guide.wait_for_function(
        "() => [...document.querySelectorAll('.plot-canvas')].every("
        "plot => plot.querySelector('canvas').clientWidth === plot.clientWidth)"
    )


def test_the_table_behind_a_plot_opens_by_the_keyboard(guide: Page) -> None:
    table = guide.get_by_role("region", name="Sign-ins, as a table")
    expect(table).to_be_hidden()
    guide.locator("#guide-sign-ins summary").press("Enter")
    expect(table).to_be_visible()
    expect(table.get_by_role("row")).to_have_count(31)


def test_a_confirmation_wakes_on_an_exact_match(guide: Page) -> None:
    field = guide.get_by_label("Type shellbook")
    button = guide.get_by_role("button", name="Restore shellbook").last
    expect(button).to_be_disabled()
    for typed in ("shellboo", "Shellbook", "shellbook "):
        field.fill(typed)
        expect(button).to_be_disabled()
    field.fill("shellbook")
    expect(button).to_be_enabled()


def test_toasts_go_unless_they_are_read(open_page: OpenPage, admin: StorageState) -> None:
    page = open_page(admin)
    page.clock.install()
    page.goto("/styleguide")
    page.evaluate(
        "document.querySelectorAll('[data-toast]').forEach(toast => { toast.dataset.toast = 'goes'; });"
        "document.dispatchEvent(new Event('htmx:load'))"
    )
    toasts = page.locator("[data-toast]")
    toasts.first.get_by_role("button").focus()
    page.clock.run_for(SHOWN_FOR + 1)
    expect(toasts).to_have_count(1)
    page.locator("#content").focus()
    page.clock.run_for(SHOWN_FOR + 1)
    expect(toasts).to_have_count(0)


def test_a_toast_closes(guide: Page) -> None:
    toasts = guide.locator("[data-toast]")
    toasts.first.get_by_role("button", name="Close").click()
    expect(toasts).to_have_count(1)


def test_a_log_keeps_its_end_in_sight_until_the_reader_scrolls(guide: Page) -> None:
    log, follow = guide.get_by_role("log"), guide.get_by_label("Follow")
    log.evaluate(_ADD_LINES)
    guide.wait_for_function(f"log => ({_DISTANCE})(log) < 8", arg=log.element_handle())
    log.evaluate("log => { log.scrollTop = 0; }")
    expect(follow).not_to_be_checked()
    log.evaluate(_ADD_LINES)
    assert log.evaluate("log => log.scrollTop") == 0
    follow.check()
    guide.wait_for_function(f"log => ({_DISTANCE})(log) < 8", arg=log.element_handle())


def test_a_password_is_shown_on_demand(guide: Page) -> None:
    field = guide.get_by_label("Password", exact=True)
    button = guide.get_by_role("button", name="Show", exact=True)
    expect(field).to_have_attribute("type", "password")
    button.click()
    expect(field).to_have_attribute("type", "text")
    expect(guide.get_by_role("button", name="Hide")).to_have_attribute("aria-pressed", "true")


def test_a_plot_tells_what_stands_under_the_pointer(guide: Page) -> None:
    """The same figures as in its table, day by our clock."""
    guide.locator("#guide-sign-ins .plot-canvas").hover(position={"x": 60, "y": 60})
    told = guide.locator("#guide-sign-ins .plot-told").text_content() or ""
    guide.locator("#guide-sign-ins summary").click()
    first = guide.get_by_role("region", name="Sign-ins, as a table").get_by_role("row").last
    day, succeeded, failed = first.get_by_role("cell").all_text_contents()
    assert told == f"{day}: {succeeded} succeeded, {failed} failed"
