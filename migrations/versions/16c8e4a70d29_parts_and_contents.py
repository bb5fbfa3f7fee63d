"""Which backups hold all of their database, and which their contents hashed.

The backups that are there count as whole and hashed unless the operation that made them was told otherwise, or
what was seen of them says that their rows were counted and nothing else. Counts alone make no backup equal: such
a one is as far as restored. The columns keep a default, for a console of an earlier release that still runs. They
are looked for first: where a server commits every statement, an upgrade that was cut short can be run again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "16c8e4a70d29"
down_revision = "f5b0c92d714e"
branch_labels = None
depends_on = None

COLUMNS = ("is_whole", "has_contents")
BACKUP = sa.table(
    "backup",
    *(sa.column(name, sa.String()) for name in ("id", "operation_id", "level")),
    *(sa.column(name, sa.Boolean()) for name in COLUMNS),
)
OPERATION = sa.table("operation", *(sa.column(name, sa.String()) for name in ("id", "kind", "arguments")))
EVIDENCE = sa.table(
    "backup_evidence", *(sa.column(name, sa.String()) for name in ("backup_id", "level", "details"))
)


def upgrade() -> None:
    there = _columns(before=False)
    for name in COLUMNS:
        if name not in there:
            column = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true())
            op.add_column("backup", column)
    _tell_apart()


def downgrade() -> None:
    there = _columns(before=True)
    for name in COLUMNS:
        if name in there:
            op.drop_column("backup", name)


def _tell_apart() -> None:
    asked = OPERATION.c.arguments
    is_part = asked.like('%"schemas": ["%') | asked.like('%"tables": ["%')
    is_counted = asked.like('%"contents": false%')
    said = EVIDENCE.c.details
    counted = sa.select(EVIDENCE.c.backup_id).where(
        EVIDENCE.c.level == "equal",
        said.like("%row%as in the manifest"),
        said.not_like("%with their contents%"),
    )
    _set("is_whole", BACKUP.c.operation_id.in_(_made_so(is_part)))
    _set("has_contents", BACKUP.c.operation_id.in_(_made_so(is_counted)) | BACKUP.c.id.in_(counted))
    is_beyond = BACKUP.c.has_contents.is_(sa.false()) & BACKUP.c.level.in_(("equal", "healthy"))
    op.execute(BACKUP.update().where(is_beyond).values(level="restored"))


def _made_so(which: sa.ColumnElement[bool]) -> sa.Select[tuple[str]]:
    return sa.select(OPERATION.c.id).where(OPERATION.c.kind == "backup.create", which)


def _set(name: str, which: sa.ColumnElement[bool]) -> None:
    op.execute(BACKUP.update().where(which).values({name: sa.false()}))


def _columns(*, before: bool) -> set[str]:
    """Those that are there; `before` says whether ours are, where this is written down without a database."""
    if op.get_context().as_sql:
        return set(COLUMNS) if before else set()
    return {str(one["name"]) for one in sa.inspect(op.get_bind()).get_columns("backup")}
