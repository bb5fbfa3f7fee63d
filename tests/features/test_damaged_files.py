"""A restore over an SQLite file that cannot be read any more, and so cannot be backed up before."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import failpoints
from core.connection import parse_url
from core.errors import ServerError
from core.settings import Settings
from database.context import application_context
from features.backups import list_backups
from features.replacements import drop_kept, list_replacements
from features.restores import plan_restore
from tests.features.restoring import BOOKS, back_up, count, restore, run
from tests.servers import Missing, Server, available


@pytest.fixture
def server() -> Server:
    """The one kind whose databases are files of ours."""
    one = available()["sqlite"]
    assert not isinstance(one, Missing)
    return one


@pytest.mark.parametrize("page", [0, 1])  # the first one says what the file is
def test_it_is_kept_aside_and_the_backup_takes_its_place(
    shop: Settings, server: Server, database_url: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F12, B10: said before, and done in spite of a failure in the midst of it."""
    backup = back_up(shop)
    live = Path(parse_url(database_url).database)
    content = bytearray(live.read_bytes())
    content[page * 4096 : page * 4096 + 4096] = b"x" * 4096
    live.write_bytes(content)
    live.chmod(0o640)
    with application_context(shop):
        plan = plan_restore(backup.id)
    assert plan.is_possible and plan.loses_data and plan.damage
    assert any("neither counted nor backed up" in one.message for one in plan.obstacles)
    failed: list[str] = []

    def fail_once(name: str) -> None:
        if name == "swap.aside" and not failed:
            failed.append(name)
            raise ServerError("The disk was away.")

    monkeypatch.setattr(failpoints, "_listeners", [fail_once])
    assert restore(shop, backup.id) == "shop"
    assert len(failed) == (page == 0)
    assert (count(server, database_url), live.stat().st_mode & 0o777) == (BOOKS, 0o640)
    with application_context(shop):
        [kept] = list_replacements("shop", kept_only=True)
        assert [one.id for one in list_backups("shop").backups] == [backup.id]
    assert b"x" * 4096 in Path(kept.kept_name).read_bytes()
    run(shop, drop_kept, kept.id, "shop")
    assert not Path(kept.kept_name).exists()
