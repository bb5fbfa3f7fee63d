"""A backup put back: beside the live database and then in its place, or as a new database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from core.backup_levels import Level
from core.errors import BackupIncompatible, DatabaseDamaged, Unsupported
from core.failpoints import failpoint
from core.progress import Operation, operation
from core.text import visible
from database.adapters.backup import BackupAdapter, Source, name_for
from database.restoring import build_copy, dropped_on_failure
from features.backup_rows import BackupFacts
from features.backup_subjects import Subject, find_subject
from features.backup_verification import verify_backup
from features.backups import create_backup
from features.new_databases import being_made, check_new_name, clear_earlier, exists, refuse_taken, was_made
from features.restore_checks import obstacles_to
from features.restore_plans import RestorePlan
from features.restore_previews import plan_restore
from features.restore_recording import record_restore
from features.restore_sources import opened_source, read_source_manifest
from features.swaps import Incoming, go_on_from, replace_live

__all__ = ["RestorePlan", "plan_restore", "restore_backup"]


@operation("backup.restore", title="Restore {database} from {backup}", target="{database}", attempts=2)
def restore_backup(
    op: Operation,
    backup: str,
    database: str,
    *,
    made_by: str,
    new_name: str = "",
    skip_backup: bool = False,
    stop_writes: bool = False,
) -> str:
    """Put the backup of that id or name in the place of `database`, or into a new database `new_name` on its
    server; gives the name of the restored database. `database` is that of the plan. What is there now is
    backed up first, unless `skip_backup` or where it is damaged, and is not touched before the new one is
    equal to the manifest; where the database is gone, it is made anew. With `stop_writes` whoever writes into
    it waits from that backup on until the swap.
    Raises NotFound, AlreadyExists for a `new_name` that is there, BackupDamaged, BackupIncompatible,
    BackupLocked, Conflict when the database is not the one it was, ToolError, ServerError."""
    subject = find_subject(database)
    adapter = subject.open_adapter()
    if go_on_from(op, subject, adapter) or was_made(op, adapter, new_name or adapter.database.database):
        return new_name or subject.name
    clear_earlier(op, adapter)
    if new_name:
        check_new_name(new_name)
        refuse_taken(adapter, new_name)
    with _checked(op, adapter, subject, backup, new_name) as (facts, source):
        live = adapter.database.database
        if new_name or not exists(adapter, live):
            _restore_as(op, adapter, subject, facts, source, new_name or live)
        else:
            with _writes_stopped(op, adapter, subject) if stop_writes else nullcontext() as check:
                if not skip_backup:
                    _back_up(op, subject, made_by)
                _restore_over(op, adapter, subject, facts, source, made_by, check or (lambda: None))
    return new_name or subject.name


@contextmanager
def _checked(
    op: Operation, adapter: BackupAdapter, subject: Subject, backup: str, new_name: str
) -> Iterator[tuple[BackupFacts, Source]]:
    """The backup, read through to its end, and nothing against it: all before anything is made."""
    facts, manifest = read_source_manifest(backup)
    op.phase("Check the backup", sum(one.size for one in manifest.files) if manifest else facts.size, "byte")
    with opened_source(op, facts, manifest) as source:
        op.note(f"{facts.name} is readable: {adapter.check_readable(op, source)}.")
        for obstacle in obstacles_to(adapter, subject, facts, source, new_name):
            if obstacle.is_fatal:
                raise BackupIncompatible(obstacle.message, hint=obstacle.hint)
            op.note(f"{obstacle.message} {obstacle.hint}".strip())
        yield facts, source


@contextmanager
def _writes_stopped(op: Operation, adapter: BackupAdapter, subject: Subject) -> Iterator[Callable[[], None]]:
    """What is given raises ServerError when somebody may have written nevertheless."""
    if subject.is_own:
        raise Unsupported("The console writes down its own restore, so its writes cannot be stopped.")
    op.phase("Stop writes")
    with adapter.writes_stopped(op) as check:
        op.note("Writes are stopped: whoever writes waits until the swap.")
        yield check


def _back_up(op: Operation, subject: Subject, made_by: str) -> None:
    """What is there now, proven readable before anything else."""
    op.phase("Back up what is there now")
    try:
        before = create_backup(op, subject.name, made_by=made_by, reason="before restore")
    except DatabaseDamaged as error:
        op.note(f"{error.message} It cannot be backed up, and is kept aside as it is.")
        return
    verify_backup(op, before.id, Level.READABLE)
    failpoint("restore.backed_up")


def _restore_over(
    op: Operation,
    adapter: BackupAdapter,
    subject: Subject,
    facts: BackupFacts,
    source: Source,
    made_by: str,
    check: Callable[[], None],
) -> None:
    name = name_for("new", op)
    adapter.drop(op, name)  # of an attempt that was cut off
    copy = build_copy(op, adapter, source, name)
    with dropped_on_failure(op, adapter, name):
        check()
    replace_live(op, subject, adapter, Incoming(name, copy.parameters, facts.id), made_by=made_by)
    record_restore(op, facts, copy, subject.name)


def _restore_as(
    op: Operation, adapter: BackupAdapter, subject: Subject, facts: BackupFacts, source: Source, name: str
) -> None:
    with being_made(op, subject, adapter, name) as created:
        copy = build_copy(op, adapter, source, name, created)
        with dropped_on_failure(op, adapter, name):
            record_restore(op, facts, copy, visible(name))
    op.note(f"{visible(name)} is there.")
