"""`manage_db.py backup`: a backup taken and proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.backup_verification import prove
from cli.options import common_options, examples, identity_option
from cli.runtime import Invocation, pass_invocation
from core.backup_levels import Level

if TYPE_CHECKING:
    from core.settings import Settings
    from features.backup_rows import BackupFacts

_LEVELS = [level.value for level in Level]


@click.command(
    epilog=examples(
        "python manage_db.py backup",
        "python manage_db.py backup shop --note 'before the sale'",
        "python manage_db.py backup shop --table orders --table 'order lines' --verify stored",
        "python manage_db.py backup shop --identity-file /media/safe/backups.key",
    )
)
@click.argument("database", default="")
@click.option("--note", default="", metavar="TEXT", help="What it is for, in your words.")
@click.option("--table", "tables", multiple=True, metavar="T", help="Only this table; may be repeated.")
@click.option("--schema", "schemas", multiple=True, metavar="S", help="Only this schema; may be repeated.")
@click.option("--no-contents", is_flag=True, help="Count the rows and hash nothing: never equal.")
@click.option("--verify", "level", type=click.Choice(_LEVELS), help="How far to prove it; BACKUP_VERIFY.")
@identity_option
@common_options
@pass_invocation
def backup(
    invocation: Invocation,
    /,
    database: str,
    note: str,
    tables: tuple[str, ...],
    schemas: tuple[str, ...],
    no_contents: bool,
    level: str | None,
) -> None:
    """Back up DATABASE, or the console's own, and prove it.

    One consistent snapshot, compressed, hashed, encrypted where BACKUP_ENCRYPTION_KEY is set. Then it is
    restored into a database made for this alone and compared, as far as --verify or BACKUP_VERIFY says. Exit
    code 1 when it fails or is not proven.
    """
    from cli.backup_text import stored
    from cli.console import say
    from features.backups import create_backup
    from features.databases import find_database

    with invocation.context():
        name = database or invocation.settings.database.name
        find_database(name)  # before anything is recorded
        made = invocation.run(
            create_backup,
            name,
            made_by=invocation.actor.name,
            note=note,
            tables=list(tables),
            schemas=list(schemas),
            contents=not no_contents,
        )
        say(stored(made))
        prove(invocation, made, Level(level) if level else _reachable(made, invocation.settings))


def _reachable(backup: BackupFacts, settings: Settings) -> Level:
    """How far it is proven unless the command says otherwise."""
    wanted = settings.backup_verify
    level = backup.provable(wanted, has_identity=bool(settings.backup_identity))
    if level is not wanted:
        is_counted = level is Level.RESTORED
        why = "its rows were counted alone" if is_counted else "it is encrypted. --identity-file FILE"
        click.echo(f"Proves {backup.name} no further than {level}: {why}", err=True)
    return level


commands = (backup,)
