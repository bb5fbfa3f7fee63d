"""Backups and tokens.

Backups with what was seen of each, the databases that restores put aside, and the tokens of the REST API. It
spells its types out, so that it means the same whatever the models become. Each table is looked for first:
where a server commits every statement, an upgrade that was cut short can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "b3a94f07c1d2"
down_revision = "8c20e5b1d6f4"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = ("backup", "backup_evidence", "replacement", "api_token")
LEVELS = "'stored', 'intact', 'readable', 'restored', 'equal', 'healthy'"


def upgrade() -> None:
    for make_table in (_backup, _backup_evidence, _replacement, _api_token):
        make_table()


def downgrade() -> None:
    there = _tables()
    for table in reversed(TABLES):
        if table in there:
            op.drop_table(table)


def _backup() -> None:
    made = _table(
        "backup",
        _required(sa.String(26), "id"),
        _required(sa.String(255), "database"),
        _required(sa.Boolean(), "is_own"),
        [sa.Column("database_id", sa.String(26))],
        _required(sa.String(20), "origin"),
        _required(sa.String(50), "reason"),
        _required(sa.String(100), "made_by"),
        _required(sa.Text(), "note"),
        _required(sa.String(26), "operation_id"),
        _required(sa.String(20), "dialect"),
        _required(sa.String(100), "server", "tool", "revision"),
        _required(sa.String(40), "storage"),
        _required(sa.String(255), "file"),
        _required(sa.String(64), "manifest_sha256", "sha256"),
        _required(IDENTIFIER, "size"),
        [sa.Column("data_size", IDENTIFIER), sa.Column("table_count", sa.Integer()), sa.Column("row_count", IDENTIFIER)],
        _required(sa.String(100), "encrypted_to"),
        _required(MOMENT, "taken_at"),
        _required(sa.Double(), "seconds"),
        [sa.Column("restore_seconds", sa.Double())],
        _required(sa.String(20), "level"),
        [sa.Column("proven_at", MOMENT)],
        _required(sa.Boolean(), "is_pinned"),
        [sa.Column("removed_at", MOMENT)],
        _keys("database_id", file=True),
        [
            sa.CheckConstraint(f"level IN ({LEVELS}, 'damaged')", name="level"),
            sa.CheckConstraint("origin IN ('made', 'uploaded', 'adopted')", name="origin"),
        ],
    )
    _indexes("backup", made, ["database", "taken_at"], ["taken_at", "id"], ["database_id"])


def _backup_evidence() -> None:
    made = _table(
        "backup_evidence",
        _required(IDENTIFIER, "id"),
        _required(sa.String(26), "backup_id"),
        _required(sa.String(20), "level"),
        _required(sa.Boolean(), "is_met"),
        _required(MOMENT, "seen_at"),
        _required(sa.Double(), "seconds"),
        _required(sa.Text(), "details"),
        _required(sa.String(26), "operation_id"),
        [
            sa.PrimaryKeyConstraint("id"),
            sa.ForeignKeyConstraint(["backup_id"], ["backup.id"], ondelete="CASCADE"),
            sa.CheckConstraint(f"level IN ({LEVELS})", name="level"),
        ],
    )
    _indexes("backup_evidence", made, ["backup_id", "id"])


def _replacement() -> None:
    made = _table(
        "replacement",
        _required(sa.String(26), "id"),
        [sa.Column("backup_id", sa.String(26))],
        _required(sa.String(255), "database"),
        _required(sa.Boolean(), "is_own"),
        [sa.Column("database_id", sa.String(26))],
        _required(sa.String(255), "live_name", "new_name", "kept_name", "live_identity", "new_identity"),
        _required(sa.String(26), "operation_id"),
        _required(sa.String(20), "state"),
        _required(MOMENT, "created_at"),
        [sa.Column("swapped_at", MOMENT), sa.Column("kept_until", MOMENT)],
        _keys("database_id"),
        [
            sa.ForeignKeyConstraint(["backup_id"], ["backup.id"], ondelete="SET NULL"),
            sa.CheckConstraint(
                "state IN ('prepared', 'swapped', 'undone', 'dropped', 'abandoned')", name="state"
            ),
        ],
    )
    _indexes("replacement", made, ["state", "kept_until"], ["backup_id"], ["database_id"])


def _api_token() -> None:
    made = _table(
        "api_token",
        _required(sa.String(26), "id"),
        _required(IDENTIFIER, "user_id"),
        _required(sa.String(80), "name"),
        _required(sa.String(16), "prefix"),
        _required(sa.String(64), "hash"),
        _required(sa.String(20), "role"),
        _required(MOMENT, "created_at"),
        _required(sa.String(100), "created_by"),
        _required(MOMENT, "expires_at"),
        [sa.Column("revoked_at", MOMENT)],
        _required(sa.String(100), "revoked_by"),
        [sa.Column("last_used_at", MOMENT)],
        [
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("prefix"),
            sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
            sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
        ],
    )
    _indexes("api_token", made, ["user_id"])


def _keys(*databases: str, file: bool = False) -> list[Any]:
    """The primary key, a unique file, and the foreign keys onto a registration that may go."""
    unique = [sa.UniqueConstraint("file")] if file else []
    foreign = [
        sa.ForeignKeyConstraint([name], ["registered_database.id"], ondelete="SET NULL") for name in databases
    ]
    return [sa.PrimaryKeyConstraint("id"), *unique, *foreign]


def _table(name: str, *items: list[Any]) -> bool:
    """Make a table; False when it is there."""
    if name in _tables():
        return False
    op.create_table(name, *(one for item in items for one in item), **OPTIONS)
    return True


def _indexes(table: str, made: bool, *columns: list[str]) -> None:
    there = set() if made else {str(one["name"]) for one in sa.inspect(op.get_bind()).get_indexes(table)}
    for names in columns:
        name = f"ix_{table}_{'_'.join(names)}"
        if name not in there:
            op.create_index(name, table, names)


def _required(kind: Any, *names: str) -> list[Any]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _tables() -> Sequence[str]:
    if op.get_context().as_sql:  # written down without a database: nothing is there yet
        return ()
    return sa.inspect(op.get_bind()).get_table_names()
