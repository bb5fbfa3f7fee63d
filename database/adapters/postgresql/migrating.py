"""What changes mean on PostgreSQL: which rewrite a table, and who waits meanwhile."""

from __future__ import annotations

from database.adapters.base import TableSize
from database.adapters.migrating import (
    Change,
    ChangeKind,
    Finding,
    MigrationAdapter,
    all_of,
    required_without_default,
    waits,
)

# Defaults that differ from row to row, so that every row is written.
_VOLATILE = ("random", "uuid", "nextval", "clock_timestamp", "timeofday")

_REWRITE = "Every row is written anew while nobody can read or write the table."

_rewrites_rows = waits(
    "Adds {change.object} with a default that differs from row to row",
    _REWRITE,
    "Add it without the default, fill it in batches, then set the default.",
)


def _volatile_default(change: Change, table: TableSize) -> Finding | None:
    default = change.default.lower()
    return _rewrites_rows(change, table) if any(word in default for word in _VOLATILE) else None


class PostgreSQLMigrationAdapter(MigrationAdapter):
    """PostgreSQL keeps a whole revision in one transaction, with its locks."""

    grammar = "postgres"
    rules = {
        ChangeKind.ADD_COLUMN: all_of(required_without_default, _volatile_default),
        ChangeKind.CHANGE_COLUMN: waits(
            "Changes the type of {change.object}",
            _REWRITE,
            "Add a column of the new type, fill it in batches, change the code, and drop the old one later.",
        ),
        ChangeKind.REQUIRE_VALUE: waits(
            "Requires a value in {change.object}",
            "All rows are read while nobody can read or write the table; one without a value makes it fail.",
            "Add a CHECK that is NOT VALID, validate it, and then require the value: no row is read again.",
            "ALTER TABLE {change.table} ADD CONSTRAINT {change.name}_required"
            " CHECK ({change.name} IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE {change.table} VALIDATE CONSTRAINT {change.name}_required;",
        ),
        ChangeKind.CREATE_INDEX: waits(
            "Builds an index while writes to {change.table} wait",
            "Whoever writes to the table waits until it is built.",
            "Build it concurrently, outside the transaction. It takes about twice as long, and nobody waits.",
            "with op.get_context().autocommit_block():\n"
            '    op.create_index("{change.name}", "{change.table}", [...], postgresql_concurrently=True)',
        ),
        ChangeKind.ADD_KEY: waits(
            "Adds a foreign key to {change.table} while writes wait",
            "All rows are looked up, and writes to both tables wait meanwhile.",
            "Add it NOT VALID, and validate it in a migration of its own.",
        ),
        ChangeKind.ADD_CONSTRAINT: waits(
            "Adds a constraint to {change.table}",
            "All rows are read while nobody can read or write the table.",
            "Add a CHECK NOT VALID and validate it later; build a unique index concurrently.",
        ),
    }
