"""The question a health check asks about backups: is there a verified one of the whole database that is new
enough? So it is told as well when nothing runs any more that could complain (TRUST B6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.clock import utc_now
from core.errors import ObjectMissing
from core.text import duration
from database.adapters.base import Adapter, Connection
from features.health_report import Check, Status

_NOW = "Back up now, and see that a worker runs: python manage_db.py backup"
_PROVE = "Verify it: python manage_db.py verify-backup --all-due"
_THERE = "SELECT max(taken_at) FROM {backup} WHERE is_own AND is_whole AND removed_at IS NULL"
_NEWEST = f"{_THERE} AND level <> 'damaged'"
_VERIFIED = f"{_THERE} AND level IN ('equal', 'healthy')"


def check_age(adapter: Adapter, connection: Connection, target_hours: int | None) -> Iterator[Check]:
    """Is the newest verified backup of this database newer than the target? Silent where none is set, and
    where there is no table of backups, which another check tells. Raises ServerError."""
    if target_hours is None:
        return
    try:
        newest, verified = (_moment(adapter, connection, sql) for sql in (_NEWEST, _VERIFIED))
    except ObjectMissing:
        return
    target = f"target {target_hours} h"
    if verified is None:
        what = "none verified yet" if newest else "no backup yet"
        yield Check("backup", Status.DEGRADED, f"{what}, {target}", _PROVE if newest else _NOW)
        return
    age = utc_now() - verified
    value = f"newest verified {duration(max(age.total_seconds(), 0))} old, {target}"
    if age <= timedelta(hours=target_hours):
        yield Check("backup", Status.HEALTHY, value)
    else:
        yield Check("backup", Status.DEGRADED, value, _PROVE if newest != verified else _NOW)


def _moment(adapter: Adapter, connection: Connection, sql: str) -> datetime | None:
    """The moment that the question gives, None for none; two of four drivers give it without its zone, one
    as text."""
    found = adapter.value(connection, sql.format(backup=adapter.quote("backup")))
    moment = datetime.fromisoformat(found) if isinstance(found, str) else found
    if not isinstance(moment, datetime):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
