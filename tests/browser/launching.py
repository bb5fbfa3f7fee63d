"""Starts the browser: quiet, with a profile of its own that is thrown away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.servers.chromium import Chromium

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched(found: Chromium) -> Iterator[Browser]:
    """The browser, until the context ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.path,
            args=_FLAGS,
            chromium_sandbox=os.geteuid() != 0,  # root has none
        )
        try:
            yield browser
        finally:
            browser.close()
