"""What changes mean on SQLite: many build the whole table anew."""

from __future__ import annotations

from database.adapters.migrating import (
    ChangeKind,
    MigrationAdapter,
    required_without_default,
    waits,
)

_ALONE = "Whoever writes to any table waits until the revision is done."


class SQLiteMigrationAdapter(MigrationAdapter):
    """SQLite keeps a whole revision in one transaction; there is one writer at a time."""

    grammar = "sqlite"
    shadow = "_alembic_tmp_"
    rules = {
        ChangeKind.ADD_COLUMN: required_without_default,
        ChangeKind.REBUILD_TABLE: waits("Builds {change.table} anew", f"Every row is copied. {_ALONE}"),
        ChangeKind.CREATE_INDEX: waits("Builds an index on {change.table}", _ALONE),
    }
