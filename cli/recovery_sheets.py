"""`manage_db.py recovery-sheet`: how a backup is brought back without Basekeeper."""

from __future__ import annotations

import click

from cli.options import common_options, examples
from cli.runtime import Invocation, pass_invocation


@click.command(
    "recovery-sheet",
    epilog=examples("python manage_db.py recovery-sheet shop-20261119-020000 > shop.recovery.md"),
)
@click.argument("backup")
@common_options
@pass_invocation
def recovery_sheet(invocation: Invocation, backup: str) -> None:
    """Write how BACKUP is restored without Basekeeper.

    The commands of age, zstd and the server's own programs, with its hash and its rows per table. Keep it
    where neither this machine nor the backups are.
    """
    from cli.console import say
    from features.recovery_sheets import read_recovery_sheet

    for line in invocation.in_context(read_recovery_sheet, backup).text.splitlines():
        say(line)


commands = (recovery_sheet,)
