"""Indexes that a seeding has set aside.

They stand in the ledger until they are back. The column is looked for first: where a server commits every
statement, an upgrade that was cut short can be run again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "f5b0c92d714e"
down_revision = "d4b8f1e67c35"
branch_labels = None
depends_on = None

LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    if not _is_there(before=False):
        op.add_column("seed_part", sa.Column("set_aside", LONG_TEXT))


def downgrade() -> None:
    if _is_there(before=True):
        op.drop_column("seed_part", "set_aside")


def _is_there(*, before: bool) -> bool:
    """Whether the column is there; `before` says so where this is written down without a database."""
    if op.get_context().as_sql:
        return before
    return "set_aside" in {one["name"] for one in sa.inspect(op.get_bind()).get_columns("seed_part")}
