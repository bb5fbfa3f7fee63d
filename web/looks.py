"""The looks at the database that pages share: how it is, how much it holds, the sign-ins of the last days,
and whatever several people ask for at the same time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import UTC
from functools import partial
from typing import Any, TypeVar

from flask import Flask, current_app

from core.errors import ConnectionTimeout, ServerError
from core.naming import fold
from features.activity import SignInDay, SignInHistory
from features.migration_status import MigrationStatus, read_status
from features.overview import Overview, read_overview
from features.row_counts import RowCount, read_row_counts
from web.auth import now, session_token
from web.settings import settings_of
from web.shared import Shared
from web.snapshots import Snapshot

T = TypeVar("T")

_OVERVIEW = "basekeeper_overview"
_SIGN_INS = "basekeeper_sign_ins"
_COUNTS = "basekeeper_row_counts"
_MIGRATIONS = "basekeeper_migrations"
_TOGETHER = "basekeeper_together"
_AT_ONCE = 1.0  # seconds; pages that follow something ask about once in each


def init_looks(app: Flask) -> None:
    """Let the pages of `app` share what they look at."""
    history = SignInHistory()
    app.extensions[_OVERVIEW] = Snapshot(app, lambda: read_overview(settings_of(app)), keep=10, linger=20)
    app.extensions[_SIGN_INS] = Snapshot(
        app, lambda: history.read(now().astimezone(UTC).date()), keep=60, linger=600
    )
    app.extensions[_COUNTS] = Snapshot(app, lambda: read_row_counts(settings_of(app)), keep=30, linger=3600)
    app.extensions[_MIGRATIONS] = _MigrationLooks(app)
    app.extensions[_TOGETHER] = Shared()


class _MigrationLooks:
    """One look for each database that has migrations."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._looks: dict[str, Snapshot[MigrationStatus]] = {}

    def at(self, database: str) -> Snapshot[MigrationStatus] | None:
        """None for a database that has none."""
        settings, name = settings_of(self._app), fold(database)
        known = (settings.database.name, *(name for name, _ in settings.migration_directories))
        if name not in map(fold, known):
            return None
        new = Snapshot(self._app, partial(read_status, name), keep=0, linger=0)
        return self._looks.setdefault(name, new)


def read_together(key: Hashable, look: Callable[[], T], keep: float = _AT_ONCE) -> T:
    """What `look` gives. Who asks for the same `key` within `keep` seconds shares it, within twice as many
    while a new look is under way, and who asks again gets a new one. Raises what `look` raises."""
    together: Shared[Any] = current_app.extensions[_TOGETHER]
    found: T = together.read(key, session_token(), look, keep)
    return found


def read_shared_overview(*, fresh: bool = False) -> Overview | None:
    """How the database is, some seconds old at most; None while the first look has no answer yet. Raises
    ConnectionFailed and its kin, SchemaTooNew."""
    look: Snapshot[Overview] = current_app.extensions[_OVERVIEW]
    return look.read(fresh=fresh)


def read_shared_sign_ins() -> tuple[SignInDay, ...]:
    """The sign-ins of the last 30 UTC days, a minute old at most; () while they are still counted."""
    look: Snapshot[tuple[SignInDay, ...]] = current_app.extensions[_SIGN_INS]
    try:
        return look.read() or ()
    except ServerError:  # the count was given up; the next look goes on with it
        return ()


def read_row_count(table: str) -> RowCount | None:
    """How many rows a table of ours holds, half a minute old and more; None while that is not known."""
    look: Snapshot[Mapping[str, RowCount]] = current_app.extensions[_COUNTS]
    try:
        return (look.read() or {}).get(table)
    except ServerError:
        return None


def read_shared_migrations(database: str) -> MigrationStatus:
    """Where a database, the console's own for "", is among its migrations. One look at a time asks its
    server, however many wait for it, and nobody waits longer than a snapshot's patience. Raises NotFound,
    InvalidInput, SchemaTooNew, ConnectionFailed and its kin."""
    settings = settings_of(current_app)
    looks: _MigrationLooks = current_app.extensions[_MIGRATIONS]
    look = looks.at(database or settings.database.name)
    if look is None:
        return read_status(database)  # it has no migrations, and is refused before anything is asked
    seen = look.read(fresh=True)
    if seen is None:
        raise ConnectionTimeout(f"{database or settings.database.name} does not answer in time.")
    return seen
