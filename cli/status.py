"""`manage_db.py status`: connection, version, revision, tables with rows and sizes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

from cli.options import common_options
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from core.settings import Settings
    from features.status import DatabaseStatus

_log = logging.getLogger(__name__)


@click.command()
@common_options
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show server, revision, tables, rows and sizes.

    Exit code 1 when the database cannot be reached.
    """
    from features.status import read_status

    settings = invocation.settings
    _log.debug("connecting to %s, for %s s at most", settings.database, settings.db_connect_timeout)
    state = read_status(settings.database, settings.db_connect_timeout)
    _log.debug("%s answered in %.1f ms", state.version, state.seconds * 1000)
    _log.debug("revision %s, %d pending", ", ".join(state.revisions) or "none", len(state.pending))
    _show(settings, state)


def _show(settings: Settings, state: DatabaseStatus) -> None:
    from cli.console import say, show_table
    from core.text import duration, size

    say(f"Database     {settings.database} ({settings.flask_env})")
    say(f"Server       {state.version}, reached in {duration(state.seconds)}")
    say(f"Revision     {_standing(state)}")
    say(f"Size         {size(state.size)}")
    say()
    if not state.tables:
        say("There are no tables.")
        return
    rows = [
        (table.name, f"{'' if table.exact else 'about '}{table.rows:,}", _bytes(table.size))
        for table in state.tables
    ]
    show_table(("Table", "Rows", "Size"), rows, numbers=(1, 2))


def _standing(state: DatabaseStatus) -> str:
    if not state.revisions:
        return "none: python manage_db.py init"
    pending = f"{len(state.pending)} pending: python migrate.py migrate" if state.pending else "newest"
    return f"{', '.join(state.revisions)} ({pending})"


def _bytes(count: int | None) -> str:
    from core.text import size

    return "not measured" if count is None else size(count)


commands = (status,)
