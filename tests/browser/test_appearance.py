"""Theme and motion, as the reader or their system wants them."""

from __future__ import annotations

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import OpenPage

_CANVAS = {"light": "rgb(247, 249, 248)", "dark": "rgb(14, 18, 17)"}
_MOVING = "document.getAnimations().filter(one => one.playState === 'running').map(one => one.animationName)"


@pytest.mark.parametrize(("system", "chosen"), [("light", "dark"), ("dark", "light")])
def test_a_chosen_theme_beats_the_systems_and_stays(
    open_page: OpenPage, admin: StorageState, system: str, chosen: str
) -> None:
    page = open_page(admin, color_scheme=system)
    page.goto("/")
    expect(page.locator("body")).to_have_css("background-color", _CANVAS[system])
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name=chosen.capitalize()).click()
    expect(page.locator("body")).to_have_css("background-color", _CANVAS[chosen])
    again = open_page(page.context.storage_state(), color_scheme=system)
    again.goto("/sign-in")
    expect(again.locator("body")).to_have_css("background-color", _CANVAS[chosen])


@pytest.mark.parametrize(("wanted", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_who_wants_it_still(
    open_page: OpenPage, admin: StorageState, wanted: str, moves: bool
) -> None:
    page = open_page(admin, reduced_motion=wanted)
    page.goto("/styleguide")
    page.evaluate("document.fonts.ready")
    assert bool(page.evaluate(_MOVING)) == moves
