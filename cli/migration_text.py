"""What a migration would do, written on a terminal: the findings, each revision with its statements, the
gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.console import say
from core.text import plural, size, visible

if TYPE_CHECKING:
    from features.migration_gate import Gate
    from features.migration_plans import MigrationPreview, PlannedRevision, PlannedStatement

_UNDO = {"yes": "can be undone", "no": "cannot be undone", "not the data": "can be undone, not its data"}
_COLOURS = {"dangerous": "red", "caution": "yellow", "safe": "green"}


def show_preview(preview: MigrationPreview) -> None:
    """Write all of it."""
    plan = preview.plan
    start = plan.current or "an empty schema"
    say(f"Migrate {preview.database} ({plan.server}) from {start} to {plan.target}. Plan {plan.short_hash}.")
    say(
        f"{plural(len(plan.revisions), 'revision')}, {plan.reversible} of them can be undone with all data;"
        f" at most {plural(plan.rows, 'row')} changed."
    )
    _show_findings(preview)
    for revision in plan.revisions:
        _show_revision(revision)
    _show_gate(preview.gate)
    if not plan.is_transactional:
        say("Each statement is committed by itself and recorded: a run that is cut off is gone on with.")


def what_goes(preview: MigrationPreview) -> str:
    """What is confirmed: "Undoing 1 migration of shop", "Migrating shop, with 2 dangerous changes"."""
    plan = preview.plan
    backup = "a backup is taken first" if preview.gate.takes_backup else "there is no backup"
    if plan.direction == "downgrade":
        what = f"Undoing {plural(len(plan.revisions), 'migration')} of {preview.database}"
    else:
        what = f"Applying {plural(len(plan.revisions), 'migration')} to {preview.database}"
    dangers = f", with {plural(len(plan.dangers), 'dangerous change')}" if plan.dangers else ""
    return f"{what}{dangers} ({backup})"


def _show_findings(preview: MigrationPreview) -> None:
    for one in preview.plan.findings:
        found = one.finding
        word = click.style(found.severity.capitalize(), fg=_COLOURS[found.severity], bold=True)
        say()
        click.echo(f"{word}  {visible(one.revision)}  {visible(found.title)}")
        say(f"  Why: {found.why}")
        if found.safe_way:
            say(f"  The safe way: {found.safe_way}")
        for line in found.safe_sql.splitlines():
            say(f"    {line}")


def _show_revision(revision: PlannedRevision) -> None:
    say()
    title = click.style(visible(revision.title), bold=True)
    click.echo(f"{visible(revision.id)}  {title}  ({revision.direction}, {_UNDO[revision.reversal]})")
    for statement in revision.statements:
        for line in _lines(statement.sql):
            say(f"    {line}")
        click.echo(click.style(f"    -- {visible(_facts(statement))}", dim=True))
    if not revision.is_known:
        say("    It decides as it runs what it does next: that is not known before.")


def _lines(sql: str) -> list[str]:
    lines = [line.expandtabs(4).rstrip() for line in f"{sql};".splitlines()]
    return [line for line in lines if line]


def _facts(statement: PlannedStatement) -> str:
    words = [f"{statement.kind} {statement.object}".strip()]
    if statement.rows is not None:
        words.append(f"{'' if statement.is_exact else 'about '}{plural(statement.rows, 'row')}")
    if statement.size:
        words.append(size(statement.size))
    if not statement.can_be_undone:
        words.append("cannot be undone")
    if statement.is_done:
        words.append("done by a run that was cut off")
    return ", ".join(words)


def _show_gate(gate: Gate) -> None:
    say()
    for check in gate.checks:
        say(f"{'OK' if check.is_open else 'Shut'}: {check.title}: {check.details}")
    if gate.takes_backup:
        say("A backup is taken first, and proven readable.")
    else:
        say("No backup is taken.")
