"""Baseline: every table the console starts with.

It spells its types out, so that it means the same whatever the models become. What is there already stays:
where a server commits every statement, a creation that was cut short can be run again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "4f1d2c7a9b30"
down_revision = None
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = (
    "user", "online_user", "user_log", "login_session", "sign_in_link", "ssh_profile", "session", "command",
    "sync_data", "operation", "operation_line", "target_lock", "audit", "migration_history"
)


def upgrade() -> None:
    for make_table in (
        _user, _online_user, _user_log, _login_session, _sign_in_link, _ssh_profile, _session,
        _command, _sync_data, _operation, _operation_line, _target_lock, _audit, _migration_history,
    ):
        make_table()


def downgrade() -> None:
    # Tables only: MySQL refuses to drop an index that a foreign key still needs. It cannot undo a drop, so
    # there one statement drops all: it waits for the locks of all tables before it drops the first.
    # What a drop that was cut short has left is dropped by the next one.
    if op.get_context().dialect.name in ("mysql", "mariadb"):
        op.execute("DROP TABLE IF EXISTS " + ", ".join(f"`{table}`" for table in reversed(TABLES)))
        return
    for table in reversed(TABLES):
        op.drop_table(table)


def _user() -> None:
    _table(
        "user",
        _required(sa.String(80), "username"),
        _required(sa.String(254), "email"),
        _required(sa.String(100), "name"),
        _required(sa.String(255), "password_hash"),
        _required(sa.String(20), "role", "subscription_tier"),
        _required(sa.Boolean(), "is_active"),
        _required(MOMENT, "created_at", "updated_at"),
        _check("username_length", _characters("username").between(3, 80)),
        _check("email_format", sa.column("email").like("%_@_%._%")),
        _check("name_length", _characters("name").between(1, 100)),
        _check("role", "role IN ('viewer', 'operator', 'admin')"),
        _check("subscription_tier", "subscription_tier IN ('free', 'pro', 'team')"),
    )
    _indexes("user", "username", "email", unique=True)
    _indexes("user", "created_at")


def _online_user() -> None:
    _table(
        "online_user",
        _required(IDENTIFIER, "user_id"),
        _required(sa.String(80), "username"),
        _required(MOMENT, "login_datetime", "last_seen"),
        _required(sa.String(45), "ip_address"),
        _required(sa.String(255), "user_agent"),
        _reference("user_id", "user.id", "CASCADE"),
    )
    _indexes("online_user", "user_id", "username", "login_datetime")


def _user_log() -> None:
    _table(
        "user_log",
        sa.Column("user_id", IDENTIFIER),
        _required(sa.String(80), "username"),
        _required(sa.String(20), "action"),
        _required(MOMENT, "timestamp"),
        _required(sa.String(45), "ip_address"),
        _required(sa.String(255), "user_agent"),
        _reference("user_id", "user.id", "SET NULL"),
        _check("action", "action IN ('login', 'logout')"),
    )
    _indexes("user_log", "user_id", "username", "action", "timestamp", "ip_address")


def _login_session() -> None:
    _table(
        "login_session",
        _required(sa.String(64), "token_hash"),
        _required(IDENTIFIER, "user_id"),
        sa.Column("online_user_id", IDENTIFIER),
        _required(MOMENT, "created_at", "last_seen", "proven_at", "expires_at"),
        _required(sa.String(45), "ip_address"),
        _required(sa.String(255), "user_agent"),
        _reference("online_user_id", "online_user.id", "SET NULL"),
        _reference("user_id", "user.id", "CASCADE"),
        _unique("token_hash"),
    )
    _indexes("login_session", "user_id", "online_user_id", "expires_at")


def _sign_in_link() -> None:
    _table(
        "sign_in_link",
        _required(sa.String(64), "token_hash"),
        _required(sa.String(20), "purpose"),
        sa.Column("user_id", IDENTIFIER),
        _required(sa.String(100), "issuer"),
        _required(MOMENT, "created_at", "expires_at"),
        sa.Column("used_at", MOMENT),
        _reference("user_id", "user.id", "CASCADE"),
        _check("purpose", "purpose IN ('first_admin', 'password')"),
        _unique("token_hash"),
    )
    _indexes("sign_in_link", "user_id")


def _ssh_profile() -> None:
    _table(
        "ssh_profile",
        _required(IDENTIFIER, "user_id"),
        _required(sa.String(255), "host"),
        _required(sa.Integer(), "port"),
        _required(sa.String(80), "username"),
        _required(sa.String(20), "auth_method", "key_type"),
        _required(sa.String(100), "fingerprint"),
        _required(LONG_TEXT, "options"),
        _required(sa.Integer(), "use_count"),
        sa.Column("last_used_at", MOMENT),
        _required(MOMENT, "created_at"),
        _reference("user_id", "user.id", "CASCADE"),
        _check("port", "port BETWEEN 1 AND 65535"),
        _check("auth_method", "auth_method IN ('password', 'key')"),
        _check("use_count", "use_count >= 0"),
    )
    _indexes("ssh_profile", "user_id", "created_at")


def _session() -> None:
    _table(
        "session",
        _required(IDENTIFIER, "user_id"),
        sa.Column("ssh_profile_id", IDENTIFIER),
        _required(sa.String(100), "device"),
        _required(sa.Integer(), "rows", "columns"),
        _required(MOMENT, "started_at"),
        sa.Column("ended_at", MOMENT),
        _required(MOMENT, "last_active_at"),
        _reference("user_id", "user.id", "CASCADE"),
        _reference("ssh_profile_id", "ssh_profile.id", "SET NULL"),
        _check("terminal_size", (sa.column("rows") > 0) & (sa.column("columns") > 0)),
        _check("ended_at", "ended_at IS NULL OR ended_at >= started_at"),
    )
    _indexes("session", "user_id", "ssh_profile_id", "started_at")


def _command() -> None:
    _table(
        "command",
        _required(IDENTIFIER, "user_id"),
        sa.Column("session_id", IDENTIFIER),
        _required(sa.Text(), "text"),
        _required(LONG_TEXT, "output", "error"),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("duration", sa.Double()),
        _required(sa.String(500), "working_dir"),
        _required(LONG_TEXT, "environment"),
        _required(sa.Boolean(), "ai_suggested"),
        _required(sa.Text(), "explanation"),
        _required(MOMENT, "created_at"),
        _reference("user_id", "user.id", "CASCADE"),
        _reference("session_id", "session.id", "SET NULL"),
        _check("exit_code", "exit_code BETWEEN 0 AND 255"),
        _check("duration", "duration >= 0"),
    )
    _indexes("command", "user_id", "session_id", "created_at")


def _sync_data() -> None:
    _table(
        "sync_data",
        _required(IDENTIFIER, "user_id"),
        _required(sa.String(100), "device"),
        _required(sa.String(50), "data_type"),
        _required(sa.Integer(), "version"),
        _required(sa.Boolean(), "conflict"),
        _required(sa.String(20), "resolution"),
        _required(LONG_TEXT, "metadata"),
        _required(MOMENT, "synced_at"),
        _reference("user_id", "user.id", "CASCADE"),
        _check("version", "version >= 1"),
        _check("resolution", "resolution IN ('', 'local', 'remote', 'merged')"),
    )
    _indexes("sync_data", "user_id", "data_type", "synced_at")


def _operation() -> None:
    _table(
        "operation",
        _required(sa.String(26), "id"),
        _required(sa.String(50), "kind"),
        _required(sa.String(255), "title", "target"),
        _required(sa.String(20), "state"),
        _required(sa.String(100), "actor"),
        _required(sa.String(20), "through"),
        _required(sa.String(100), "phase"),
        _required(sa.Integer(), "done"),
        sa.Column("total", sa.Integer()),
        _required(sa.String(20), "unit"),
        _required(MOMENT, "created_at"),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        _required(sa.String(50), "error_code"),
        _required(sa.Text(), "error_message", "error_hint"),
        sa.Column("result", LONG_TEXT),
        _check("state", "state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')"),
        key="id",
    )
    _indexes("operation", "kind", "state", "actor")


def _operation_line() -> None:
    _table(
        "operation_line",
        _required(sa.String(26), "operation_id"),
        _required(MOMENT, "at"),
        _required(sa.Text(), "message"),
        _reference("operation_id", "operation.id", "CASCADE"),
    )
    _indexes("operation_line", "operation_id")


def _target_lock() -> None:
    _table(
        "target_lock",
        _required(sa.String(255), "target"),
        _required(sa.String(26), "operation_id"),
        _required(sa.String(255), "title"),
        _required(sa.String(100), "actor"),
        _required(MOMENT, "taken_at"),
        _required(sa.String(255), "host"),
        _required(sa.Integer(), "pid"),
        _required(sa.String(100), "process"),
        key="target",
    )


def _audit() -> None:
    _table(
        "audit",
        _required(MOMENT, "at"),
        _required(sa.String(20), "event"),
        _required(sa.String(50), "action"),
        _required(sa.String(255), "target"),
        _required(sa.String(100), "actor"),
        _required(sa.String(20), "through"),
        _required(sa.String(45), "address"),
        _required(sa.String(26), "operation_id"),
        _required(sa.String(20), "outcome"),
        _required(LONG_TEXT, "details"),
        _required(sa.String(64), "previous_hash", "hash"),
        _check("event", "event IN ('intent', 'outcome')"),
        _unique("previous_hash"),
        _unique("hash"),
    )
    _indexes("audit", "at", "action", "actor", "operation_id")


def _migration_history() -> None:
    _table(
        "migration_history",
        _required(sa.String(255), "migration_name"),
        _required(sa.String(32), "revision"),
        _required(MOMENT, "applied_at"),
        _required(sa.Double(), "duration"),
        _required(sa.String(100), "applied_by"),
        _unique("migration_name"),
    )


def _table(name: str, *items: Any, key: str = "") -> None:
    """A table counted by a column `id`, unless it has a `key` of its own."""
    if _names("get_table_names", item=name):
        return
    columns = [] if key else [sa.Column("id", IDENTIFIER, nullable=False)]
    for item in items:
        columns += item if isinstance(item, list) else [item]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(key or "id"), **OPTIONS)


def _required(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _check(name: str, condition: Any) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


def _unique(column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column)


def _reference(column: str, target: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], ondelete=on_delete)


def _indexes(table: str, *columns: str, unique: bool = False) -> None:
    for column in columns:
        name = f"ix_{table}_{column}"
        if not _names("get_indexes", table, item=name):
            op.create_index(name, table, [column], unique=unique)


def _names(question: str, *about: str, item: str) -> bool:
    """True when the database names `item` in answer to a question of SQLAlchemy's inspector."""
    if op.get_context().as_sql:  # written down without a database: nothing is there yet
        return False
    answers = getattr(sa.inspect(op.get_bind()), question)(*about)
    return any(item == (one if isinstance(one, str) else one["name"]) for one in answers)


def _characters(column: str) -> Any:
    """The number of characters in `column`: `length` counts bytes on MySQL, and is all SQLite has."""
    name = "length" if op.get_context().dialect.name == "sqlite" else "char_length"
    return getattr(sa.func, name)(sa.column(column))
