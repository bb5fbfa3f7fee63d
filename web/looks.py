"""The looks at the database that pages share: how it is, how much it holds, the sign-ins of the last days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from flask import Flask, current_app

from core.errors import ServerError
from features.activity import SignInDay, SignInHistory
from features.overview import Overview, read_overview
from features.row_counts import RowCount, read_row_counts
from web.auth import now
from web.settings import settings_of
from web.snapshots import Snapshot

_OVERVIEW = "basekeeper_overview"
_SIGN_INS = "basekeeper_sign_ins"
_COUNTS = "basekeeper_row_counts"


def init_looks(app: Flask) -> None:
    """Let the pages of `app` share what they look at."""
    history = SignInHistory()
    app.extensions[_OVERVIEW] = Snapshot(app, lambda: read_overview(settings_of(app)), keep=10, linger=20)
    app.extensions[_SIGN_INS] = Snapshot(
        app, lambda: history.read(now().astimezone(UTC).date()), keep=60, linger=600
    )
    app.extensions[_COUNTS] = Snapshot(app, lambda: read_row_counts(settings_of(app)), keep=30, linger=3600)


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
