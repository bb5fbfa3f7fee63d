"""Runs of migrations.

Who ran what on which database, by which plan. It spells its types out, so that it means the same whatever the
models become. The table is looked for first: where a server commits every statement, an upgrade that was cut
short can be run again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "d4b8f1e67c35"
down_revision = "a7d95e3c0b21"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
INDEX = "ix_migration_run_database_started_at"


def upgrade() -> None:
    if not _is_there(before=False):
        _make_table()
    if not _has_index():
        op.create_index(INDEX, "migration_run", ["database", "started_at"])


def downgrade() -> None:
    if _is_there(before=True):
        op.drop_table("migration_run")


def _make_table() -> None:
    op.create_table(
        "migration_run",
        _text("id", 26),
        _text("database", 255),
        _text("direction", 20),
        _text("from_revision", 255),
        _text("to_revision", 255),
        sa.Column("revisions", sa.Integer(), nullable=False),
        _text("plan_hash", 64),
        _text("backup", 255),
        _text("applied_by", 100),
        _text("state", 20),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        _text("fingerprint", 64),
        _text("health_before", 20),
        _text("health_after", 20),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("direction IN ('upgrade', 'downgrade')", name="direction"),
        sa.CheckConstraint("state IN ('running', 'succeeded', 'failed')", name="state"),
        **OPTIONS,
    )


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _is_there(*, before: bool) -> bool:
    """Whether the table is there; `before` says so where this is written down without a database."""
    if op.get_context().as_sql:
        return before
    return "migration_run" in sa.inspect(op.get_bind()).get_table_names()


def _has_index() -> bool:
    if op.get_context().as_sql:
        return False
    return INDEX in {one["name"] for one in sa.inspect(op.get_bind()).get_indexes("migration_run")}
