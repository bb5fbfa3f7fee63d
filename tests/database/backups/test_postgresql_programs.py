"""Programs that dump PostgreSQL: too old, missing, failing, hanging (TRUST F13, F14, F19)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import (
    AppError,
    BackupIncompatible,
    ToolFailed,
    ToolMissing,
)
from database.adapters.backup import Selection
from database.adapters.postgresql import backup_tools
from database.manifest import FactKind
from tests.database.backups.postgresql_ground import (
    Ground,
    script,
    take,
    unlike,
)
from tests.database.backups.test_postgresql_snapshot import make_bank


@pytest.mark.parametrize("version", ["13.20", "15.18", "9.6"])
def test_a_program_older_than_the_server_is_refused(postgresql: Ground, tmp_path: Path, version: str) -> None:
    """B9, F13: both versions are named."""
    folder = script(tmp_path, "pg_dump", f"echo 'pg_dump (PostgreSQL) {version}'")
    said = rf"fits PostgreSQL 16: there is .*pg_dump {version}\b"
    with pytest.raises(BackupIncompatible, match=said) as raised:
        take(postgresql.adapter(means=replace(postgresql.means, tools_path=folder)))
    assert "postgresql-client-16" in raised.value.hint


def test_a_program_that_is_not_there_is_named(
    postgresql: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: none, one that may not be run, one of another machine."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(backup_tools, "_DEBIAN", "/nowhere")
    means = replace(postgresql.means, tools_path=str(tmp_path))
    with pytest.raises(ToolMissing, match="pg_dump is not installed"):
        take(postgresql.adapter(means=means))
    (tmp_path / "pg_dump").write_bytes(b"\x7fELF nothing")
    with pytest.raises(ToolMissing):
        take(postgresql.adapter(means=means))
    (tmp_path / "pg_dump").chmod(0o755)
    with pytest.raises(AppError, match="pg_dump"):
        take(postgresql.adapter(means=means))


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("exit 2", "exit code 2"),
        ("echo 'no room' >&2; exit 1", "no room"),
        ("head -c 9000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo 'no room' >&2; exit 1", "no room"),
        ("sleep 60", "moved no byte"),
    ],
)
def test_a_program_that_fails_or_hangs(postgresql: Ground, tmp_path: Path, rest: str, said: str) -> None:
    """F19."""
    folder = script(
        tmp_path, "pg_dump", f'[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 16.99" && exit 0; {rest}'
    )
    means = replace(postgresql.means, tools_path=folder, command_timeout=2.0)
    with pytest.raises(ToolFailed, match=said):
        take(postgresql.adapter(means=means))


def test_settings_of_a_database_change_no_hash(postgresql: Ground) -> None:
    """V4: an account, a database or a role may bring formats, a search path or a policy of its own."""
    postgresql.run(
        "CREATE TABLE t AS SELECT now() AS at, interval '1 day 2 h' AS i, 0.1::float8 AS f,"
        " '\\xff'::bytea AS b, 12.5::money AS m, point(0.1, 2) AS p"
    )
    adapter = postgresql.adapter()
    taken = take(adapter)
    settings = ("DateStyle TO 'German'", "TimeZone TO 'Asia/Tokyo'", "IntervalStyle TO iso_8601",
                    "extra_float_digits TO -3", "bytea_output TO escape", "search_path TO nowhere",
                    "default_transaction_read_only TO on", "statement_timeout TO 30000",
                "row_security TO off",
                    "quote_all_identifiers TO on", "lock_timeout TO 1")  # fmt: skip
    postgresql.run(*[f"ALTER DATABASE {postgresql.live} SET {setting}" for setting in settings])
    again = take(adapter)
    assert again.manifest.inventory.tables == taken.manifest.inventory.tables
    assert again.manifest.inventory.of(FactKind.COLUMN) == taken.manifest.inventory.of(FactKind.COLUMN)
    place, undone = postgresql.restored(adapter, again.source)
    assert not undone and unlike(adapter, place.name, again.manifest) == ()


def test_an_inventory_without_a_dump_leaves_nothing(postgresql: Ground) -> None:
    make_bank(postgresql)
    with postgresql.adapter().snapshot(op := postgresql.op(), Selection()) as held:
        assert held.inventory(op, contents=False).hash == ""
    assert postgresql.left_of(op) == []
