"""Which backups are let go, and why the others stay (TRUST B4).

    doomed --> the row says so --> the files lie in the trash --> after some days they are gone

Each step may be cut off anywhere: the next run goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from core.clock import utc_now
from core.errors import InvalidInput
from core.failpoints import failpoint
from core.progress import Operation, operation
from core.text import plural
from database.archive_reader import hash_file
from database.backup_folder import BackupFolder
from database.context import current_settings
from database.transactions import transaction
from features.backup_clock import clock_fault
from features.backup_files import backup_folder
from features.backup_rows import BackupFacts, facts_of, name_of
from features.backup_uses import is_used, names_in_use
from features.retention_rules import reasons_to_keep
from models import Backup

GRACE = timedelta(days=3)  # that the files lie in the trash
_HALTED = "nothing goes now"


@dataclass(frozen=True)
class Verdict:
    """What becomes of one backup, and why, in words: "36 days old"."""

    backup: BackupFacts
    reason: str


@dataclass(frozen=True)
class PrunePlan:
    """What would go, oldest first; which ones past their age stay, and why; how many are `younger` than the
    `days` that all are kept. `halted` says why nothing goes at all, "" when nothing stands against it."""

    days: int
    doomed: tuple[Verdict, ...]
    kept: tuple[Verdict, ...]
    younger: int
    halted: str

    @property
    def freed_bytes(self) -> int:
        """What it would free."""
        return sum(verdict.backup.size for verdict in self.doomed)


def plan_prune(days: int | None = None) -> PrunePlan:
    """What `prune_backups` would do now; by default `days` is BACKUP_RETENTION_DAYS. Changes nothing. Needs
    an application context. Raises InvalidInput for fewer than one day, ServerError."""
    days = current_settings().backup_retention_days if days is None else days
    if days < 1:
        raise InvalidInput("Backups are kept for one day at least.")
    now = utc_now()
    fault = clock_fault(now)
    with transaction() as session:
        rows = session.scalars(select(Backup).where(Backup.removed_at.is_(None)).order_by(Backup.taken_at))
        backups = tuple(facts_of(row) for row in rows)
        used = names_in_use(session)
    return plan(backups, days, now, used, fault)


def plan(
    backups: tuple[BackupFacts, ...],
    days: int,
    now: datetime,
    used: frozenset[str] = frozenset(),
    fault: str = "",
) -> PrunePlan:
    """The same for these backups, oldest first, of which those stay that a live operation names in `used`;
    nothing goes when there is a `fault` of the clock."""
    young = now - timedelta(days=days)
    old = [backup for backup in backups if backup.kept_since < young]
    halted = fault or _no_newer(backups, young)
    reasons = reasons_to_keep(backups, used)
    kept = [Verdict(one, reasons.get(one.id, _HALTED)) for one in old if halted or one.id in reasons]
    doomed = [] if halted else [one for one in old if one.id not in reasons]
    going = tuple(Verdict(one, f"{plural((now - one.kept_since).days, 'day')} old") for one in doomed)
    return PrunePlan(days, going, tuple(kept), len(backups) - len(old), halted)


@operation("backup.prune", title="Prune backups", target="old backups", attempts=3)
def prune_backups(op: Operation, days: int | None = None) -> PrunePlan:
    """Let go of the backups that are past their age; gives what went, or why nothing did. Their files lie in
    the trash for some days more. Raises InvalidInput, BackupError, ServerError."""
    _put_aside_the_rest(op)
    wanted = plan_prune(days)
    if wanted.halted:
        op.note(f"Nothing goes: {wanted.halted}")
        return wanted
    op.phase("Let go", len(wanted.doomed), "backup")
    gone = []
    for verdict in wanted.doomed:
        if _let_go(verdict.backup):
            gone.append(verdict)
            op.note(f"{verdict.backup.name}: {verdict.reason}.")
        op.advance()
    op.phase("Empty the trash")
    backup_folder().remove_trash(utc_now() - GRACE)
    return replace(wanted, doomed=tuple(gone))


def is_prune_due() -> bool:
    """True when there is something to let go, or to empty out of the trash. Needs an application context.
    Raises BackupError, ServerError."""
    if plan_prune().doomed:
        return True
    return any(file.changed_at < utc_now() - GRACE for file in backup_folder().list_trash())


def _let_go(backup: BackupFacts) -> bool:
    """Mark the row, then put the files aside; False when somebody needs it by now."""
    with transaction() as session:
        row = session.get_one(Backup, backup.id, with_for_update=True, populate_existing=True)
        if row.is_pinned or row.removed_at or is_used(facts_of(row), names_in_use(session)):
            return False
        row.removed_at = utc_now()
    failpoint("prune.marked")
    _trash(backup_folder(), backup.file)
    failpoint("prune.trashed")
    return True


def _put_aside_the_rest(op: Operation) -> None:
    """Put the files into the trash whose rows say that they are let go, and which a crash left. What was
    written since is not that: somebody brought it back, or it is another's of the same name."""
    folder = backup_folder()
    there = {file.name: file.changed_at for file in folder.list()}
    columns = select(Backup.file, Backup.sha256, Backup.removed_at)
    with transaction() as session:
        gone = session.execute(columns.where(Backup.removed_at.is_not(None))).all()
    for name, sha256, removed_at in gone:
        is_older = name in there and removed_at and there[name] < removed_at
        if is_older and _hash_of(op, folder, name) == sha256:
            _trash(folder, name)


def _hash_of(op: Operation, folder: BackupFolder, name: str) -> str:
    with folder.open(name) as file:
        return hash_file(op, file)


def _trash(folder: BackupFolder, data: str) -> None:
    """All files of a backup, that of its data last: by it a next run knows what a crash left."""
    found = {file.name for file in folder.list() if name_of(file.name) == name_of(data)}
    folder.trash(*sorted(found - {data}), data)


def _no_newer(backups: tuple[BackupFacts, ...], young: datetime) -> str:
    """Where nothing new comes in, nothing old goes out: either no backup is made any more, or the clock has
    jumped."""
    if not backups or any(one.taken_at >= young for one in backups):
        return ""
    return (
        f"The newest backup is of {max(one.taken_at for one in backups):%Y-%m-%d}, and no newer one is there."
    )
