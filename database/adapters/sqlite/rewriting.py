"""A file of ours written anew: with pages of another size, without a trace of what was dropped, and each row
under the number it had, by which full-text indexes and others find it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from core.errors import ServerError
from database.adapters.base import Connection, translated
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.errors import explain_file
from database.adapters.sqlite.faults import faults_of
from database.adapters.sqlite.files import make_file
from database.adapters.sqlite.foreign import distrust
from database.adapters.sqlite.inventory import numbers_of
from database.adapters.sqlite.places import ANEW, driver, opened_still


def write_anew(adapter: SQLiteAdapter, connection: Connection) -> None:
    """Write the file of `adapter` anew, which `connection` alone has open, without a write-ahead log, and in
    pages of the size that it asked for by PRAGMA. It stays the same file, and a crash leaves the old or the
    new content. Raises ServerError, also where the new would differ; then it is as it was."""
    path = Path(adapter.parameters.database + ANEW)
    anew = SQLiteAdapter(replace(adapter.parameters, database=str(path)))
    try:
        path.unlink(missing_ok=True)  # of an earlier try
        make_file(path)
    except OSError as error:
        raise explain_file(anew.parameters, error) from error
    try:
        _vacuum_into(adapter, connection, path)
        with opened_still(anew) as written, translated(adapter):
            _check_is_the_same(adapter, connection, written)
            driver(written).backup(driver(connection))
    finally:
        with suppress(OSError):  # what is left goes with the file
            path.unlink()


def _vacuum_into(adapter: SQLiteAdapter, connection: Connection, path: Path) -> None:
    """A plain VACUUM gives new numbers to the rows of a table that has neither key nor index. SQLite attaches
    the file, which is refused to what is not trusted; nothing that the database holds runs meanwhile."""
    driver(connection).set_authorizer(None)
    adapter.rows(connection, "VACUUM INTO ?", (str(path),))
    if adapter.parameters.is_registered:
        distrust(connection)


def _check_is_the_same(adapter: SQLiteAdapter, connection: Connection, written: Connection) -> None:
    """SQLite promises nothing of the numbers of rows. What was at fault before may be so now."""
    before, after = (numbers_of(adapter, driver(one)) for one in (connection, written))
    is_other = any(one != other for one, other in zip_longest(before, after))
    found = ["Rows have other numbers."] if is_other else []
    if faults := faults_of(adapter, written):
        known = faults_of(adapter, connection)
        found += [fault for fault in faults if fault not in known]
    if found:
        raise ServerError(
            f"SQLite wrote the copy anew otherwise than it was: {found[0]}",
            hint="The live database is as it was.",
        )
