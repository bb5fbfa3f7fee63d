"""What commands show and ask: a progress bar or lines, tables, and the confirmation of what destroys."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.clock import utc_now
from core.errors import NotConfirmed
from core.progress import Advanced, Event, Finished, Noted, PhaseStarted, Sink, Started
from core.text import plural, visible

if TYPE_CHECKING:
    from rich.progress import Progress

    from core.settings import Settings


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


def confirm_destruction(
    settings: Settings,
    database: str,
    *,
    what: str,
    confirmed: bool,
    confirm_name: str | None,
    flag: str = "--confirm",
) -> None:
    """Let a destructive step pass only when it was meant: by `flag`, or by an answer at a terminal; in
    production also by the database's name. Raises NotConfirmed."""
    if settings.flask_env.guarded and confirm_name is None:
        raise NotConfirmed(
            f"{what} on a production database wants its name typed.",
            hint="Nothing was changed. Add --confirm-name NAME; `status` shows the name.",
        )
    if confirm_name not in (None, database):
        raise NotConfirmed(
            f"--confirm-name says {confirm_name}, but the database is {database}.",
            hint="Nothing was changed.",
        )
    if confirmed:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NotConfirmed(f"{what} was not confirmed.", hint=f"Nothing was changed. Add {flag}.")
    if not click.confirm(f"{what}. Go on?", err=True):
        raise NotConfirmed(f"{what} was not confirmed.", hint="Nothing was changed.")


@contextmanager
def progress_sink() -> Iterator[Sink]:
    """A sink for one operation: a bar on a terminal, timestamped lines on standard error elsewhere."""
    if not sys.stderr.isatty():
        yield _write_line
        return
    with _progress() as progress:
        yield Bar(progress)


class Bar:
    """Shows an operation as a progress bar that is gone when it ends; its notes stay."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, event: Event) -> None:
        if isinstance(event, PhaseStarted):
            self._progress.reset(self._task, description=visible(event.name), total=event.total)
        elif isinstance(event, Advanced):
            self._progress.update(self._task, completed=event.done)
        elif isinstance(event, Noted):
            self._progress.console.print(visible(event.message), markup=False, highlight=False)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _write_line(event: Event) -> None:
    line = _describe(event)
    if line:
        click.echo(f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {visible(line)}", err=True)


def _describe(event: Event) -> str:
    match event:
        case Started(operation_id, _, title, _):
            return f"{title} ({operation_id})"
        case PhaseStarted(name, total, unit):
            return f"{name}, {plural(total, unit)}" if total and unit else name
        case Noted(message):
            return message
        case Finished(state):
            return state.capitalize()
    return ""  # single steps would flood a log
