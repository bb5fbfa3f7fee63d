"""`migrate.py`: the commands for migrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.migration_applying import apply as migration
from cli.migration_generating import generate
from cli.options import common_options, examples, refuse_directory_alone
from cli.runtime import CONTEXT_SETTINGS, Invocation, OrderedGroup, pass_invocation

F = TypeVar("F", bound=Callable[..., Any])


def database_options(command: F) -> F:
    """Give a command --database and --directory."""
    command = click.option(
        "--directory", default="", metavar="FOLDER", help="Its Alembic folder; MIGRATION_DIRECTORIES."
    )(command)
    return click.option(
        "--database", default="", metavar="NAME", help="A registered database; the console's own."
    )(command)


@click.group(
    cls=OrderedGroup,
    context_settings=CONTEXT_SETTINGS,
    epilog=examples(
        "python migrate.py status",
        "python migrate.py migrate --dry-run",
        "python migrate.py migrate",
        "python migrate.py --env-file .env.staging migrate",
    ),
)
@common_options
def migrate() -> None:
    """Bring the schema to a revision, and see what was applied.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


@migrate.command(
    "init", epilog=examples("python migrate.py init", "python migrate.py init --env-file .env.staging")
)
@common_options
@pass_invocation
def init(invocation: Invocation) -> None:
    """Apply the first migration, or stamp a schema.

    A schema that matches the models but has no revision is stamped with the newest one.
    """
    from cli.console import say
    from features.migrations import start_history

    say(
        invocation.run(
            start_history, invocation.settings.migration_database, applied_by=invocation.actor.name
        )
    )


migrate.add_command(migration)


@migrate.command()
@database_options
@common_options
@pass_invocation
def status(invocation: Invocation, database: str, directory: str) -> None:
    """Show the current revision, what is pending, and drift."""
    from cli.console import say
    from features.migration_status import read_status

    refuse_directory_alone(database, directory)
    found = invocation.in_context(read_status, database, directory)
    state = found.state
    say(f"Current  {', '.join(state.current) or 'none'}")
    say(f"Newest   {state.head}")
    say(f"Pending  {len(state.pending)}")
    for revision in state.pending:
        say(f"  {revision.id}  {_title(revision.name, revision.id)}")
    say(f"Drift    {len(found.drift) or 'none'}")
    for difference in found.drift:
        say(f"  {difference}")


@migrate.command()
@database_options
@common_options
@pass_invocation
def history(invocation: Invocation, database: str, directory: str) -> None:
    """Show what was applied, when, by whom and how long it took."""
    refuse_directory_alone(database, directory)
    with invocation.context():
        if database:
            _show_runs(database)
        else:
            _show_history()


migrate.add_command(generate)


@migrate.command()
@common_options
@pass_invocation
def check(invocation: Invocation) -> None:
    """Check the connection only."""
    from cli.console import say
    from core.text import duration
    from features.status import read_status

    database = invocation.settings.migration_database
    state = read_status(database, invocation.settings.db_connect_timeout)
    say(f"{database.name} answers: {state.version}, reached in {duration(state.seconds)}.")


def _show_history() -> None:
    from cli.console import say, show_table
    from core.text import duration
    from features.migrations import read_history

    entries = read_history()
    if not entries:
        say("No migration was applied yet.")
        return
    show_table(
        ("Applied", "Revision", "Migration", "By", "Took"),
        [
            (
                f"{entry.applied_at:%Y-%m-%d %H:%M:%S} UTC",
                entry.revision,
                _title(entry.name, entry.revision),
                entry.applied_by,
                duration(entry.duration),
            )
            for entry in entries
        ],
        numbers=(4,),
    )


def _show_runs(database: str) -> None:
    """Of another database the console knows its own runs."""
    from cli.console import say, show_table
    from core.text import duration
    from features.migration_runs import list_runs

    runs = list_runs(database)
    if not runs:
        say(f"No migration was run on {database} yet.")
        return
    show_table(
        ("Started", "From", "To", "State", "By", "Plan", "Took"),
        [
            (
                f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC",
                run.from_revision or "base",
                run.to_revision,
                run.state,
                run.applied_by,
                run.plan_hash[:8],
                duration(run.seconds),
            )
            for run in runs
        ],
        numbers=(6,),
    )


def _title(name: str, revision: str) -> str:
    return name.removeprefix(f"{revision}_")  # the revision stands in a column of its own
