"""Background work, and the console around it.

Attempts and leases of operations, their phases, the end of the audit chain, refused sign-ins, registered
databases and the sizes of databases over time. It spells its types out, so that it means the same whatever
the models become. Each step looks first whether it is done: where a server commits every statement, an
upgrade that was cut short can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "8c20e5b1d6f4"
down_revision = "4f1d2c7a9b30"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = ("operation_phase", "audit_head", "sign_in_failure", "registered_database", "size_sample")

# The rows that are there get these values; the columns keep no default of the server.
OPERATION_COLUMNS: dict[str, tuple[Any, str | None]] = {
    "arguments": (LONG_TEXT, None),
    "role": (sa.String(20), "''"),
    "user_id": (IDENTIFIER, None),
    "address": (sa.String(45), "''"),
    "attempt": (sa.Integer(), "1"),
    "attempts": (sa.Integer(), "1"),
    "worker": (sa.String(255), "''"),
    "heartbeat_at": (MOMENT, None),
    "lease_until": (MOMENT, None),
    "cancel_requested_at": (MOMENT, None),
    "cancel_requested_by": (sa.String(100), "''"),
}
# In the order in which pages read; each takes the place of the index on its first column alone.
LONGER_INDEXES = {"operation": ("state", "id"), "operation_line": ("operation_id", "id")}
SESSION_COLUMNS: dict[str, tuple[Any, str | None]] = {"stays": (sa.Boolean(), "false")}


def upgrade() -> None:
    _add_columns("operation", OPERATION_COLUMNS)
    _count_in(IDENTIFIER)
    for table, columns in LONGER_INDEXES.items():
        _replace_index(table, columns[:1], columns)
    _add_columns("login_session", SESSION_COLUMNS)
    for make_table in (_operation_phase, _audit_head, _sign_in_failure, _registered_database, _size_sample):
        make_table()


def downgrade() -> None:
    there = _tables()
    for table in reversed(TABLES):
        if table in there:
            op.drop_table(table)
    _drop_columns("login_session", SESSION_COLUMNS)
    for table, columns in LONGER_INDEXES.items():
        _replace_index(table, columns, columns[:1])
    _count_in(sa.Integer())
    _drop_columns("operation", OPERATION_COLUMNS)


def _add_columns(table: str, columns: dict[str, tuple[Any, str | None]]) -> None:
    missing = {name: kind for name, kind in columns.items() if name not in _columns(table)}
    with op.batch_alter_table(table) as batch:
        for name, (kind, value) in missing.items():
            default = sa.text(value) if value else None
            batch.add_column(sa.Column(name, kind, nullable=value is None, server_default=default))
    with op.batch_alter_table(table) as batch:
        for name, (kind, value) in columns.items():
            if value:
                batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def _drop_columns(table: str, columns: dict[str, tuple[Any, str | None]]) -> None:
    there = _columns(table)
    with op.batch_alter_table(table) as batch:
        for name in columns:
            if name in there:
                batch.drop_column(name)


def _count_in(kind: Any) -> None:
    """A phase may count bytes, of which there are more than 2 GB."""
    other = sa.Integer() if kind is IDENTIFIER else IDENTIFIER
    with op.batch_alter_table("operation") as batch:
        batch.alter_column("done", existing_type=other, type_=kind, existing_nullable=False)
        batch.alter_column("total", existing_type=other, type_=kind, existing_nullable=True)


def _operation_phase() -> None:
    _table(
        "operation_phase",
        _required(sa.String(26), "operation_id"),
        _required(sa.Integer(), "attempt", "position"),
        _required(sa.String(100), "name"),
        _required(IDENTIFIER, "done"),
        [sa.Column("total", IDENTIFIER)],
        _required(sa.String(20), "unit"),
        _required(MOMENT, "started_at"),
        [sa.Column("finished_at", MOMENT)],
        _required(LONG_TEXT, "speeds"),
        [sa.PrimaryKeyConstraint("operation_id", "attempt", "position")],
        [sa.ForeignKeyConstraint(["operation_id"], ["operation.id"], ondelete="CASCADE")],
    )


def _audit_head() -> None:
    """The rows that are there are counted, and the newest of them is the end of the chain."""
    if _table(
        "audit_head",
        [sa.Column("id", IDENTIFIER, nullable=False, autoincrement=False)],
        _required(IDENTIFIER, "entries"),
        _required(sa.String(64), "hash"),
        [sa.PrimaryKeyConstraint("id")],
    ):
        audit = sa.table("audit", sa.column("id"), sa.column("hash"))
        newest = sa.select(audit.c.hash).order_by(audit.c.id.desc()).limit(1).scalar_subquery()
        count = sa.select(sa.func.count()).select_from(audit).scalar_subquery()
        values = sa.select(sa.literal(1), count, sa.func.coalesce(newest, "0" * 64))
        head = sa.table("audit_head", sa.column("id"), sa.column("entries"), sa.column("hash"))
        op.execute(head.insert().from_select(["id", "entries", "hash"], values))


def _sign_in_failure() -> None:
    made = _table(
        "sign_in_failure",
        _required(IDENTIFIER, "id"),
        _required(MOMENT, "at"),
        _required(sa.String(254), "account"),
        _required(sa.String(45), "network", "ip_address"),
        [sa.PrimaryKeyConstraint("id")],
    )
    _indexes("sign_in_failure", made, ["at"], ["account", "at"], ["network", "at"])


def _registered_database() -> None:
    _table(
        "registered_database",
        _required(sa.String(26), "id"),
        _required(sa.String(80), "name"),
        _required(sa.String(20), "environment", "dialect"),
        _required(sa.String(255), "host"),
        _required(sa.Integer(), "port"),
        _required(sa.String(128), "account"),
        _required(sa.Text(), "password"),
        _required(sa.String(255), "database_name"),
        _required(sa.String(20), "tls_mode"),
        _required(sa.String(255), "tls_root_certificate"),
        _required(MOMENT, "created_at"),
        _required(sa.String(100), "created_by"),
        _required(sa.String(40), "state"),
        [sa.Column("checked_at", MOMENT)],
        _required(sa.String(100), "version"),
        [sa.Column("size", IDENTIFIER)],
        _required(sa.Text(), "message"),
        [
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("name"),
            sa.CheckConstraint("dialect IN ('postgresql', 'mysql', 'mariadb', 'sqlite')", name="dialect"),
            sa.CheckConstraint(
                "environment IN ('development', 'testing', 'staging', 'production')", name="environment"
            ),
        ],
    )


def _size_sample() -> None:
    made = _table(
        "size_sample",
        _required(IDENTIFIER, "id"),
        [sa.Column("database_id", sa.String(26))],
        _required(MOMENT, "taken_at"),
        _required(IDENTIFIER, "size"),
        [sa.PrimaryKeyConstraint("id")],
        [sa.ForeignKeyConstraint(["database_id"], ["registered_database.id"], ondelete="CASCADE")],
    )
    _indexes("size_sample", made, ["database_id", "taken_at"])


def _table(name: str, *items: list[Any]) -> bool:
    """Make a table; False when it is there."""
    if name in _tables():
        return False
    op.create_table(name, *(one for item in items for one in item), **OPTIONS)
    return True


def _indexes(table: str, made: bool, *columns: list[str]) -> None:
    there = set() if made else _index_names(table)
    for names in columns:
        name = _index_name(table, names)
        if name not in there:
            op.create_index(name, table, names)


def _replace_index(table: str, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """The new one is made first: MySQL keeps an index under every foreign key."""
    written_down = op.get_context().as_sql
    there = {_index_name(table, old)} if written_down else _index_names(table)
    if _index_name(table, new) not in there:
        op.create_index(_index_name(table, new), table, list(new))
    if _index_name(table, old) in there:
        op.drop_index(_index_name(table, old), table)


def _index_name(table: str, columns: Sequence[str]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"


def _index_names(table: str) -> set[str]:
    return {str(one["name"]) for one in sa.inspect(op.get_bind()).get_indexes(table)}


def _required(kind: Any, *names: str) -> list[Any]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _tables() -> set[str]:
    if op.get_context().as_sql:  # written down without a database: nothing is there yet
        return set()
    return set(sa.inspect(op.get_bind()).get_table_names())


def _columns(table: str) -> set[str]:
    if op.get_context().as_sql:
        return set()
    return {str(one["name"]) for one in sa.inspect(op.get_bind()).get_columns(table)}
