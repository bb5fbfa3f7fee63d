"""`python -m tests.browser.screenshots`: takes the pictures of docs/images from a console with a month behind
it, each page in light, in dark and on a phone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.launching import PHONE, WIDE, launched
from tests.browser.live_console import APP, ROOT, LiveConsole, live_console
from tests.browser.lively import adding_sample_data, remember, work
from tests.browser.people import become_first_admin, sign_in
from tests.servers import chromium, running

_FOLDER = ROOT / "docs/images"
_LARGEST = 200_000  # bytes
_LOOKS = (("light", "light", WIDE), ("dark", "dark", WIDE), ("phone", "light", PHONE))
_DRAWN = "[...document.querySelectorAll('[data-plot]')].every(plot => plot.querySelector('canvas'))"
_HEIGHT = "document.documentElement.scrollHeight"
_PAGES = {
    "dashboard": "/",
    "operations": "/operations",
    "health": "/health",
    "databases": "/databases",
    "audit": "/audit",
    "styleguide": "/styleguide",
}


def main() -> None:
    """Take them all."""
    with (
        running("postgresql") as private,
        tempfile.TemporaryDirectory() as folder,
        live_console(APP, Path(folder), private.server.create_database("basekeeper")) as console,
        launched(chromium.find()) as browser,
    ):
        remember(console)
        page = browser.new_context(base_url=console.address).new_page()
        become_first_admin(page, console)
        admin = page.context.storage_state()
        with adding_sample_data(console) as command:
            page.goto("/operations")
            page.get_by_role("link", name="Add sample data").click()
            _take(browser, console, "operation", page.url, admin)
        password = command.communicate()[0].split()[-1]
        _let_others_in(browser, console, password)
        work(console, private.server, page)
        _take(browser, console, "sign-in", "/sign-in", None)
        page.goto("/health?fresh=1")
        for name, path in _PAGES.items():
            _take(browser, console, name, path, admin)


def _let_others_in(browser: Browser, console: LiveConsole, password: str) -> None:
    for username in ("mvogt", "lchen", "arahman"):
        page = browser.new_context(base_url=console.address).new_page()
        page.goto("/sign-in")
        sign_in(page, password, username)
        expect(page).to_have_url(f"{console.address}/")


def _take(browser: Browser, console: LiveConsole, name: str, path: str, who: StorageState | None) -> None:
    for look, scheme, size in _LOOKS:
        context = browser.new_context(
            base_url=console.address,
            storage_state=who,
            viewport=size,
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(path)
        if size == WIDE and name != "styleguide":
            page.set_viewport_size({**WIDE, "height": max(WIDE["height"], page.evaluate(_HEIGHT))})
        _save(page, _FOLDER / f"{name}-{look}.png")
        context.close()


def _save(page: Page, file: Path) -> None:
    page.evaluate("document.fonts.ready")
    page.wait_for_function(_DRAWN)
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}  {size // 1000} kB")
    if size > _LARGEST:
        raise SystemExit(f"{file.name} is larger than {_LARGEST // 1000} kB.")


if __name__ == "__main__":
    main()
