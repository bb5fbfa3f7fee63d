"""SQLite files that people registered: where they may lie, and what they may make us do (TRUST 1.2)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import AddressNotAllowed
from core.text import visible

if TYPE_CHECKING:
    import sqlite3

_HINT = "Put the file below DATABASE_FOLDER, or name it as it is called there."
_COPY_IT = "Copy the file into DATABASE_FOLDER in place of the link."


def check_inside(path: Path, folders: tuple[str, ...]) -> None:
    """Raises AddressNotAllowed unless `path`, links followed, lies below one of `folders` and nowhere else:
    a hard link would lead out of them, to the console's own database for one."""
    if not any(path.is_relative_to(Path(folder).resolve()) for folder in folders):
        raise AddressNotAllowed(f"The console may not open {visible(str(path))}.", hint=_HINT)
    with suppress(OSError):  # then there is no such file, which the connection says
        if path.stat().st_nlink > 1:
            raise AddressNotAllowed(f"{visible(str(path))} has another name besides.", hint=_COPY_IT)


def distrust(connection: Any) -> None:
    """Let nothing that the file holds reach another file: a view or a trigger in it may say anything."""
    import sqlite3

    def decide(action: int, *_: str | None) -> int:
        refused = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    driver = cast("sqlite3.Connection", connection)
    driver.execute("PRAGMA trusted_schema = OFF").close()
    driver.set_authorizer(decide)
