"""Rows that a constraint of the models would refuse, found before it is created."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Integer,
    Select,
    UniqueConstraint,
    and_,
    func,
    literal_column,
    not_,
    select,
)
from sqlalchemy.sql.elements import Grouping

from database.orphans import orphans_of


def breaches_of(constraint: Constraint) -> Select[int]:
    """The rows that break `constraint`, as ones: those its CHECK is false for (not unknown), those whose
    key appears more than once, or those whose foreign key points nowhere."""
    if isinstance(constraint, ForeignKeyConstraint):
        return orphans_of(constraint)
    if isinstance(constraint, UniqueConstraint):
        return _duplicates(constraint)
    if isinstance(constraint, CheckConstraint):
        broken = not_(Grouping(constraint.sqltext))
        return select(literal_column("1", Integer)).select_from(constraint.table).where(broken)
    raise TypeError(f"no rows are looked for that break a {type(constraint).__name__}")


def _duplicates(constraint: UniqueConstraint) -> Select[int]:
    table, columns = constraint.table, list(constraint.columns)
    several = select(*columns).group_by(*columns).having(func.count() > 1).subquery("several")
    same = and_(*(column == several.c[column.key] for column in columns))
    return select(literal_column("1", Integer)).select_from(table.join(several, same))
