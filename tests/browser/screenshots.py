"""`python -m tests.browser.screenshots [NAME...]`: takes the pictures of docs/images, or those named, from a
console with a month behind it, each page in light, in dark and on a phone."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.launching import PHONE, WIDE, launched
from tests.browser.live_console import APP, ROOT, LiveConsole, live_console
from tests.browser.lively import active_people, adding_sample_data, remember, work
from tests.browser.people import PASSWORD, become_first_admin, sign_in
from tests.servers import chromium, running

_FOLDER = ROOT / "docs/images"
_LARGEST = 200_000  # bytes
# What is lower is cut off.
_TALLEST = {"dashboard": 1400, "backup": 1300, "backups": 1400, "users": 1000, "activity": 1000}
_PATIENCE = 60  # seconds
_WANTED = sys.argv[1:]
_LOOKS = (("light", "light", WIDE), ("dark", "dark", WIDE), ("phone", "light", PHONE))
_DRAWN = "[...document.querySelectorAll('[data-plot]')].every(plot => plot.querySelector('canvas'))"
_HEIGHT = "document.documentElement.scrollHeight"
_PAGES = {
    "dashboard": "/",
    "operations": "/operations",
    "health": "/health",
    "migrations": "/migrations",
    "migration-plan": "/migrations/new?target=-1",
    "backups": "/backups",
    "seeding": "/seeding",
    "users": "/users",
    "online": "/online",
    "activity": "/activity",
    "databases": "/databases",
    "audit": "/audit",
    "styleguide": "/styleguide",
}


def main() -> None:
    """Take them all."""
    with (
        running("postgresql") as private,
        tempfile.TemporaryDirectory() as folder,
        live_console(
            APP,
            Path(folder),
            private.server.create_database("basekeeper"),
            BACKUP_TARGET_HOURS="24",
            CLIENT_TOOLS_PATH=private.server.tools,
        ) as console,
        launched(chromium.find()) as browser,
    ):
        remember(console)
        page = browser.new_context(base_url=console.address).new_page()
        become_first_admin(page, console)
        admin = page.context.storage_state()
        with adding_sample_data(console) as command:
            _open_operation(page, "Add sample data")
            _take(browser, console, "operation", page.url, admin)
        password = command.communicate()[0].split()[-1]
        _let_others_in(browser, console, password)
        work(console, private.server, page)
        _take(browser, console, "sign-in", "/sign-in", None)
        console.manage("seed", "all", "400")
        admin = _take_backups(browser, console, page)
        page.goto("/health?fresh=1")
        for name, path in _PAGES.items():
            _take(browser, console, name, path, admin)


def _open_operation(page: Page, title: str) -> None:
    """Go to the operation, once the command that another process runs has come to it."""
    link = page.get_by_role("main").get_by_role("link", name=title)
    for _ in range(_PATIENCE):
        page.goto("/operations")
        if link.count():
            break
        page.wait_for_timeout(1000)
    link.click()


def _take_backups(browser: Browser, console: LiveConsole, page: Page) -> StorageState:
    """Take one now, which the restore would go back to, and let the password be given for it."""
    said = console.manage("backup", "--verify", "equal")
    name = next(word for word in said.split() if re.fullmatch(r"basekeeper-\d{8}-\d{6}.?", word)).rstrip(".:")
    page.goto("/prove")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    admin = page.context.storage_state()
    _take(browser, console, "backup", f"/backups/{name}", admin)
    _take(browser, console, "restore", f"/backups/{name}/restore", admin)
    return admin


def _let_others_in(browser: Browser, console: LiveConsole, password: str) -> None:
    for username in active_people(console)[:3]:
        page = browser.new_context(base_url=console.address).new_page()
        page.goto("/sign-in")
        sign_in(page, password, username)
        expect(page).to_have_url(f"{console.address}/")


def _take(browser: Browser, console: LiveConsole, name: str, path: str, who: StorageState | None) -> None:
    if _WANTED and name not in _WANTED:
        return
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
            height = min(_TALLEST.get(name, 4000), page.evaluate(_HEIGHT))
            page.set_viewport_size({**WIDE, "height": max(WIDE["height"], height)})
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
