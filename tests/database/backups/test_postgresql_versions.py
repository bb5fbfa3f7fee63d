"""Backups of PostgreSQL 15, and between it and a newer one (TRUST B9, F13): up, never down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.errors import BackupIncompatible
from core.progress import Operation
from database.adapters.backup import name_for
from database.adapters.postgresql import backup_tools
from database.manifest import FactKind, differences
from tests.database.backups.postgresql_ground import Ground, take, unlike
from tests.database.backups.postgresql_nasty import nasty
from tests.servers import Unavailable, postgresql_15


@pytest.fixture(scope="module")
def fifteen() -> Iterator[Ground]:
    """A server of that version with a database of all that it knows."""
    try:
        process, server = postgresql_15.start()
    except Unavailable as reason:
        pytest.skip(f"postgresql 15 missing: {reason}")
    try:
        ground = Ground(server, server.create_database("live"))
        make(ground)
        yield ground
    finally:
        process.close()


def make(ground: Ground) -> None:
    roles = {what: ground.server.quoted(f"{what} x") for what in ("owner", "other", "reader")}
    missing = [one for one in roles.values() if one.strip('"') not in ground.names()]
    ground.run("SELECT 1", *[f"CREATE ROLE {one}" for one in missing])
    ground.run(*nasty({**roles, "live": ground.server.quoted(ground.live)}))


def test_a_database_of_15_comes_out_equal(fifteen: Ground) -> None:
    """V5 too: its server has amcheck, which looks at every index and page."""
    adapter = fifteen.adapter()
    taken = take(adapter)
    assert taken.manifest.tool.startswith("pg_dump 15.") and not taken.manifest.warnings
    place, undone = fifteen.restored(adapter, taken.source)
    assert not undone and unlike(adapter, place.name, taken.manifest) == ()
    notes: list[str] = []
    assert adapter.health_faults(fifteen.op(notes), place.name) == ()
    assert not any("amcheck" in one for one in notes)
    assert unlike(adapter, place.name, taken.manifest) == ()  # amcheck is gone again
    adapter.drop(Operation(), place.name)


def test_from_15_to_a_newer_one(fifteen: Ground, postgresql: Ground) -> None:
    """All rows and everything around them, by the same names and words."""
    taken = take(fifteen.adapter())
    both = f"{fifteen.server.tools}:{postgresql.server.tools}"
    adapter = postgresql.adapter(means=replace(postgresql.means, tools_path=both))
    for role in ("owner x", "other x", "reader x"):
        if role not in postgresql.names():
            postgresql.run(f'CREATE ROLE "{role}"')
            postgresql._roles.append(role)
    assert not any(one.is_fatal for one in adapter.obstacles(taken.source))
    assert adapter.check_readable(Operation(), taken.source)
    place, undone = postgresql.restored(adapter, taken.source)
    found = adapter.inventory(Operation(), place.name, contents=True)
    assert not undone and list(differences(taken.manifest.inventory, found)) == []
    assert found.of(FactKind.SEQUENCE) == taken.manifest.inventory.of(FactKind.SEQUENCE)


def test_from_a_newer_one_to_15_is_refused(fifteen: Ground, postgresql: Ground) -> None:
    """Before anything is made of it, and both versions are named."""
    postgresql.run("CREATE TABLE t (a int)")
    taken = take(postgresql.adapter())
    both = f"{fifteen.server.tools}:{postgresql.server.tools}"
    adapter = fifteen.adapter(means=replace(fifteen.means, tools_path=both))
    [obstacle] = [one for one in adapter.obstacles(taken.source) if one.is_fatal]
    assert "made on PostgreSQL 16" in obstacle.message and "PostgreSQL 15" in obstacle.message
    place = adapter.create_place(op := fifteen.op(), name_for("new", op))
    for source in (taken.source, taken.strange):
        with pytest.raises(BackupIncompatible, match="made on PostgreSQL 16"):
            adapter.load(op, source, place)
    adapter.drop(op, place.name)
    assert fifteen.left_of(op) == []


def test_a_dump_needs_a_program_as_new_as_the_server(
    fifteen: Ground, postgresql: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B9: a newer one does, an older one is refused; that of the same version is taken where it is there."""
    monkeypatch.setattr(backup_tools, "_DEBIAN", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    newer = replace(fifteen.means, tools_path=postgresql.server.tools)
    assert take(fifteen.adapter(means=newer)).manifest.tool.startswith("pg_dump 16.")
    with pytest.raises(BackupIncompatible, match="fits PostgreSQL 16: there is pg_dump 15"):
        take(postgresql.adapter(means=replace(postgresql.means, tools_path=fifteen.server.tools)))
