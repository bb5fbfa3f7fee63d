"""What only PostgreSQL is asked by the health check: long transactions, blocked sessions, wraparound."""

from __future__ import annotations

from core.text import duration, plural
from database.adapters.base import Adapter, Connection, Probe
from database.adapters.network import LONG_TRANSACTION

_BLOCKED_SECONDS = 10
_OLD_AGE = 1_000_000_000
_LAST_AGE = 1_800_000_000

_LONG = """
    SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float
    FROM pg_catalog.pg_stat_activity
    WHERE backend_type = 'client backend' AND datname = pg_catalog.current_database()
      AND xact_start < clock_timestamp() - make_interval(secs => %s)
    ORDER BY xact_start
"""
_BLOCKED = """
    SELECT pid, pg_catalog.pg_blocking_pids(pid)
    FROM pg_catalog.pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = pg_catalog.current_database()
      AND query_start < clock_timestamp() - make_interval(secs => %s)
    ORDER BY query_start LIMIT 20
"""
_AGE = "SELECT max(pg_catalog.age(datfrozenxid)) FROM pg_catalog.pg_database WHERE datallowconn"


def probes(adapter: Adapter, connection: Connection) -> tuple[Probe, ...]:
    """Three questions, each answered from memory or a few rows."""
    return (
        _long_transactions(adapter.rows(connection, _LONG, (LONG_TRANSACTION,))),
        _blocked_sessions(adapter.rows(connection, _BLOCKED, (_BLOCKED_SECONDS,))),
        _wraparound(adapter.rows(connection, _AGE)[0][0]),
    )


def _long_transactions(rows: list[tuple[int, float]]) -> Probe:
    if not rows:
        return Probe("long_transactions", "healthy", f"none open for {LONG_TRANSACTION // 60} min")
    pid, seconds = rows[0]
    value = f"{plural(len(rows), 'transaction')}, the oldest {duration(seconds)} in session {pid}"
    return Probe("long_transactions", "degraded", value, "It keeps old rows and locks: end that session.")


def _blocked_sessions(rows: list[tuple[int, list[int]]]) -> Probe:
    if not rows:
        return Probe("blocked_sessions", "healthy", f"none waiting for a lock for {_BLOCKED_SECONDS} s")
    holders = sorted({holder for _, holders in rows for holder in holders})
    value = f"{plural(len(rows), 'session')} waiting for {', '.join(map(str, holders))}"
    return Probe("blocked_sessions", "degraded", value, "Wait until those sessions are done, or end them.")


def _wraparound(age: int) -> Probe:
    status = "unhealthy" if age >= _LAST_AGE else "degraded" if age >= _OLD_AGE else "healthy"
    hint = "" if status == "healthy" else "Run VACUUM FREEZE before the server stops taking writes."
    return Probe("transaction_age", status, f"{age:,} of 2,147,483,648 transactions", hint)
