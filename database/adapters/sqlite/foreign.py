"""SQLite files that people registered: where they may lie, and what they may make us do (TRUST 1.2)."""

from __future__ import annotations

from contextlib import closing, suppress
from functools import cache
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
    driver.execute(limited_trust()).close()
    driver.set_authorizer(decide)


@cache
def limited_trust() -> str:
    """The PRAGMA by which the schema of a file calls only functions that do no harm. Releases such as 3.40
    count those of JSON among the harmful ones, so that a table with a check by one could not even be read;
    there the schema is trusted: no function of theirs but these is kept back by it alone
    (`pragma_function_list`, whose flags say so)."""
    import sqlite3

    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("PRAGMA trusted_schema = OFF")
        memory.execute("CREATE VIEW probe AS SELECT json_valid('{}')")
        try:
            memory.execute("SELECT * FROM probe")
        except sqlite3.Error:
            return "PRAGMA trusted_schema = ON"
    return "PRAGMA trusted_schema = OFF"
