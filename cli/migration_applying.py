"""`migrate.py migrate`: the plan shown, confirmed and applied."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cli.options import SignedArguments, common_options, confirm_name_option, examples, refuse_directory_alone
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from features.migration_performing import MigrationReport
    from features.migration_plans import MigrationPreview

_NOTHING = "Nothing is pending."


@click.command(
    "migrate",
    cls=SignedArguments,
    epilog=examples(
        "python migrate.py migrate --dry-run",
        "python migrate.py migrate",
        "python migrate.py migrate -1 --force",
        "python migrate.py migrate --database shop --directory /srv/shop/migrations",
    ),
)
@click.argument("target", default="head")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@click.option("--force", is_flag=True, help="Do not ask.")
@click.option("--skip-backup", is_flag=True, help="Do not back up what is there now before.")
@click.option("--strict", is_flag=True, help="Stop where something dangerous is found.")
@click.option("--database", default="", metavar="NAME", help="A registered database; the console's own.")
@click.option("--directory", default="", metavar="FOLDER", help="Its Alembic folder; MIGRATION_DIRECTORIES.")
@confirm_name_option
@common_options
@pass_invocation
def apply(
    invocation: Invocation,
    /,
    target: str,
    dry_run: bool,
    force: bool,
    confirm_name: str | None,
    **wanted: Any,
) -> None:
    """Apply what is pending, or go to TARGET.

    TARGET is head (what it is when left out), base, +N, -N or a revision. The plan is shown: each statement,
    what is dangerous in it, how many rows it meets, whether it can be undone. What is there is backed up
    first. Where data may go, you are asked for the database's name; --force skips the question only.
    """
    from cli.console import say
    from features.verification import refuse_faults

    refuse_directory_alone(wanted["database"], wanted["directory"])
    if _is_at_head(invocation, target, wanted["database"]):
        refuse_faults(invocation.settings.migration_database)
        say(_NOTHING)
        return
    with invocation.context():
        preview = _plan(invocation, target, **wanted)
        if not preview.plan.revisions:
            say(_NOTHING)
        elif not dry_run:
            _confirm(invocation, preview, force, confirm_name)
            _show(_apply(invocation, preview, wanted))


def _is_at_head(invocation: Invocation, target: str, database: str) -> bool:
    """The usual case of the console's own database, found out at once."""
    from core.errors import DatabaseMissing
    from features.migration_state import read_state

    if database or target != "head":
        return False
    try:
        state = read_state(invocation.settings.migration_database)
    except DatabaseMissing:
        return False
    return bool(state.current) and not state.pending


def _plan(
    invocation: Invocation, target: str, database: str, directory: str, skip_backup: bool, strict: bool
) -> MigrationPreview:
    from cli.migration_text import show_preview
    from core.errors import MigrationError
    from core.text import plural
    from features.migration_plans import plan_migration

    preview = plan_migration(target, database, directory=directory, skip_backup=skip_backup)
    if preview.plan.revisions:
        show_preview(preview)
    if strict and preview.plan.dangers:
        raise MigrationError(
            f"The plan holds {plural(len(preview.plan.dangers), 'dangerous change')}.",
            hint="Nothing was changed. Write it the safe way, or leave --strict out.",
        )
    return preview


def _confirm(
    invocation: Invocation, preview: MigrationPreview, force: bool, confirm_name: str | None
) -> None:
    """Ask on a terminal; where data may go, for the database's name. Without a terminal nobody can be asked,
    and only what loses nothing goes on."""
    from cli.console import confirm_destruction
    from cli.migration_text import what_goes
    from core.errors import NotConfirmed

    is_at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    what = what_goes(preview)
    if preview.plan.is_destructive:
        confirm_destruction(
            invocation.settings,
            preview.database,
            what=what,
            confirmed=force,
            confirm_name=confirm_name,
            flag="--force",
            guarded=preview.is_guarded or (is_at_terminal and not force),
        )
    elif is_at_terminal and not force and not click.confirm(f"{what}. Go on?", default=True, err=True):
        raise NotConfirmed(f"{what} was not confirmed.", hint="Nothing was changed.")


def _apply(invocation: Invocation, preview: MigrationPreview, wanted: dict[str, Any]) -> MigrationReport:
    from features.migrations import apply_migrations

    return invocation.run(
        apply_migrations,
        preview.database,
        preview.plan.target,
        applied_by=invocation.actor.name,
        plan_hash=preview.plan.hash,
        skip_backup=wanted["skip_backup"],
        directory=wanted["directory"],
    )


def _show(report: MigrationReport) -> None:
    from cli.console import say, show_table
    from core.text import duration

    if report.steps:
        show_table(
            ("Revision", "Migration", "Direction", "Took"),
            [
                (step.id, step.name.removeprefix(f"{step.id}_"), step.direction, duration(step.seconds))
                for step in report.steps
            ],
            numbers=(3,),
        )
    say(f"{report.database} is at {report.revision}." if report.steps else _NOTHING)
    if report.backup:
        say(f"The backup before it: {report.backup}")


commands = (apply,)
