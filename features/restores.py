"""A backup put back: beside the live database and then in its place, or as a new database."""

from __future__ import annotations

from core.progress import Operation, operation
from features.restore_plans import RestorePlan


def plan_restore(backup: str, database: str = "", new_name: str = "") -> RestorePlan:
    """What a restore of the backup of that id or name would do, in the place of `database` (by default the
    one it was taken of), or as `new_name` on the same server. Changes nothing. Needs an application context.
    Raises NotFound, InvalidInput for a name that cannot be, ConnectionFailed and its kin."""
    raise NotImplementedError


@operation("backup.restore", title="Restore {database} from {backup}", target="{database}", attempts=2)
def restore_backup(
    op: Operation,
    backup: str,
    database: str,
    *,
    made_by: str,
    new_name: str = "",
    skip_backup: bool = False,
) -> str:
    """Put the backup of that id or name in the place of `database`, or into a new database `new_name` on its
    server; gives the name of the restored database. `database` is that of the plan. What is there now is
    backed up first, unless `skip_backup`, and is not touched before the new one is equal to the manifest.
    Raises NotFound, AlreadyExists for a `new_name` that is there, BackupDamaged, BackupIncompatible,
    BackupLocked, Conflict when the database is not the one it was, ToolError, ServerError."""
    raise NotImplementedError
