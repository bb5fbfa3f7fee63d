"""The console's own database restored over itself: recorded, audited, and nobody let in by what has ended
(ARCHITECTURE section 4, rule 2; TRUST L2, I8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.settings import Settings
from database.context import application_context
from database.migrator import migrate
from database.transactions import transaction
from features.replacements import list_replacements, undo_restore
from models import AuditEvent, Backup, OperationRecord, TargetLock, User
from operations.audit_chain import verify_chain
from operations.runner import in_context
from tests.features.conftest import Configure
from tests.features.restoring import able, add_users, back_up, drop_beside, restore, run
from tests.servers import Server


@pytest.fixture
def own(configure: Configure, server: Server, database_url: str, tmp_path: Path) -> Any:
    """A console on each kind of server, with two users."""
    settings = able(configure(database_url), server, tmp_path)
    migrate(settings.database, applied_by="test")
    add_users(settings, "ada", "bob")
    yield settings
    drop_beside(server, database_url)


def users(settings: Settings) -> list[str]:
    def read() -> list[str]:
        with transaction() as session:
            return list(session.scalars(select(User.username).order_by(User.id)))

    return in_context(settings, read)


def test_it_is_restored_over_itself_and_recorded(own: Settings) -> None:
    name = own.database.name
    backup = back_up(own, name)
    add_users(own, "carla")
    assert restore(own, backup.id, name) == name
    assert users(own) == ["ada", "bob"]
    with application_context(own):
        assert verify_chain().fault is None
        with transaction() as session:
            kinds = list(session.execute(select(OperationRecord.kind, OperationRecord.state)))
            assert sorted(tuple(row) for row in kinds) == [
                ("backup.create", "succeeded"),
                ("backup.restore", "succeeded"),
            ]
            assert not session.scalar(select(func.count()).select_from(TargetLock))
            # What was taken within the restore, and its backup, are known.
            assert session.scalar(select(func.count()).select_from(Backup)) == 2
            outcomes = session.scalars(
                select(AuditEvent.outcome).where(AuditEvent.action == "backup.restore")
            )
            assert list(outcomes) == ["", "succeeded"]
        (kept,) = list_replacements(name)
    assert (kept.state, kept.is_own, kept.can_undo) == ("swapped", True, True)
    run(own, undo_restore, kept.id, name, made_by="ada")
    assert users(own) == ["ada", "bob", "carla"]
    with application_context(own):
        assert verify_chain().fault is None
        assert [one.state for one in list_replacements(name)] == ["swapped", "undone"]
