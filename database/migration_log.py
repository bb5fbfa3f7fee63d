"""The record of single statements where the server commits each by itself (TRUST section 4.3, note a): after
a crash it is looked up what was done, and the rest is done.

It is a table of the migrated database itself, so that a record and what it tells of share their transaction.
It is there while a revision is under way and after one that was cut off."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from core.clock import utc_now
from core.errors import MigrationError, ObjectMissing, ServerError
from core.text import plural, visible
from database.adapters.base import Adapter, Capability, Connection
from database.adapters.migrating import MigrationAdapter
from database.migration_reader import read_changes

LOG_TABLE = "basekeeper_migration_step"
_TEXT_LENGTH = 10_000
_MAKE = f"""
    CREATE TABLE IF NOT EXISTS {LOG_TABLE} (
        id BIGINT AUTO_INCREMENT PRIMARY KEY, revision VARCHAR(255) NOT NULL, direction VARCHAR(20) NOT NULL,
        sql_hash CHAR(64) NOT NULL, occurrence INTEGER NOT NULL, statement TEXT NOT NULL,
        state VARCHAR(20) NOT NULL, definition_hash CHAR(64) NOT NULL, script_hash CHAR(64) NOT NULL,
        written_at DATETIME NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
"""
_READ = f"""
    SELECT id, revision, direction, sql_hash, occurrence, statement, state, definition_hash, script_hash
    FROM {LOG_TABLE} ORDER BY id
"""
_WRITE = f"""
    INSERT INTO {LOG_TABLE} (revision, direction, sql_hash, occurrence, statement, state, definition_hash,
                             script_hash, written_at) VALUES (%s, %s, %s, %s, %s, 'started', %s, %s, %s)
"""
_DONE = f"UPDATE {LOG_TABLE} SET state = 'done' WHERE id = %s"
_FORGET = f"DELETE FROM {LOG_TABLE} WHERE id = %s"
_CLEAR = f"DELETE FROM {LOG_TABLE} WHERE revision = %s"


@dataclass(frozen=True)
class LoggedStatement:
    """One statement that was begun, and perhaps done."""

    id: int
    revision: str
    direction: str
    sql_hash: str
    occurrence: int
    statement: str
    state: str
    definition_hash: str
    script_hash: str

    @property
    def is_done(self) -> bool:
        """True when it is certain that it was done."""
        return self.state == "done"


@dataclass(frozen=True)
class DoneStatements:
    """What runs that were cut off have left."""

    statements: tuple[LoggedStatement, ...] = ()

    def has(self, revision: str, direction: str, sql: str) -> bool:
        """True when that statement of that revision was done."""
        wanted = (revision, direction, hash_of_statement(sql))
        return any(
            one.is_done and (one.revision, one.direction, one.sql_hash) == wanted for one in self.statements
        )


def read_done(adapter: Adapter, connection: Connection) -> DoneStatements:
    """What is recorded in that database; nothing where a revision is one transaction."""
    if adapter.supports(Capability.TRANSACTIONAL_DDL):
        return DoneStatements()
    try:
        rows = adapter.rows(connection, _READ)
    except ObjectMissing:
        return DoneStatements()
    return DoneStatements(tuple(LoggedStatement(*row) for row in rows))


def hash_of_statement(sql: str, parameters: object = None) -> str:
    """The same for the same statement, however it is broken into lines."""
    text = " ".join(sql.rstrip(" ;\n").split()) + (repr(parameters) if parameters else "")
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class StatementLog:
    """The record of one run on an open connection, whose transactions are its own too."""

    adapter: Adapter
    judge: MigrationAdapter
    connection: Connection
    _revision: tuple[str, str, str] = ("", "", "")
    _kept: dict[tuple[str, int], LoggedStatement] = field(default_factory=dict)
    _met: Counter[str] = field(default_factory=Counter)
    _under_way: int | None = None
    _is_made: bool = False
    _is_changed: bool = False

    def resume(self, first: str, direction: str, applied: Iterable[str]) -> None:
        """Look up what an earlier run left, before a run that begins with the revision `first`. Raises
        MigrationError when another one was begun and has to be brought to its end before."""
        there = set(applied)
        left = read_done(self.adapter, self.connection).statements
        for one in left:
            is_over = (one.revision in there) is (one.direction == "upgrade")
            if not is_over and (one.revision, one.direction) != (first, direction):
                raise MigrationError(
                    f"The {one.direction} of {visible(one.revision)} was cut off and has to be ended first.",
                    hint=f"Run: python migrate.py migrate {'+1' if one.direction == 'upgrade' else '-1'}",
                )

    def begin(self, revision: str, direction: str, script_hash: str) -> int:
        """Begin a revision; gives how many of its statements are done already."""
        self._revision = (revision, direction, script_hash)
        self._met.clear()
        left = [
            one
            for one in read_done(self.adapter, self.connection).statements
            if (one.revision, one.direction) == (revision, direction)
        ]
        self._is_changed = any(one.script_hash != script_hash for one in left)
        self._kept = {(one.sql_hash, one.occurrence): one for one in left}
        return sum(one.is_done for one in left)

    def is_to_run(self, sql: str, parameters: object) -> bool:
        """Write down that the statement begins; False when an earlier run has done it. Raises MigrationError
        with what to do when that cannot be told."""
        key = hash_of_statement(sql, parameters)
        self._met[key] += 1
        earlier = self._kept.get((key, self._met[key]))
        if earlier is None:
            self._refuse_unless_all_met()
            self._write(key, sql)
            return True
        if earlier.is_done or not self._is_still_to_do(earlier, sql):
            self.adapter.rows(self.connection, _DONE, (earlier.id,))
            return False
        self._under_way = earlier.id
        return True

    def done(self) -> None:
        """Write down that the statement that ran is done."""
        if self._under_way is not None:
            self.adapter.rows(self.connection, _DONE, (self._under_way,))
            self._under_way = None

    def forget_refused(self) -> None:
        """The server refused the statement under way, so nothing of it was done: forget it, for good."""
        if self._under_way is not None:
            with suppress(ServerError):  # the connection went too: then it is looked up what was done
                self.adapter.rows(self.connection, _FORGET, (self._under_way,))
                self.adapter.rows(self.connection, "COMMIT")
            self._under_way = None

    def end(self) -> None:
        """The revision is at its end: forget its statements, in the transaction that stamps it."""
        self._refuse_unless_all_met()
        if self._is_made or self._kept:
            self.adapter.rows(self.connection, _CLEAR, self._revision[:1])

    def close(self) -> None:
        """The run is at its end: take the table away."""
        self.adapter.rows(self.connection, f"DROP TABLE IF EXISTS {LOG_TABLE}")

    def _refuse_unless_all_met(self) -> None:
        """A file that was changed since it was begun has to begin with all that was done. Raises
        MigrationError."""
        left = len(self._kept) - sum(self._met[key] >= number for key, number in self._kept)
        if self._is_changed and left:
            raise MigrationError(
                f"{visible(self._revision[0])} was changed since it was begun, and does not begin with what"
                f" has run of it: {plural(len(self._kept), 'statement')}.",
                hint="Put those back as they were; what follows them may be changed. Or restore a backup.",
            )

    def _write(self, key: str, sql: str) -> None:
        if not self._is_made:
            self.adapter.rows(self.connection, _MAKE)
            self._is_made = True
        revision, direction, script_hash = self._revision
        text, definition = sql.strip()[:_TEXT_LENGTH], self._definition(sql)
        values = (revision, direction, key, self._met[key], text, definition, script_hash, utc_now())
        self.adapter.rows(self.connection, _WRITE, values)
        [(self._under_way,)] = self.adapter.rows(self.connection, "SELECT last_insert_id()")

    def _definition(self, sql: str) -> str:
        """The hash of what the tables that it changes are like now."""
        tables = sorted({change.table for change in read_changes(sql, self.judge.grammar)} - {""})
        found = [self.judge.definition(self.adapter, self.connection, table) for table in tables]
        return hashlib.sha256("\n".join(found).encode()).hexdigest()

    def _is_still_to_do(self, one: LoggedStatement, sql: str) -> bool:
        if self._definition(sql) == one.definition_hash:
            return True
        changes = read_changes(sql, self.judge.grammar)
        seen = [self.judge.has_happened(self.adapter, self.connection, change) for change in changes]
        if seen and all(seen):
            return False
        if seen and None in seen and False not in seen:
            return True  # to say it again does no harm
        raise MigrationError(
            f"A run was cut off in this statement of {visible(one.revision)}, and what is there is neither as"
            f" before nor as after it: {self.judge.outline(one.statement, _TEXT_LENGTH)}",
            hint="Nothing more was done. Finish it by hand, then run:"
            f" UPDATE {LOG_TABLE} SET state = 'done' WHERE id = {one.id}; or undo it, then run:"
            f" DELETE FROM {LOG_TABLE} WHERE id = {one.id}; and migrate again. Or restore a backup.",
        )
