"""A backup taken in spite of a connection that is lost on the way: what was begun is thrown away, and it is
begun anew when the server answers again (TRUST F4, F5)."""

from __future__ import annotations

from core.errors import ConnectionFailed, ToolFailed
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.backup import BackupAdapter
from database.adapters.waiting import keep_trying
from database.backups import Order, Taken, take_backup
from features.backup_files import backup_folder

AGAIN = 2  # times after the first
_PATIENCE = 60.0  # seconds for a server to come back


def try_backup(op: Operation, adapter: BackupAdapter, order: Order, *, is_last: bool) -> Taken | None:
    """Take it; None when the connection was lost on the way and the server is back by now. Raises what
    `take_backup` raises."""
    try:
        return take_backup(op, adapter, backup_folder(), order)
    except (ConnectionFailed, ToolFailed) as error:
        if is_last or not adapter.was_cut_off(error) or not _comes_back(op, adapter):
            raise
        op.note(f"{error.message} Nothing of it was kept, and the backup is begun anew.")
    return None


def _comes_back(op: Operation, adapter: BackupAdapter) -> bool:
    def answers() -> bool:
        op.check()
        try:
            with closing_connection(adapter.database, adapter.means.connect_timeout):
                return True
        except ConnectionFailed:
            return False

    return keep_trying(_PATIENCE, answers)
