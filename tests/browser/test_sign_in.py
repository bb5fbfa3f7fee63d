"""Signing in and out (TRUST A1, A5, S3, W6)."""

from __future__ import annotations

from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import sign_in, sign_out
from tests.browser.witness import Witness


def test_in_and_out(visitor: Page) -> None:
    visitor.goto("/sign-in")
    expect(visitor.get_by_label("Username or email")).to_be_focused()
    sign_in(visitor)
    expect(visitor).to_have_url("/")
    sign_out(visitor)
    expect(visitor).to_have_url("/sign-in")
    visitor.goto("/")
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_said_where_one_goes_on(visitor: Page, witnesses: list[Witness]) -> None:
    witnesses[0].expect("422")
    visitor.goto("/sign-in")
    sign_in(visitor, "a walk along the lake")
    password = visitor.get_by_label("Password")
    expect(visitor.get_by_role("alert")).to_be_visible()
    expect(password).to_be_focused()
    expect(password).to_have_attribute("aria-describedby", "password-note")
    sign_in(visitor)
    expect(visitor).to_have_url("/")


def test_a_session_ended_elsewhere_leads_through_the_sign_in_and_back(
    open_page: OpenPage, admin: StorageState
) -> None:
    here = open_page()
    here.goto("/sign-in")
    sign_in(here)
    expect(here).to_have_url("/")
    elsewhere = open_page(here.context.storage_state())
    elsewhere.goto("/")
    sign_out(elsewhere)
    here.get_by_role("navigation").get_by_role("link", name="Dashboard").click()
    expect(here.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(here)
    expect(here).to_have_url("/")
