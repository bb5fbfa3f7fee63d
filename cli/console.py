"""What commands show and ask: a progress bar or lines, tables, and the confirmation of what destroys."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from core.clock import utc_now
from core.errors import NotConfirmed
from core.progress import Advanced, Event, Finished, Noted, PhaseStarted, Sink, Started
from core.text import plural, size, visible

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from rich.progress import Progress, ProgressColumn, Task

    from core.settings import Settings

_ROW = "row"
_BYTE = "byte"  # the unit that is shown as sizes are


def say(text: str = "") -> None:
    """Write one line to standard output, whatever it holds made visible."""
    click.echo(visible(text))


def show_table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> None:
    """Write a table of aligned columns; those whose index is in `numbers` to the right."""
    lines = [[visible(cell) for cell in row] for row in [headers, *rows]]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headers))]
    for position, line in enumerate(lines):
        cells = (
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        text = "  ".join(cells).rstrip()
        click.echo(click.style(text, dim=True) if position == 0 else text)


def say_json(facts: DataclassInstance) -> None:
    """Write a dataclass to standard output as JSON, its times in ISO 8601."""
    click.echo(json.dumps(asdict(facts), default=_plain, indent=2))


def confirm_destruction(
    settings: Settings,
    database: str,
    *,
    what: str,
    confirmed: bool,
    confirm_name: str | None,
    flag: str = "--confirm",
    guarded: bool = False,
) -> None:
    """Let a destructive step pass only when it was meant: by `flag`, or by an answer at a terminal; in
    production, or where the database itself is `guarded`, also by its name. Raises NotConfirmed."""
    if confirm_name not in (None, database):
        raise NotConfirmed(
            f"--confirm-name says {confirm_name}, but the database is {database}.",
            hint="Nothing was changed.",
        )
    guarded = guarded or settings.flask_env.guarded
    wants_name = guarded and confirm_name is None
    if confirmed and not wants_name:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        flags = [flag] * (not confirmed) + ["--confirm-name NAME"] * wants_name
        where = " in production" if guarded else ""
        raise NotConfirmed(
            f"{what} was not confirmed.", hint=f"Nothing was changed. Add {' and '.join(flags)}{where}."
        )
    if not (_types_name(what, database) if wants_name else click.confirm(f"{what}. Go on?", err=True)):
        raise NotConfirmed(f"{what} was not confirmed.", hint="Nothing was changed.")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _types_name(what: str, database: str) -> bool:
    question = f"{what}. Type the name of the database to go on"
    return str(click.prompt(question, default="", show_default=False, err=True)) == database


@contextmanager
def progress_sink() -> Iterator[Sink]:
    """A sink for one operation: a bar on a terminal, timestamped lines on standard error elsewhere."""
    if not sys.stderr.isatty():
        yield _write_line
        return
    with _progress() as progress:
        yield Bar(progress)


class Bar:
    """Shows an operation as a line that is gone when it ends, with a bar where the length of the phase is
    known; its notes stay."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._progress.update(self._task, description=visible(event.title))
        elif isinstance(event, PhaseStarted):
            self._progress.columns = _columns(measured=event.total is not None, unit=event.unit)
            self._progress.reset(self._task, description=visible(event.name), total=event.total)
        elif isinstance(event, Advanced):
            self._progress.update(self._task, completed=event.done)
        elif isinstance(event, Noted):
            self._progress.console.print(visible(event.message), markup=False, highlight=False)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*_columns(measured=False), console=Console(stderr=True), transient=True)


def _columns(*, measured: bool, unit: str = "") -> tuple[ProgressColumn, ...]:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    always = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
    if not measured:
        return always
    count = DownloadColumn() if unit == _BYTE else MofNCompleteColumn()
    rate = (_rate_column(), TimeRemainingColumn()) if unit == _ROW else ()
    return (*always, BarColumn(), count, TimeElapsedColumn(), *rate)


def _rate_column() -> ProgressColumn:
    """How many rows a second."""
    from rich.progress import ProgressColumn as Column
    from rich.text import Text

    class Rate(Column):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")

    return Rate()


def _write_line(event: Event) -> None:
    line = _describe(event)
    if line:
        click.echo(f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {visible(line)}", err=True)


def _describe(event: Event) -> str:
    match event:
        case Started(operation_id, _, title, _):
            return f"{title} ({operation_id})"
        case PhaseStarted(name, total, unit):
            count = size(total or 0) if unit == _BYTE else plural(total or 0, unit)
            return f"{name}, {count}" if total and unit else name
        case Noted(message):
            return message
        case Finished(state):
            return state.capitalize()
    return ""  # single steps would flood a log
