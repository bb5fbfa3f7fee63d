"""SQLite files that people registered: where they may lie, and what they may make us do (TRUST 1.2)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import AddressNotAllowed
from core.text import visible

if TYPE_CHECKING:
    import sqlite3

_HINT = "Put the file below DATABASE_FOLDER, or name it as it is called there."


def check_inside(path: Path, folders: tuple[str, ...]) -> None:
    """Raises AddressNotAllowed unless `path`, links followed, lies below one of `folders`."""
    if not any(path.is_relative_to(Path(folder).resolve()) for folder in folders):
        raise AddressNotAllowed(f"The console may not open {visible(str(path))}.", hint=_HINT)


def distrust(connection: Any) -> None:
    """Let nothing that the file holds reach another file: a view or a trigger in it may say anything."""
    import sqlite3

    def decide(action: int, *_: str | None) -> int:
        refused = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    driver = cast("sqlite3.Connection", connection)
    driver.execute("PRAGMA trusted_schema = OFF").close()
    driver.set_authorizer(decide)
