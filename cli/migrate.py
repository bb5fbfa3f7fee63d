"""`migrate.py`: the commands for migrations."""

from __future__ import annotations

import click

from cli.options import common_options, confirm_name_option, examples
from cli.runtime import CONTEXT_SETTINGS, Invocation, OrderedGroup, pass_invocation


@click.group(
    cls=OrderedGroup,
    context_settings=CONTEXT_SETTINGS,
    epilog=examples(
        "python migrate.py status",
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


@migrate.command(
    "migrate",
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        "python migrate.py migrate", "python migrate.py migrate +1", "python migrate.py migrate -1 --force"
    ),
)
@click.argument("target", default="head")
@click.option("--force", is_flag=True, help="Do not ask before a downgrade.")
@confirm_name_option
@common_options
@pass_invocation
def apply(invocation: Invocation, target: str, force: bool, confirm_name: str | None) -> None:
    """Apply what is pending, or go to TARGET.

    TARGET is head (what it is when left out), base, +N, -N or a revision.
    Going down undoes migrations and loses what they hold, so it asks first.
    """
    from cli.console import say, show_table
    from core.text import duration
    from features.migrations import apply_migrations

    _confirm(invocation, target, force, confirm_name)
    database = invocation.settings.migration_database
    steps = invocation.run(apply_migrations, database, target, applied_by=invocation.actor.name)
    if not steps:
        say("Nothing is pending.")
        return
    show_table(
        ("Revision", "Migration", "Direction", "Took"),
        [(step.id, _title(step.name, step.id), step.direction, duration(step.seconds)) for step in steps],
        numbers=(3,),
    )


@migrate.command()
@common_options
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show the current revision, the newest one and what is pending."""
    from cli.console import say
    from features.migrations import read_state

    state = read_state(invocation.settings.migration_database)
    say(f"Current  {', '.join(state.current) or 'none'}")
    say(f"Newest   {state.head}")
    say(f"Pending  {len(state.pending)}")
    for revision in state.pending:
        say(f"  {revision.id}  {_title(revision.name, revision.id)}")


@migrate.command()
@common_options
@pass_invocation
def history(invocation: Invocation) -> None:
    """Show what was applied, when, by whom and how long it took."""
    from cli.console import say, show_table
    from core.text import duration
    from features.migrations import read_history

    entries = invocation.in_context(read_history)
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


def _confirm(invocation: Invocation, target: str, force: bool, confirm_name: str | None) -> None:
    """Say what undoing loses, counted now, before anyone agrees to it."""
    from cli.console import confirm_destruction
    from cli.losses import with_tables_and_rows
    from core.text import plural
    from features.migrations import count_undone

    database = invocation.settings.migration_database
    undone = count_undone(database, target)
    if undone:
        confirm_destruction(
            invocation.settings,
            database.name,
            what=f"Undoing {plural(undone, 'migration')} of {with_tables_and_rows(database)}; "
            "there is no backup",
            confirmed=force,
            confirm_name=confirm_name,
            flag="--force",
        )


def _title(name: str, revision: str) -> str:
    return name.removeprefix(f"{revision}_")  # the revision stands in a column of its own
