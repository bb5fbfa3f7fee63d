"""The version of the server in the top bar of every page. It changes with the server's updates only, so one
answer serves all pages for a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Flask, current_app

from core.clock import monotonic
from core.errors import ServerError
from core.settings import Settings
from features.server_version import read_server_version

KEEP = 600.0  # seconds
_NAME = "basekeeper_server_version"


class RememberedVersion:
    """Remembers what `ask` said for KEEP seconds. A server that gives no answer has no version, and is asked
    again with the next page."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._words = ""
        self._good_until = 0.0

    def words(self) -> str:
        """The version in words, "" while it is not known."""
        if monotonic() >= self._good_until:
            self._renew()
        return self._words

    def _renew(self) -> None:
        try:
            self._words = self._ask()
        except ServerError:
            self._words = ""
            return
        self._good_until = monotonic() + KEEP


def init_server_version(app: Flask, settings: Settings) -> None:
    """Let the pages of `app` know the version. Nothing is asked yet."""
    app.extensions[_NAME] = RememberedVersion(partial(read_server_version, settings.database))


def server_version() -> str:
    """That of the running application's database."""
    remembered: RememberedVersion = current_app.extensions[_NAME]
    return remembered.words()
