"""One Chromium and one live console for the tests of a process; for each test a page of its own, which fails
the test on anything the browser complains of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    expect,
)

from tests.browser.launching import WIDE, launched
from tests.browser.live_console import DOOR, LiveConsole, live_console
from tests.browser.people import become_first_admin
from tests.browser.witness import Witness
from tests.servers import chromium

OpenPage = Callable[..., Page]

_PATIENCE = 15_000  # ms, for the machine may be busy with other tests
expect.set_options(timeout=_PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this process."""
    found = chromium.handed_on()
    if isinstance(found, chromium.NoChromium):
        pytest.skip(chromium.line(found))
    with launched(found) as browser:
        yield browser


@pytest.fixture(scope="session")
def console(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveConsole]:
    """A console on an SQLite file, which also knows the features of door.py. Tests share it."""
    folder = tmp_path_factory.mktemp("console")
    with live_console(DOOR, folder, f"sqlite:///{folder / 'console.db'}") as console:
        yield console


@pytest.fixture(scope="session")
def admin(browser: Browser, console: LiveConsole) -> StorageState:
    """The cookies of nfalk, the first admin of `console`, signed in."""
    context = browser.new_context()
    page = context.new_page()
    become_first_admin(page, console)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(browser: Browser, console: LiveConsole, witnesses: list[Witness]) -> Iterator[OpenPage]:
    """`open_page(state, **options)`: a page in a browser of its own, with these cookies and options. What
    it complains of fails the test. `state` has the newest cookies afterwards: whoever proves to be that
    person is given a new session for the old one."""
    contexts: list[tuple[BrowserContext, StorageState | None]] = []

    def open_one(state: StorageState | None = None, **options: Any) -> Page:
        given = {"base_url": console.address, "viewport": WIDE, "reduced_motion": "reduce", **options}
        context = browser.new_context(storage_state=state, **given)
        contexts.append((context, state))
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        witnesses.append(Witness(page))
        return page

    yield open_one
    for context, state in contexts:
        if state is not None:
            newest = {cookie["name"]: cookie for cookie in context.storage_state()["cookies"]}
            state["cookies"] = [newest.get(cookie["name"], cookie) for cookie in state["cookies"]]
        context.close()


@pytest.fixture
def witnesses() -> Iterator[list[Witness]]:
    """The witness of each page of the test, in the order they were opened."""
    heard: list[Witness] = []
    yield heard
    for witness in heard:
        witness.check()


@pytest.fixture
def page(open_page: OpenPage, admin: StorageState) -> Page:
    """A page of the signed-in admin, 1440 wide."""
    return open_page(admin)


@pytest.fixture
def visitor(open_page: OpenPage, admin: StorageState) -> Page:
    """A page of somebody who has not signed in; the admin exists."""
    return open_page()
