"""`manage_db.py`: the commands for the schema, its data, backups and the console's own accounts."""

from __future__ import annotations

import click

from cli import (
    audit,
    backup_list,
    backup_verification,
    backups,
    databases,
    dsn,
    locks,
    recovery_sheets,
    restores,
    retention,
    sample_data,
    seeding,
    setup,
    status,
    tokens,
    users,
    worker,
)
from cli.options import common_options, examples
from cli.runtime import CONTEXT_SETTINGS, OrderedGroup


@click.group(
    cls=OrderedGroup,
    context_settings=CONTEXT_SETTINGS,
    epilog=examples(
        "python manage_db.py init --sample-data",
        "python manage_db.py --env-file .env.staging status",
        "DATABASE_URL=sqlite:///shop.db python manage_db.py verify",
    ),
)
@common_options
def manage() -> None:
    """Create, check, fill, back up, restore and tear down databases.

    Which database: DATABASE_URL, DATABASE_* or DB_* of the environment, of .env, or of --env-file FILE.
    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


for command in (
    *setup.commands,
    *status.commands,
    *sample_data.commands,
    *seeding.commands,
    *backups.commands,
    *backup_list.commands,
    *backup_verification.commands,
    *restores.commands,
    *recovery_sheets.commands,
    *retention.commands,
    *users.commands,
    *tokens.commands,
    *databases.commands,
    *dsn.commands,
    *audit.commands,
    *locks.commands,
    *worker.commands,
):
    manage.add_command(command)
