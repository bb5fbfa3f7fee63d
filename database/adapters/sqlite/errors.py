"""What SQLite says when something fails, explained."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from core.connection import ConnectionParameters
from core.errors import (
    ConnectionFailed,
    DatabaseMissing,
    LockTimeout,
    NoDatabase,
    PrivilegeMissing,
    ServerError,
    ServerTimeout,
)
from database.adapters.explanations import FREE_SPACE, OBJECT_MISSING, RUN_AGAIN, Explanation, one_line

_ACCESS = "Give the account that runs this write access to the file and its folder."
_LOCKED = Explanation(
    LockTimeout,
    "Another process is writing to {where}.",
    "Wait until it is done, or find it with: fuser {where}",
)
_MISSING = Explanation(DatabaseMissing, "There is no database file {where}.", "Run: python manage_db.py init")
_MOVED = replace(_MISSING, hint="Correct its path, or put it there.")  # one that is not for us to make
_NO_FILE = Explanation(NoDatabase, "{where} is not a file.", "Correct the path in the database's settings.")
_UNREADABLE = Explanation(ConnectionFailed, "The file {where} cannot be opened: {said}", _ACCESS)

# The low byte of SQLite's result code.
_BY_CODE = {
    3: _UNREADABLE,
    5: _LOCKED,
    6: _LOCKED,
    8: Explanation(PrivilegeMissing, "The file {where} or its folder is read-only.", _ACCESS),
    9: Explanation(ServerTimeout, "The statement took too long.", "Allow more time, or do less at once."),
    10: Explanation(ServerError, "The disk of {where} fails or is full: {said}", FREE_SPACE),
    11: Explanation(ServerError, "The file {where} is damaged: {said}", "Restore a backup."),
    13: Explanation(ServerError, "The disk of {where} is full.", FREE_SPACE),
    23: Explanation(PrivilegeMissing, "SQLite does not allow it: {said}"),
    26: Explanation(
        NoDatabase,
        "The file {where} is not an SQLite database.",
        "Correct the path in the database's settings, or move the file away.",
    ),
}
_CANNOT_OPEN = 14
_DAMAGED = (11, 26)
_LACKING = ("no such table", "no such column")
_CLOSED = Explanation(ConnectionFailed, "The connection to {where} is closed.", RUN_AGAIN)


def explain(parameters: ConnectionParameters, error: Exception) -> ServerError:
    """`error` of sqlite3 as one of ours."""
    said = one_line(str(error))
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    explanation = _BY_CODE.get(code)
    if code == _CANNOT_OPEN:
        explanation = _why_closed(parameters)
    elif "closed database" in said:
        explanation = _CLOSED
    elif said.startswith(_LACKING):
        explanation = OBJECT_MISSING
    return explanation.error(parameters, said) if explanation else ServerError(f"SQLite says: {said}")


def is_damage(error: ServerError) -> bool:
    """True when SQLite said that what it read is no sound database."""
    return getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def explain_file(parameters: ConnectionParameters, error: OSError) -> ServerError:
    """What kept us from making or removing the file, as one of ours."""
    said = one_line(error.strerror or str(error))
    if isinstance(error, PermissionError):
        return _UNREADABLE.error(parameters, said)
    return Explanation(ServerError, "The file {where} cannot be made or removed: {said}").error(
        parameters, said
    )


def check_file(parameters: ConnectionParameters) -> None:
    """Raise DatabaseMissing or NoDatabase unless there is a file that can be opened."""
    path = Path(parameters.database)
    if not os.path.lexists(path):
        raise _missing(parameters).error(parameters, "")
    if not path.is_file():
        raise _NO_FILE.error(parameters, "")


def _why_closed(parameters: ConnectionParameters) -> Explanation:
    """Why SQLite cannot open the file: nothing there, or no access to it."""
    path = Path(parameters.database)
    is_there = os.path.lexists(path) or not os.access(path.parent, os.X_OK)
    return _UNREADABLE if is_there else _missing(parameters)


def _missing(parameters: ConnectionParameters) -> Explanation:
    return _MOVED if parameters.is_registered else _MISSING
