"""Restores on PostgreSQL by keepers who may do less, and without the programs (TRUST B9, D5, F14)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import (
    AppError,
    BackupIncompatible,
    PrivilegeMissing,
    ToolMissing,
)
from core.progress import Operation
from database.adapters.backup import Place, name_for
from database.adapters.postgresql import backup_tools, faults
from database.adapters.postgresql.backup_session import session_of
from database.manifest import FactKind
from tests.database.backups.postgresql_ground import (
    Ground,
    script,
    take,
    unlike,
)
from tests.database.backups.test_postgresql_load import make_small


def test_a_program_that_is_not_there_is_named_before(
    postgresql: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F13, F14: an obstacle in the preview, and an error of the restore."""
    taken = make_small(postgresql)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(backup_tools, "_DEBIAN", "/nowhere")
    adapter = postgresql.adapter(means=replace(postgresql.means, tools_path="/nowhere"))
    [obstacle] = [one for one in adapter.obstacles(taken.source) if one.is_fatal]
    assert obstacle.message == "pg_restore is not installed."
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    with pytest.raises(ToolMissing):
        adapter.load(op, taken.source, place)
    for version in ("14.2", "18.1"):  # the one does not read it, the other says what 16 does not know
        folder = script(tmp_path, "pg_restore", f"echo 'pg_restore (PostgreSQL) {version}'")
        adapter = postgresql.adapter(means=replace(postgresql.means, tools_path=folder))
        [obstacle] = [one for one in adapter.obstacles(taken.source) if one.is_fatal]
        assert version in obstacle.message and "PostgreSQL 16" in obstacle.message
        with pytest.raises(BackupIncompatible, match=version):
            adapter.load(op, taken.source, place)


def test_a_keeper_who_is_no_superuser(postgresql: Ground) -> None:
    """D5: CREATEDB and CREATEROLE do; all comes back that belongs to him or to roles he is a member of."""
    keeper, owner = postgresql.account("CREATEDB CREATEROLE"), postgresql.account()
    ours = postgresql.server.quoted(owner.user)
    postgresql.run(f"GRANT {ours} TO {keeper.user}", f"ALTER DATABASE {postgresql.live} OWNER TO {ours}")
    postgresql.server.execute(
        postgresql.url.replace(
            f"{postgresql.parameters.user}:{postgresql.parameters.password}", f"{owner.user}:{owner.password}"
        ),
        "CREATE TABLE t (id serial PRIMARY KEY, a int)",
        "INSERT INTO t (a) VALUES (1)",
        "CREATE VIEW v AS SELECT * FROM t",
        "GRANT SELECT ON t TO PUBLIC",
    )
    adapter = postgresql.adapter(owner, keeper)
    taken = take(adapter)
    assert not any(one.is_fatal for one in adapter.obstacles(taken.source))
    place, undone = postgresql.restored(adapter, taken.source)
    assert place.account and not undone
    assert unlike(postgresql.adapter(), place.name, taken.manifest) == ()
    assert unlike(adapter, place.name, taken.manifest) == ()  # which he may read himself
    adapter.drop(Operation(), place.name)


def test_a_keeper_who_may_make_no_role(postgresql: Ground) -> None:
    """D5, B8: what we made is restored by the keeper, and that is said; what others made is not."""
    owner = postgresql.account("CREATEDB")
    postgresql.run(f"ALTER DATABASE {postgresql.live} OWNER TO {postgresql.server.quoted(owner.user)}")
    taken = make_small(postgresql)
    postgresql.run(f"ALTER TABLE person OWNER TO {postgresql.server.quoted(owner.user)}",
                   f"ALTER VIEW v OWNER TO {postgresql.server.quoted(owner.user)}")  # fmt: skip
    adapter = postgresql.adapter(owner, owner)
    taken = take(adapter)
    assert not any(one.is_fatal for one in adapter.obstacles(taken.source))
    assert any(one.is_fatal for one in adapter.obstacles(taken.strange))
    notes: list[str] = []
    place = adapter.create_place(op := postgresql.op(notes), name_for("new", op))
    assert place.account == ""
    with pytest.raises(PrivilegeMissing):
        adapter.load(op, taken.strange, place)
    adapter.load(op, taken.source, place)
    assert any("which may make no roles" in one for one in notes)
    undone = adapter.hand_over(op, place, taken.manifest)
    assert [one for one in undone if "twice" not in one] == []  # that function was a superuser's
    found = postgresql.adapter().inventory(op, place.name, contents=True)
    assert found.tables == taken.manifest.inventory.tables
    assert set(found.of(FactKind.OWNER).values()) - {"pg_database_owner"} == {owner.user}
    adapter.drop(op, place.name)
    assert postgresql.left_of(op) == []


def test_nobody_but_its_account_comes_into_a_place(postgresql: Ground) -> None:
    """D5: until it is handed over."""
    adapter, stranger = postgresql.adapter(), postgresql.account()
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    with pytest.raises(AppError, match="permission|may not|CONNECT"):
        adapter.run_assertion(Place(place.name, replace(stranger, database=place.name)), "SELECT true")
    assert adapter.run_assertion(place, "SELECT true")


def test_nothing_of_a_database_runs_as_the_keeper(postgresql: Ground) -> None:
    """D5: neither functions that look like those of amcheck, nor what an assertion calls."""
    says = "LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$"
    postgresql.run(
        # What stands for amcheck, which not every server has.
        "CREATE FUNCTION public.bt_index_parent_check (regclass, boolean) RETURNS void LANGUAGE sql AS ''",
        "CREATE FUNCTION public.verify_heapam (regclass, boolean DEFAULT false, boolean DEFAULT false,"
        " text DEFAULT 'none', bigint DEFAULT NULL, bigint DEFAULT NULL)"
        " RETURNS TABLE (msg text) LANGUAGE sql AS 'SELECT NULL::text'",
        "CREATE TABLE t (a int PRIMARY KEY)",
        "INSERT INTO t VALUES (1)",
        f"CREATE FUNCTION public.bt_index_parent_check (integer, boolean) RETURNS void {says}",
        f"CREATE FUNCTION public.verify_heapam (oid) RETURNS TABLE (msg text) {says}",
        f"CREATE FUNCTION public.verify_heapam (regclass) RETURNS TABLE (msg text) {says}",
        f"CREATE FUNCTION public.set_config (unknown text, text, boolean) RETURNS text {says}",
        "CREATE FUNCTION public.whoever () RETURNS text LANGUAGE sql AS 'SELECT current_user::text'",
    )
    adapter = postgresql.adapter()
    with session_of(postgresql.parameters, postgresql.means) as session:
        assert tuple(faults._faults(Operation(), session, "public")) == ()
    taken = take(adapter)
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    adapter.load(op, taken.source, place)
    assert place.account != postgresql.parameters.user
    asked = f"SELECT whoever() = '{place.account}' AND count(*) = 1 FROM t"
    assert adapter.run_assertion(place, asked)
