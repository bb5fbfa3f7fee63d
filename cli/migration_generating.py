"""`migrate.py generate`: a new migration out of the models."""

from __future__ import annotations

import sys

import click

from cli.options import common_options, examples
from cli.runtime import Invocation, pass_invocation


@click.command(
    "generate",
    epilog=examples(
        'python migrate.py generate "Add the nickname of users"',
        'python migrate.py generate "Rename it" --rename user.nick=user.nickname',
    ),
)
@click.argument("message", metavar="MSG")
@click.option(
    "--rename", "renames", multiple=True, metavar="OLD=NEW", help="A column that was renamed: T.OLD=T.NEW."
)
@click.option("--force", is_flag=True, help="Do not ask: whatever is not named by --rename was not renamed.")
@common_options
@pass_invocation
def generate(invocation: Invocation, message: str, renames: tuple[str, ...], force: bool) -> None:
    """Write a migration out of the models.

    It holds what the models say and the database does not have yet, and is refused when the database is not
    at the newest revision. Where something goes and something like it comes, you are asked whether it was
    renamed: to drop and add it would lose what it holds. Read the file before you apply it.
    """
    from cli.console import say
    from features.migration_generation import check_generation, generate_migration

    asked = {_pair(rename): True for rename in renames}

    def is_rename(old: str, new: str) -> bool:
        return asked[old, new] if (old, new) in asked else False if force else _ask(old, new)

    with invocation.context():
        check_generation(message)  # before anything is recorded
        name = invocation.run(generate_migration, message, is_rename)
    say(f"Wrote migrations/versions/{name}." if name else "The models and the database are the same.")


def _pair(rename: str) -> tuple[str, str]:
    old, found, new = rename.partition("=")
    if not (old and found and new):
        raise click.UsageError(f"--rename takes OLD=NEW, not {rename}.")
    return old, new


def _ask(old: str, new: str) -> bool:
    from core.errors import NotConfirmed

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NotConfirmed(
            f"{old} goes and {new} comes: was it renamed?",
            hint=f"Nothing was written. Add --rename {old}={new}, or --force to drop and add.",
        )
    return click.confirm(f"{old} goes and {new} comes. Was it renamed?", err=True)
