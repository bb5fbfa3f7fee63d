"""Many users and their sign-ins, written by the server itself; the newest sign-in last."""

from __future__ import annotations

import psycopg2

LOG_ROWS = 5  # of each user

_USERS = """
INSERT INTO "user" (username, email, name, password_hash, role, subscription_tier, is_active, created_at,
    updated_at)
SELECT 'user' || n, 'user' || n || '@example.com', initcap(substr(md5(n::text), 1, 6)) || ' ' || n, '',
    CASE WHEN n %% 1000 = 0 THEN 'admin' WHEN n %% 20 = 0 THEN 'operator' ELSE 'viewer' END,
    CASE WHEN n %% 3 = 0 THEN 'pro' ELSE 'free' END, n %% 50 <> 0,
    timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01' + n * interval '1 second'
FROM generate_series(1, %(users)s) n
"""
_LOG = """
INSERT INTO user_log (user_id, username, action, timestamp, ip_address, user_agent)
SELECT who, 'user' || who, CASE WHEN n %% 2 = 0 THEN 'logout' ELSE 'login' END,
    timestamptz '2026-02-01' + n * interval '1 second',
    '10.' || n %% 250 || '.' || n %% 199 || '.' || n %% 31, 'Firefox'
FROM (SELECT n, n * 7919::bigint %% %(users)s + 1 AS who FROM generate_series(1, %(rows)s) n) log
"""
_INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid IN ('user_log'::regclass, '"user"'::regclass) AND NOT i.indisprimary
"""


def fill(url: str, users: int) -> None:
    """Put that many users and five times as many sign-ins into a fresh database."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        # Indexes are made once all is there, and nothing is looked up for the foreign key: ids count from 1.
        cursor.execute("SET synchronous_commit = off; SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(_INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute(_USERS, {"users": users})
        cursor.execute(_LOG, {"users": users, "rows": users * LOG_ROWS})
        for _, statement in indexes:
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def row_at(url: str, table: str, columns: str, depth: int, order: str) -> tuple[object, ...]:
    """The row at that depth of an order."""
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {columns} FROM "{table}" ORDER BY {order} OFFSET {depth:d} LIMIT 1')
        found = cursor.fetchone()
    connection.close()
    assert found is not None
    return tuple(found)
