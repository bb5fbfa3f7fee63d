"""`manage_db.py verify-backup`: backups held against their manifests again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import common_options, examples, identity_option
from cli.runtime import Invocation, pass_invocation
from core.backup_levels import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.errors import TargetBusy
    from features.backup_rows import BackupFacts

_PROVABLE = [level.value for level in Level if level is not Level.STORED]
_PAUSE = 0.5  # seconds between two looks at somebody else's work, and
_PATIENCE = 60.0  # until somebody begins it


@click.command(
    "verify-backup",
    epilog=examples(
        "python manage_db.py verify-backup shop-20261119-020000",
        "python manage_db.py verify-backup shop-20261119-020000 --level healthy",
        "python manage_db.py verify-backup --all-due --identity-file /media/safe/backups.key",
    ),
)
@click.argument("backups", nargs=-1, metavar="[BACKUP]...")
@click.option("--level", type=click.Choice(_PROVABLE), help="How far; BACKUP_VERIFY, or equal.")
@click.option("--all-due", is_flag=True, help="All that were not proven that far yet, and can be.")
@identity_option
@common_options
@pass_invocation
def verify_backup(
    invocation: Invocation, /, backups: tuple[str, ...], level: str | None, all_due: bool
) -> None:
    """Prove each BACKUP, level by level.

    Each level comes with those before it. intact: its bytes have the hash they had. readable: it decodes
    whole. restored: it was loaded into a database made for this alone. equal: the copy has the rows,
    contents, indexes, constraints, owners and grants of the manifest. healthy: the server's own checks and
    yours find no fault. Exit code 1 when one is not proven that far, or was found damaged before.
    """
    if bool(backups) == all_due:
        raise click.UsageError("Name a BACKUP, or --all-due.")
    with invocation.context():
        usual = invocation.settings.backup_verify
        wanted = Level(level or (usual if usual in _PROVABLE else Level.EQUAL))
        if all_due:
            _prove_due(invocation, wanted)
        elif len(backups) == 1:
            prove(invocation, _find(backups[0]), wanted)
        else:
            _prove_all(invocation, [(one, wanted) for one in map(_find, backups)])


def prove(invocation: Invocation, backup: BackupFacts, level: Level) -> None:
    """Hold a backup against every level up to `level`, as an operation of its own, and say what was seen.
    Raises what `verify_backup` raises."""
    from cli.backup_text import proven
    from cli.console import say
    from core.clock import monotonic
    from core.errors import TargetBusy
    from features.backup_verification import verify_backup

    if level is Level.STORED:
        return
    began = monotonic()
    try:
        seen = invocation.run(verify_backup, backup.name, level)
    except TargetBusy as busy:
        seen = _proven_by(busy, backup)
        if seen.is_damaged or not Level(seen.level).reaches(level):
            seen = invocation.run(verify_backup, backup.name, level)
    say(proven(seen, monotonic() - began))


def _proven_by(busy: TargetBusy, backup: BackupFacts) -> BackupFacts:
    """The backup once whoever works on it is done: a worker proves new ones by itself. Raises TargetBusy when
    nobody does, such as a worker that is not there."""
    import time

    from core.clock import monotonic
    from operations.store import read_operation

    if (holder := busy.holder) is None:
        raise busy
    click.echo(f"Waits for: {holder.title} by {holder.actor}.", err=True)
    began = monotonic()
    while (row := read_operation(holder.operation_id)).finished_at is None:
        if row.state == "queued" and monotonic() - began > _PATIENCE:
            raise busy
        time.sleep(_PAUSE)
    return _find(backup.name)


def _prove_due(invocation: Invocation, level: Level) -> None:
    """Prove what was not yet seen to reach `level`, or as far as it can be. Raises BackupError for what is
    not proven, and for what is known to be damaged, which is not tried again."""
    from cli.console import say

    kept = _kept()
    damaged = [one.name for one in kept if one.is_damaged]
    ways = [(one, one.provable(level, has_identity=True)) for one in kept if not one.is_damaged]
    due = [(one, way) for one, way in ways if not Level(one.level).reaches(way)]
    if not due and not damaged:
        counted = sum(way is not level for _, way in ways)
        but = f", but for {counted:,} whose rows were counted alone" if counted else ""
        say(f"Every backup is {level}{but}.")
    _prove_all(invocation, due, damaged)


def _prove_all(
    invocation: Invocation, wanted: Sequence[tuple[BackupFacts, Level]], damaged: Sequence[str] = ()
) -> None:
    """Prove each, whatever becomes of those before it. Raises an error that names those that are not, and
    what was `damaged` before."""
    from cli.console import say
    from core.errors import AppError, BackupError, OperationCancelled
    from core.text import plural

    failed = []
    for one, level in wanted:
        try:
            prove(invocation, one, level)
        except OperationCancelled:
            raise
        except AppError as error:
            failed.append(one.name)
            say(f"{one.name}: {error}")
    said = []
    if failed:
        said.append(f"{plural(len(failed), 'backup')} of {len(wanted):,} not proven: {', '.join(failed)}.")
    if damaged:
        said.append(f"{plural(len(damaged), 'backup')} found damaged before: {', '.join(damaged)}.")
    if said:
        raise BackupError(" ".join(said))


def _find(name: str) -> BackupFacts:
    from features.backup_details import read_backup

    return read_backup(name).backup


def _kept() -> list[BackupFacts]:
    """All backups, the newest first."""
    from features.backup_list import list_backups

    found: list[BackupFacts] = []
    cursor = ""
    while True:
        page = list_backups(cursor=cursor, limit=200)
        found += page.backups
        cursor = page.next_cursor
        if not cursor:
            return found


commands = (verify_backup,)
