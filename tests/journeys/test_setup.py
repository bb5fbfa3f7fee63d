"""The walk of an operator: make a database, look at it, tear it down, through the real doors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.clock import utc_now
from features.passwords import verify_password
from features.recipes.moments import seed_of_day
from features.recipes.users import username_of
from tests.journeys.tools import Ran, run_tool
from tests.servers import Server

SAMPLED = ("user", "user_log", "ssh_profile", "session", "command", "sync_data")


@pytest.fixture
def manage(database_url: str, tmp_path: Path):
    """`manage_db.py` on a fresh database."""

    def run(*arguments: str, **settings: str) -> Ran:
        return run_tool("manage_db.py", *arguments, cwd=tmp_path, DATABASE_URL=database_url, **settings)

    return run


@pytest.mark.every_server
def test_init_with_sample_data_then_again(manage, server: Server, database_url: str, tmp_path: Path) -> None:
    first = manage("init", "--sample-data")
    assert first.code == 0, first.err
    assert "tables created" in first.out
    assert re.search(r"http://127\.0\.0\.1:5000/first-admin/\S{20,}", first.out)
    for table in SAMPLED:
        assert int(re.search(rf"^{table} +([\d,]+)$", first.out, re.M)[1].replace(",", "")) >= 12  # type: ignore[index]

    again = manage("init", "--sample-data")
    assert again.code == 0, again.err
    assert "nothing was missing" in again.out
    assert "Nothing was added" in again.out

    assert manage("verify").out.strip() == "Everything is as the models say."
    health = run_tool("db_health_check.py", "--json", cwd=tmp_path, DATABASE_URL=database_url)
    assert health.code in (0, 1), health.out  # 1 where this machine's own disk is nearly full
    status = run_tool("migrate.py", "status", cwd=tmp_path, DATABASE_URL=database_url)
    assert "Pending  0" in status.out
    history = run_tool("migrate.py", "history", cwd=tmp_path, DATABASE_URL=database_url)
    assert "baseline" in history.out


def test_sample_rows_are_sound(manage, server: Server, database_url: str) -> None:
    """Nobody signed out before signing in, no sample admin, and whom it names may sign in."""
    said = manage("init", "--sample-data").out
    quoted = server.quoted("user")
    (name, password) = re.search(r"Sign in as (\S+), .*now: (\S+)$", said, re.M).groups()  # type: ignore[union-attr]
    named = f"SELECT is_active, password_hash FROM {quoted} WHERE username = '{name}'"
    ((is_active, stored),) = server.execute(database_url, named)
    assert is_active and verify_password(str(stored), password)
    (admins,) = server.execute(database_url, f"SELECT count(*) FROM {quoted} WHERE role = 'admin'")[0]
    (users,) = server.execute(database_url, f"SELECT count(*) FROM {quoted}")[0]
    (late,) = server.execute(database_url, "SELECT count(*) FROM session WHERE ended_at < started_at")[0]
    by_action = server.execute(database_url, "SELECT action, count(*) FROM user_log GROUP BY action")
    assert (admins, users, late) == (0, 12, 0)
    assert len(by_action) == 2
    assert by_action[0][1] == by_action[1][1]


def test_status_names_server_revision_and_tables(manage, server: Server) -> None:
    manage("init")
    status = manage("status")
    assert status.code == 0
    assert server.version in status.out
    assert "(newest)" in status.out
    assert re.search(r"^user_log +0 ", status.out, re.M)


@pytest.mark.every_server
def test_drop_wants_a_confirmation_and_drops_only_ours(manage, server: Server, database_url: str) -> None:
    manage("init")
    server.execute(database_url, "CREATE TABLE theirs (id INTEGER PRIMARY KEY)")
    refused = manage("drop")
    assert refused.code == 1
    assert "--confirm" in refused.error
    assert "Everything is as" in manage("verify").out

    dropped = manage("drop", "--confirm")
    assert dropped.code == 0, dropped.err
    assert server.execute(database_url, "SELECT count(*) FROM theirs") == [(0,)]
    assert "init" in manage("drop", "--confirm").out + manage("status").out


def test_whose_name_somebody_has_is_called_otherwise_in_the_sample(
    manage, server: Server, database_url: str
) -> None:
    name = username_of(seed_of_day(utc_now().date()), 3)
    manage("init")
    manage("create-admin", name, "maren@example.org")
    added = manage("sample-data")
    assert added.code == 0, added.err
    users = server.quoted("user")
    alike = f"SELECT role FROM {users} WHERE username LIKE '{name}%' ORDER BY username"
    (mine,), (sampled,) = server.execute(database_url, alike)
    assert mine == "admin" and sampled in ("viewer", "operator")
    assert server.execute(database_url, f"SELECT count(*) FROM {users}") == [(13,)]


def test_reset_makes_it_anew(manage) -> None:
    manage("init", "--sample-data")
    reset = manage("reset", "--confirm")
    assert reset.code == 0, reset.err
    assert "dropped" in reset.out
    assert "/first-admin/" in reset.out
    assert re.search(r"^user +0 ", manage("status").out, re.M)


def test_init_force_destroys_and_recreates(manage) -> None:
    manage("init", "--sample-data")
    assert manage("init", "--force").code == 0
    assert re.search(r"^user +0 ", manage("status").out, re.M)


def test_piece_by_piece_ends_where_init_does(manage) -> None:
    for command in ("create-tables", "create-indexes", "create-constraints"):
        made = manage(command)
        assert made.code == 0, made.err
        assert "No " in manage(command).out
    assert "Everything is as" in manage("verify").out
    assert "(newest)" in manage("status").out


def test_verify_names_what_is_missing(manage, server: Server, database_url: str) -> None:
    manage("init")
    on_table = " ON user_log" if server.dialect in ("mysql", "mariadb") else ""
    server.execute(database_url, f"DROP INDEX ix_user_log_action{on_table}")
    verify = manage("verify")
    assert verify.code == 1
    assert "ix_user_log_action" in verify.out
    assert "1 fault found." in verify.out
    assert manage("create-indexes").out.splitlines()[0].endswith("ix_user_log_action")
    assert manage("verify").code == 0


def test_migrate_says_what_is_missing_though_nothing_is_pending(
    manage, server: Server, database_url: str, tmp_path: Path
) -> None:
    """SPEC section 6: at the end the revision is reached and the schema matches."""
    manage("init")
    server.execute(database_url, "DROP TABLE sync_data")
    ran = run_tool("migrate.py", "migrate", cwd=tmp_path, DATABASE_URL=database_url)
    assert ran.code == 1
    assert "Table sync_data is missing" in ran.error


def test_production_wants_the_name_typed(manage) -> None:
    production = {"FLASK_ENV": "production"}
    name = re.search(r"Database +\S*?([^/\s]+?)(\.db)? \(", manage("init").out + manage("status").out)[1]  # type: ignore[index]
    for command in (["drop", "--confirm"], ["reset", "--confirm"], ["init", "--force"], ["sample-data"]):
        refused = manage(*command, **production)
        assert refused.code == 1
        assert "--confirm-name" in refused.error
        wrong = manage(*command, "--confirm-name", "another", **production)
        assert wrong.code == 1
        assert "another" in wrong.error
    assert manage("drop", "--confirm", "--confirm-name", name, **production).code == 0


def test_options_stand_before_or_after_the_command(manage, tmp_path: Path, database_url: str) -> None:
    (tmp_path / ".env.staging").write_text(f"DATABASE_URL={database_url}\n")
    manage("init")
    before = run_tool("manage_db.py", "--env-file", ".env.staging", "-v", "status", cwd=tmp_path)
    after = run_tool("manage_db.py", "status", "--env-file", ".env.staging", "-v", cwd=tmp_path)
    assert (before.code, after.code) == (0, 0)
    assert "(staging)" in before.out
    assert "(staging)" in after.out


def test_create_admin_prints_a_link_and_no_password(manage) -> None:
    manage("init")
    made = manage("create-admin", "mvogt", "maren.vogt@example.com")
    assert made.code == 0, made.err
    assert "/set-password/" in made.out
    assert manage("create-admin", "x", "no address").code == 2


def test_dsn_hides_the_password(manage, server: Server, database_url: str) -> None:
    hidden = manage("dsn")
    assert hidden.code == 0
    password = re.search(r"://[^:/]*:([^@]+)@", database_url)
    if password:
        assert password[1] not in hidden.out
        assert password[1] in manage("dsn", "--reveal").out


def test_a_lock_left_on_a_machine_that_is_gone_can_be_released(
    manage, server: Server, database_url: str
) -> None:
    manage("init")
    (target,) = server.execute(database_url, "SELECT target FROM operation")[0]
    server.execute(
        database_url,
        "INSERT INTO target_lock (target, operation_id, title, actor, taken_at, host, pid, process) VALUES"
        f" ('{target}', 'gone', 'Reset it', 'ops', '2026-01-01 00:00:00', 'container-a', 7, 'm b n 1')",
    )
    refused = manage("sample-data")
    assert refused.code == 1
    assert f"release-lock {target}" in refused.error
    assert manage("release-lock", str(target)).code == 0
    assert manage("sample-data").code == 0
    assert "Nobody holds" in manage("release-lock", str(target)).error
