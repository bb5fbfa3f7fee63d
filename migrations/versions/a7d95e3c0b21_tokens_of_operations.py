"""The token that an operation came with.

It is asked for again when the work begins: what a token started waits in vain once that is revoked. The
column is looked for first: where a server commits every statement, an upgrade that was cut short can be run
again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a7d95e3c0b21"
down_revision = "e2c7a51b9d08"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if not _is_there(before=False):
        op.add_column("operation", sa.Column("token_prefix", sa.String(16)))


def downgrade() -> None:
    if _is_there(before=True):
        op.drop_column("operation", "token_prefix")


def _is_there(*, before: bool) -> bool:
    """Whether the column is there; `before` says so where this is written down without a database."""
    if op.get_context().as_sql:
        return before
    return "token_prefix" in {one["name"] for one in sa.inspect(op.get_bind()).get_columns("operation")}
