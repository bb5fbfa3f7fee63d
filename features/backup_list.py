"""The backups as a list, the newest first, and how many there are of each proof."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true

from core.backup_levels import DAMAGED, VERIFIED
from core.errors import InvalidInput
from core.naming import fold
from core.text import visible
from database.context import current_settings
from database.transactions import transaction
from features.backup_rows import BackupFacts, facts_of
from models import Backup

Proof = Literal["all", "verified", "not_verified", "damaged"]

LIMIT = 200
BRINGS_ALL_BACK = and_(Backup.level.in_(VERIFIED), Backup.is_whole.is_(True))
_COUNTED = ("all", "verified", "not_verified", "damaged")
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9a-z]{26})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class BackupCounts:
    """How many backups there are of each proof; every one of `all` is of one of the others."""

    all: int
    verified: int
    not_verified: int
    damaged: int


@dataclass(frozen=True)
class BackupPage:
    """A part of the backups asked for, the newest first. `next_cursor` is where the older ones begin, "" when
    none follow; `counts` are those of the database, whatever part and proof was asked for."""

    backups: tuple[BackupFacts, ...]
    next_cursor: str
    counts: BackupCounts


def list_backups(database: str = "", proof: str = "all", cursor: str = "", limit: int = 50) -> BackupPage:
    """At most `limit` backups, never more than 200, of one database, or of all for "", and of one `Proof`.
    Needs an application context. Raises InvalidInput for a proof or a cursor that is none, ServerError."""
    size = max(1, min(limit, LIMIT))
    wanted = (
        select(Backup)
        .where(backups_of(database), _proof(proof), _after(cursor))
        .order_by(Backup.taken_at.desc(), Backup.id.desc())
        .limit(size + 1)
    )
    with transaction() as session:
        found = tuple(facts_of(row) for row in session.scalars(wanted))
        counts = BackupCounts(**session.execute(_counts(database)).mappings().one())
    shown = found[:size]
    return BackupPage(shown, _cursor(shown[-1]) if len(found) > size else "", counts)


def backups_of(database: str) -> ColumnElement[bool]:
    """True of the backups of that database which are still there; of every database's for ""."""
    there = Backup.removed_at.is_(None)
    return and_(is_of(database), there) if database else there


def is_of(database: str) -> ColumnElement[bool]:
    """True of whatever backup was taken of the database of that name, however it is written."""
    own = current_settings().database.name
    names = {visible(database), fold(visible(database))}
    return Backup.database.in_(names | {own} if fold(own) in names else names)


def _proof(proof: str) -> ColumnElement[bool]:
    match proof:
        case "all":
            return true()
        case "verified":
            return Backup.level.in_(VERIFIED)
        case "not_verified":
            return Backup.level.not_in((*VERIFIED, DAMAGED))
        case "damaged":
            return Backup.level == DAMAGED
    raise InvalidInput(
        f'"{visible(proof[:40])}" is no proof.', hint="Proofs: all, verified, not_verified, damaged."
    )


def _counts(database: str) -> Any:
    kinds = [func.count(case((_proof(proof), 1))).label(proof) for proof in _COUNTED]
    return select(*kinds).where(backups_of(database))


def _cursor(last: BackupFacts) -> str:
    return f"{(last.taken_at - _EPOCH) // _MICROSECOND}-{last.id}"


def _after(cursor: str) -> ColumnElement[bool]:
    if not cursor:
        return true()
    match = _CURSOR.fullmatch(cursor)
    if not match:
        raise InvalidInput("That is no place in the list of backups.", hint="Begin at its start again.")
    taken_at, id = _EPOCH + int(match[1]) * _MICROSECOND, match[2]
    return or_(Backup.taken_at < taken_at, and_(Backup.taken_at == taken_at, Backup.id < id))
