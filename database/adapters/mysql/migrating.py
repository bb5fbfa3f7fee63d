"""What changes mean on MySQL and MariaDB, each committed by itself, and how the server shows that one was
made."""

from __future__ import annotations

import re

from core.errors import ServerError
from database.adapters.base import Adapter, Connection, TableSize
from database.adapters.migrating import (
    Change,
    ChangeKind,
    Finding,
    MigrationAdapter,
    Severity,
    about,
    waits,
)

_TABLE_NOT_THERE = 1146
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")  # it counts rows, and says nothing of the table

_HERE = "table_schema = database() AND table_name = %s"
_TABLE = f"SELECT 1 FROM information_schema.tables WHERE {_HERE}"
_COLUMN = f"SELECT 1 FROM information_schema.columns WHERE {_HERE} AND column_name = %s"
_INDEX = f"SELECT 1 FROM information_schema.statistics WHERE {_HERE} AND index_name = %s"
_CONSTRAINT = f"""
    SELECT 1 FROM information_schema.table_constraints WHERE {_HERE} AND constraint_name = %s
"""
_COPY = "The table is copied, and whoever writes to it waits."

# The question that is asked, and whether the answer is to be yes.
_SEEN = {
    ChangeKind.CREATE_TABLE: (_TABLE, True),
    ChangeKind.DROP_TABLE: (_TABLE, False),
    ChangeKind.ADD_COLUMN: (_COLUMN, True),
    ChangeKind.DROP_COLUMN: (_COLUMN, False),
    ChangeKind.CREATE_INDEX: (_INDEX, True),
    ChangeKind.DROP_INDEX: (_INDEX, False),
    ChangeKind.ADD_KEY: (_CONSTRAINT, True),
    ChangeKind.ADD_CONSTRAINT: (_CONSTRAINT, True),
    ChangeKind.DROP_CONSTRAINT: (_CONSTRAINT, False),
}
_REPEATABLE = (
    ChangeKind.REPLACE_TABLE,
    ChangeKind.CHANGE_COLUMN,
    ChangeKind.REQUIRE_VALUE,
    ChangeKind.CHANGE_DEFAULT,
)


def _implicit_default(change: Change, table: TableSize) -> Finding | None:
    if not (change.required and not change.default and table.rows):
        return None
    return Finding(
        Severity.CAUTION,
        f"Adds {change.object}, NOT NULL without a default",
        f"The server fills {about(table)} with 0 or an empty text, which nobody chose.",
        "Give it a server default, or add it nullable, fill it, and require a value later.",
    )


class MySQLMigrationAdapter(MigrationAdapter):
    """MySQL and MariaDB commit each change of the schema, and with it what was done before."""

    grammar = "mysql"
    text_begins = "['\"]"
    rules = {
        ChangeKind.ADD_COLUMN: _implicit_default,
        ChangeKind.CHANGE_COLUMN: waits("Changes {change.object}", _COPY),
        ChangeKind.REQUIRE_VALUE: waits("Requires a value in {change.object}", _COPY),
        ChangeKind.CREATE_INDEX: waits(
            "Builds an index on {change.table}", "Writes go on, but a Galera cluster stands still meanwhile."
        ),
        ChangeKind.ADD_KEY: waits("Adds a foreign key to {change.table}", _COPY),
        ChangeKind.ADD_CONSTRAINT: waits("Adds a constraint to {change.table}", _COPY),
    }

    def definition(self, adapter: Adapter, connection: Connection, table: str) -> str:
        if not table:
            return ""
        try:
            rows = adapter.rows(connection, f"SHOW CREATE TABLE {adapter.quote(table)}")
        except ServerError as error:
            cause = error.__cause__
            if isinstance(cause, Exception) and cause.args[:1] == (_TABLE_NOT_THERE,):
                return ""
            raise
        return _COUNTER.sub("", str(rows[0][1]))

    def has_happened(self, adapter: Adapter, connection: Connection, change: Change) -> bool | None:
        def there(question: str, *names: str) -> bool:
            return bool(adapter.rows(connection, question, names))

        if change.kind is ChangeKind.RENAME_TABLE:
            return there(_TABLE, change.new_name) and not there(_TABLE, change.table)
        if change.kind is ChangeKind.RENAME_COLUMN:
            return there(_COLUMN, change.table, change.new_name) and not there(
                _COLUMN, change.table, change.name
            )
        if change.kind in _SEEN:
            question, expected = _SEEN[change.kind]
            names = (change.table,) if question is _TABLE else (change.table, change.name)
            return there(question, *names) is expected
        return None if change.kind in _REPEATABLE else False
