"""Rows that point nowhere are counted and named (SPEC section 5, `verify`: orphans)."""

from __future__ import annotations

import pytest

from core.connection import parse_url
from database.orphans import BOUND
from database.schema import Fault, find_faults
from tests.database.schemas import make_schema
from tests.servers import Server

# What a restore of one table after the other does.
_KEYS_OFF = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mariadb": "SET foreign_key_checks = 0",
    "mysql": "SET foreign_key_checks = 0",
}
_ENTRY = "({}, {}, 'bob', 'login', '2026-01-01 00:00:00', '', '')"
_COLUMNS = "id, user_id, username, action, timestamp, ip_address, user_agent"


@pytest.fixture
def whole_url(database_url: str) -> str:
    """A database with everything the models say."""
    make_schema(database_url)
    return database_url


def _faults(server: Server, url: str, user: str, count: int) -> tuple[Fault, ...]:
    """What is found when so many entries of the log belong to that user."""
    rows = ", ".join(_ENTRY.format(number + 1, user) for number in range(count))
    server.execute(url, _KEYS_OFF[server.dialect], f"INSERT INTO user_log ({_COLUMNS}) VALUES {rows}")
    return find_faults(parse_url(url))


def test_orphans_are_counted_and_named(server: Server, whole_url: str) -> None:
    [fault] = _faults(server, whole_url, user="77", count=3)
    assert (fault.kind, fault.table, fault.name) == ("orphans", "user_log", "fk_user_log_user_id")
    assert fault.message == "3 rows of user_log point by user_id to a user that does not exist."


def test_no_more_than_needed_are_counted(server: Server, whole_url: str) -> None:
    [fault] = _faults(server, whole_url, user="77", count=BOUND + 5)
    assert fault.message.startswith("More than 1,000 rows of user_log point by user_id to ")


def test_a_row_that_refers_to_nobody_is_no_orphan(server: Server, whole_url: str) -> None:
    assert _faults(server, whole_url, user="NULL", count=3) == ()


def test_orphans_are_found_where_their_foreign_key_is_gone(server: Server, whole_url: str) -> None:
    if server.dialect == "sqlite":
        pytest.skip("SQLite drops no constraint")
    server.execute(whole_url, "ALTER TABLE user_log DROP CONSTRAINT fk_user_log_user_id")
    assert [fault.message for fault in _faults(server, whole_url, user="77", count=1)] == [
        "Foreign key fk_user_log_user_id on user_log is missing.",
        "1 row of user_log points by user_id to a user that does not exist.",
    ]


def test_a_missing_table_has_no_orphans(server: Server, whole_url: str) -> None:
    server.execute(whole_url, "DROP TABLE login_session", "DROP TABLE online_user")
    messages = [fault.message for fault in find_faults(parse_url(whole_url))]
    assert messages == ["Table login_session is missing.", "Table online_user is missing."]
