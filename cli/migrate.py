"""`migrate.py`: the commands for migrations."""

from __future__ import annotations

import click

from cli.migration_applying import apply as migration
from cli.options import common_options, examples
from cli.runtime import CONTEXT_SETTINGS, Invocation, OrderedGroup, pass_invocation


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
@common_options
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show the current revision, the newest one and what is pending."""
    from cli.console import say
    from features.migration_state import read_state

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


def _title(name: str, revision: str) -> str:
    return name.removeprefix(f"{revision}_")  # the revision stands in a column of its own
