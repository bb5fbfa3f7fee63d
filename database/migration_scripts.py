"""What each migration would say to the server, found out without saying it: written down, or tried on a copy
of the schema in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, StaticPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from core.connection import ConnectionParameters
from core.errors import MigrationError
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability
from database.adapters.sqlite.foreign import limited_trust
from database.alembic_turns import alembic_turn
from database.engine import engine_url
from database.migration_reader import is_comment
from database.revisions import LOCATION, VERSION_TABLE, Revision
from models import db

_CONNECT_TIMEOUT = 30.0
_FRAMES = ("BEGIN", "COMMIT")  # of transactions, which Alembic writes down too
_LOOKS = ("SELECT", "PRAGMA", "SHOW", "DESCRIBE", "EXPLAIN", "SET", "BEGIN", "COMMIT", "ROLLBACK")
# What the code of a migration raises where it asks a database that is not there, or holds no rows.
_NOT_FORETOLD = (
    AttributeError,
    TypeError,
    LookupError,
    AssertionError,
    ValueError,
    CommandError,
    SQLAlchemyError,
)


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class ForetoldRevision:
    """What one migration would say. Not `is_known`: it decides as it runs, and what is here is only the
    beginning. `columns` are those of each table before it, where they were looked at."""

    revision: Revision
    title: str
    statements: tuple[str, ...]
    is_known: bool
    can_be_undone: bool
    sha256: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)


def naming_of(location: Path) -> MetaData | None:
    """The metadata by whose convention what has no name is named: ours in our own migrations alone."""
    return db.metadata if location == LOCATION else None


def foretell(
    parameters: ConnectionParameters,
    revisions: Sequence[Revision],
    location: Path,
    *,
    upgrade: bool,
    patience: float | None = None,
) -> tuple[ForetoldRevision, ...]:
    """What `revisions` would say, in that order. Changes nothing. Waits `patience` seconds for a migration
    that runs in this process. Raises TargetBusy then, MigrationError for a file that cannot be loaded,
    ConnectionFailed and its kin."""
    scripts = read_scripts(location)
    way = _on_a_copy if is_file(parameters) else _written_down
    naming = {"target_metadata": naming_of(location)}
    with alembic_turn(patience), way(parameters, naming) as ask:
        return tuple(_foretell(scripts, one, ask, upgrade) for one in revisions)


def is_file(parameters: ConnectionParameters) -> bool:
    """True where a database is a file, whose schema fits into memory."""
    return not adapter_for(parameters).supports(Capability.SESSIONS)


def read_scripts(location: Path) -> ScriptDirectory:
    """The migrations under `location`, loaded once as long as their files stay the same."""
    files = sorted((location / "versions").glob("*.py"))
    return _load(location, tuple((file.name, *_stamp_of(file)) for file in files))


def changes_something(sql: str) -> bool:
    """False for what only looks, or frames a transaction."""
    if is_comment(sql):
        return False
    words = sql.lstrip(" \t\r\n(;").split(maxsplit=1)
    return bool(words) and words[0].rstrip(";").upper() not in _LOOKS


def script_hash(script: Script) -> str:
    """The SHA-256 of a migration's file."""
    return hashlib.sha256(Path(script.path).read_bytes()).hexdigest()


@lru_cache(maxsize=4)
def _load(location: Path, _files: tuple[tuple[str, int, int], ...]) -> ScriptDirectory:
    return ScriptDirectory(str(location))


def _stamp_of(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_size


@dataclass
class _Ask:
    """A place to run a migration in; `said` is filled by what it says. `columns` looks at the tables."""

    context: MigrationContext
    said: list[str]
    columns: Callable[[], dict[str, tuple[str, ...]]] = dict


def _foretell(scripts: ScriptDirectory, revision: Revision, ask: _Ask, upgrade: bool) -> ForetoldRevision:
    try:
        script = scripts.get_revision(revision.id)
        module = script.module
    except (CommandError, ImportError, SyntaxError) as error:
        raise MigrationError(f"{revision.name} cannot be loaded: {error}") from error
    columns = ask.columns()
    ask.said.clear()
    is_known = _run(module.upgrade if upgrade else module.downgrade, ask)
    return ForetoldRevision(
        revision,
        script.doc.rstrip(".") or revision.name,
        tuple(ask.said),
        is_known,
        not upgrade or not is_empty(module.downgrade),
        script_hash(script),
        columns,
    )


def is_empty(function: Any) -> bool:
    """True for a downgrade that does nothing, or says that it cannot."""
    code = function.__code__
    return code.co_code == _nothing.__code__.co_code or "NotImplementedError" in code.co_names


def _run(function: Callable[[], None], ask: _Ask) -> bool:
    try:
        with ask.context.begin_transaction(_per_migration=True), Operations.context(ask.context):
            function()
    except _NOT_FORETOLD:
        return False
    return True


@contextmanager
def _written_down(parameters: ConnectionParameters, naming: dict[str, Any]) -> Iterator[_Ask]:
    """Alembic writes the statements down and sends nothing."""
    said: list[str] = []
    options = naming | {
        "as_sql": True,
        "output_buffer": _Buffer(said),
        "literal_binds": True,
        "transaction_per_migration": True,
        "transactional_ddl": adapter_for(parameters).supports(Capability.TRANSACTIONAL_DDL),
    }
    url = engine_url(parameters)
    yield _Ask(MigrationContext.configure(dialect=url.get_dialect()(), url=str(url), opts=options), said)


class _Buffer:
    """Where Alembic writes, a statement at a time."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def write(self, text: str) -> None:
        sql = text.strip().removesuffix(";").strip()
        if sql and sql.upper() not in _FRAMES and not is_comment(sql):
            self._said.append(sql)

    def flush(self) -> None:
        """Nothing waits."""


@contextmanager
def _on_a_copy(parameters: ConnectionParameters, naming: dict[str, Any]) -> Iterator[_Ask]:
    """Migrations of a file look at its tables before they build one anew, so they are let loose on a copy of
    the schema that holds no rows."""
    said: list[str] = []
    engine = create_engine("sqlite://", poolclass=StaticPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as copy:
        for sql in _schema_of(parameters):
            copy.exec_driver_sql(sql)

        def listen(_c: Any, _cursor: Any, sql: str, *_: Any) -> None:
            if changes_something(sql):
                said.append(sql.strip())

        event.listen(copy, "before_cursor_execute", listen)
        context = MigrationContext.configure(copy, opts=naming | {"transaction_per_migration": True})
        yield _Ask(context, said, lambda: _columns(copy))
    engine.dispose()


def _schema_of(parameters: ConnectionParameters) -> tuple[str, ...]:
    """The statements that make the schema, tables first."""
    there = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    order = " ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid"
    if parameters.in_memory or not Path(parameters.database).exists():
        return ("PRAGMA foreign_keys = OFF",)
    with closing_connection(parameters, _CONNECT_TIMEOUT) as (adapter, connection):
        made = tuple(str(sql) for (sql,) in adapter.rows(connection, there + order))
    return (limited_trust(), "PRAGMA foreign_keys = OFF", *made)


def _columns(copy: Connection) -> dict[str, tuple[str, ...]]:
    sql = (
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
        f" WHERE m.type = 'table' AND m.name <> '{VERSION_TABLE}' ORDER BY 1, c.cid"
    )
    found: dict[str, tuple[str, ...]] = {}
    for table, column in copy.exec_driver_sql(sql):
        found[table] = (*found.get(table, ()), column)
    return found
