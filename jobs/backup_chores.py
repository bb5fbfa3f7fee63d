"""What every worker does for backups again and again: what takes long is queued in the name of the worker."""

from __future__ import annotations

from core.settings import Settings
from features.backup_duties import drop_scratch, next_verification
from features.backup_leftovers import clear_parts, recover_backups
from features.backup_verification import verify_backup
from features.foreign_backups import clear_old_uploads
from features.replacements import drop_kept, overdue_replacements, settle_replacement, unsettled_replacements
from features.retention import is_prune_due, prune_backups
from jobs.asking import ask_for
from operations.chores import Chore

_MINUTE = 60.0
_DAY = 24 * 60 * _MINUTE
_SETTLED = 10.0  # seconds after which a console started at the same time has made its tables


def verify_new(settings: Settings) -> None:
    """Have the newest backup proven that is not yet."""
    if due := next_verification():
        ask_for(settings, verify_backup, *due)


def prune(settings: Settings) -> None:
    """Let go of what is past its age."""
    if settings.backup_dir.is_dir() and is_prune_due():
        ask_for(settings, prune_backups)


def settle_restores(settings: Settings) -> None:
    """Bring restores that were cut off to an end, and drop what is kept past its time."""
    for replacement, database in unsettled_replacements():
        ask_for(settings, settle_replacement, replacement, database)
    for replacement, database in overdue_replacements():
        ask_for(settings, drop_kept, replacement, database)


def clear_leftovers(settings: Settings) -> None:
    """Put in order what dead operations left of backups, in the folder and on servers, and put aside what was
    sent here and wanted by nobody."""
    if settings.backup_dir.is_dir():
        clear_parts()
        recover_backups()
        clear_old_uploads()
    drop_scratch()


CHORES = (
    Chore("have new backups verified", 15.0, verify_new, after=_SETTLED),
    Chore("settle restores that were cut off", _MINUTE, settle_restores, after=_SETTLED),
    Chore("clear away what backups left", 10 * _MINUTE, clear_leftovers, after=_SETTLED),
    Chore("have old backups pruned", _DAY, prune, after=_SETTLED),
)
