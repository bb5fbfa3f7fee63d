"""People and records.

Lists of users and of sign-ins that stay fast at any size: on PostgreSQL the texts that lists are sorted and
searched by are compared by code point, as they are everywhere else, so that one index serves both; and every
filter and every order has its index. Each is looked for first: where a server commits every statement, an
upgrade that was cut short can be run again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c51d8e2f7a60"
down_revision = "b3a94f07c1d2"
branch_labels = None
depends_on = None

INDEXES = (
    ("user", ["name", "id"]),
    ("user", ["created_at", "id"]),
    ("user", ["role", "id"]),
    ("user", ["subscription_tier", "id"]),
    ("user", ["is_active", "id"]),
    ("user_log", ["username", "timestamp"]),
)
TEXTS = (
    ("user", "username", 80),
    ("user", "email", 254),
    ("user", "name", 100),
    ("online_user", "username", 80),
    ("user_log", "username", 80),
    ("user_log", "ip_address", 45),
)


def upgrade() -> None:
    _compare("C")
    for table, columns in INDEXES:
        name = f"ix_{table}_{'_'.join(columns)}"
        if name not in _indexes(table):
            op.create_index(name, table, columns)


def downgrade() -> None:
    for table, columns in reversed(INDEXES):
        name = f"ix_{table}_{'_'.join(columns)}"
        if name in _indexes(table):
            op.drop_index(name, table)
    _compare(None)


def _compare(collation: str | None) -> None:
    """On PostgreSQL, compare the texts by that collation; the table is not rewritten, its indexes are."""
    if op.get_context().dialect.name != "postgresql":
        return
    for table, column, length in TEXTS:
        words = f'COLLATE "{collation or "default"}"'
        op.execute(sa.text(f'ALTER TABLE "{table}" ALTER COLUMN {column} TYPE VARCHAR({length}) {words}'))


def _indexes(table: str) -> set[str]:
    if op.get_context().as_sql:  # written down without a database
        return set() if _goes_up() else {f"ix_{one}_{'_'.join(columns)}" for one, columns in INDEXES}
    return {str(one["name"]) for one in sa.inspect(op.get_bind()).get_indexes(table)}


def _goes_up() -> bool:
    return op.get_context().opts.get("destination_rev") != down_revision
