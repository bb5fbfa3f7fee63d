"""The ledger of seeding.

Each run and the rows it made of each table. It spells its types out, so that it means the same whatever the
models become. Each table is looked for first: where a server commits every statement, an upgrade that was cut
short can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "e2c7a51b9d08"
down_revision = "c51d8e2f7a60"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    _seed_run()
    _seed_part()


def downgrade() -> None:
    there = _tables()
    for table in ("seed_part", "seed_run"):
        if table in there:
            op.drop_table(table)


def _seed_run() -> None:
    made = _table(
        "seed_run",
        _required(sa.String(26), "id"),
        _required(sa.String(255), "database"),
        _required(sa.String(100), "made_by"),
        _required(sa.String(20), "mode"),
        _required(IDENTIFIER, "seed"),
        _required(sa.Text(), "wanted"),
        _required(sa.String(26), "operation_id"),
        _required(IDENTIFIER, "updated"),
        _required(MOMENT, "started_at"),
        [sa.Column("finished_at", MOMENT)],
        _required(sa.Double(), "seconds"),
        [
            sa.Column("undone_at", MOMENT),
            sa.PrimaryKeyConstraint("id"),
            sa.CheckConstraint("mode IN ('add', 'upsert', 'clean first', 'scenario', 'sample')", name="mode"),
        ],
    )
    _indexes("seed_run", made, ["database", "started_at"], ["operation_id"])


def _seed_part() -> None:
    made = _table(
        "seed_part",
        _required(IDENTIFIER, "id"),
        _required(sa.String(26), "run_id"),
        _required(sa.String(255), "table_name"),
        _required(IDENTIFIER, "seed", "first", "wanted", "done"),
        [sa.Column("first_key", IDENTIFIER)],
        _required(LONG_TEXT, "parents"),
        _required(sa.Double(), "seconds"),
        [
            sa.Column("removed_at", MOMENT),
            sa.PrimaryKeyConstraint("id"),
            sa.ForeignKeyConstraint(["run_id"], ["seed_run.id"], ondelete="CASCADE"),
            sa.CheckConstraint("first >= 0 AND wanted > 0 AND done >= 0 AND done <= wanted", name="rows"),
        ],
    )
    _indexes("seed_part", made, ["table_name", "seed"], ["run_id"])


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
