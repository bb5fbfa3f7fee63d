"""The console's own database restored over itself: recorded, audited, and nobody let in by what has ended
(ARCHITECTURE section 4, rule 2; TRUST L2, I8)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from core.clock import utc_now
from core.connection import parse_url
from core.errors import BackupIncompatible
from core.settings import Settings
from database.adapters import closing_connection
from database.context import application_context
from database.migrator import migrate
from database.revisions import head_revision, known_revisions
from database.transactions import transaction
from features.login_sessions import Browser, open_session, read_session
from features.replacements import list_replacements, undo_restore
from features.restore_plans import RevisionOrder
from features.restores import plan_restore, restore_backup
from jobs.catalogue import CATALOGUE
from models import AuditEvent, Backup, LoginSession, OperationLine, OperationRecord, TargetLock, User, db
from operations.audit_chain import verify_audit, verify_chain
from operations.performing import perform
from operations.runner import Runner, in_context
from operations.store import read_operation
from tests.features.killing import check_end, chosen, come_after, killed, points_of
from tests.features.restoring import ADMIN, add_users, back_up, registered, restore, run
from tests.servers import Server


def users(settings: Settings) -> list[str]:
    def read() -> list[str]:
        with transaction() as session:
            return list(session.scalars(select(User.username).order_by(User.id)))

    return in_context(settings, read)


@pytest.mark.every_server
def test_it_is_restored_over_itself_and_recorded(own: Settings) -> None:
    name = own.database.name
    backup = back_up(own, name)
    add_users(own, "carla")
    with application_context(own):  # records that are carried over are not lost
        lost = plan_restore(backup.id, name).tables_lost
        assert [one.name.split(".")[-1].strip('"') for one in lost] == ["user"]
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


def test_a_process_that_is_connected_goes_on(own: Settings) -> None:
    """Its connections end at the swap, or see another content: the next question is answered."""
    name = own.database.name
    backup = back_up(own, name)
    with application_context(own), db.engine.connect() as idle:
        idle.execute(select(User.id)).all()
        idle.rollback()
        with db.engine.connect():  # a second one, for the pool
            pass
        add_users(own, "carla")
        restore(own, backup.id, name)
        assert users(own) == ["ada", "bob"]


def test_whoever_is_signed_in_stays_so_and_nobody_comes_back(own: Settings) -> None:
    name = own.database.name
    with application_context(own):
        ended = open_session(1, Browser("192.0.2.7", "Agent"), utc_now()).token
    backup = back_up(own, name)
    with application_context(own):
        with transaction() as session:
            session.execute(delete(LoginSession))
        present = open_session(2, Browser("192.0.2.8", "Agent"), utc_now()).token
    restore(own, backup.id, name)
    with application_context(own):
        assert read_session(ended, utc_now()) is None
        found = read_session(present, utc_now())
    assert found
    assert found.username == "bob"


@pytest.mark.every_server
def test_an_older_backup_is_brought_up_to_date_before_it_takes_its_place(
    own: Settings, server: Server
) -> None:
    """A backup of the revision before, made elsewhere and restored here."""
    name, before = own.database.name, known_revisions()[-2].id
    url = server.create_database(f"{name}_older")
    older = parse_url(url)
    migrate(older, before, applied_by="test")
    server.execute(url, add_user_sql("olga").format(user=server.quoted("user")))
    settings = registered(replace(own, database_folder=Path(older.database).parent), url, "older")
    backup = back_up(settings, "older")
    assert backup.revision == before
    with application_context(settings):
        assert plan_restore(backup.id, name).revision is RevisionOrder.OLDER
    restore(settings, backup.id, name)
    assert users(settings) == ["olga"]
    with application_context(settings):
        assert verify_chain().fault is None
        with closing_connection(own.database, 10) as (adapter, connection):
            assert adapter.revisions(connection) == (head_revision(),)
    lines = lines_of(settings, "backup.restore")
    assert any("brought up to date: 1 migration applied." in line for line in lines), lines


def test_a_backup_of_a_newer_release_is_refused(own: Settings) -> None:
    name = own.database.name
    backup = back_up(own, name)
    with application_context(own):
        with transaction() as session:
            session.execute(update(Backup).values(revision="f00d00000000"))
        assert "does not know" in plan_restore(backup.id).faults[0].message
    with pytest.raises(BackupIncompatible, match="does not know"):
        restore(own, backup.id, name)
    assert users(own) == ["ada", "bob"]


def test_a_worker_restores_the_database_it_works_for(own: Settings) -> None:
    """Queued, claimed, and ended, although the row of it was carried over in between."""
    name = own.database.name
    backup = back_up(own, name)
    add_users(own, "carla")
    id = Runner(ADMIN, own).submit(restore_backup, backup.id, name, made_by="ada")
    assert perform(own, CATALOGUE, id)
    row = in_context(own, read_operation, id)
    assert (row.state, row.attempt) == ("succeeded", 1)
    assert users(own) == ["ada", "bob"]
    # What waits meanwhile waits on, and is performed.
    again = Runner(ADMIN, own).submit(verify_audit)
    assert perform(own, CATALOGUE, again)
    assert in_context(own, read_operation, again).state == "succeeded"


@pytest.mark.rounds
def test_one_killed_anywhere_is_brought_to_its_end(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the old or all of the new, with the audit whole."""
    name = own.database.name
    backup = back_up(own, name)
    points = points_of(lambda: restore(own, backup.id, name), monkeypatch)
    for number in chosen(points):
        add_users(own, "carla")
        id = Runner(ADMIN, own).submit(restore_backup, backup.id, name, made_by="ada")
        killed(own, id, number)
        assert users(own) in (["ada", "bob"], ["ada", "bob", "carla"]), points[number - 1]
        come_after(own)
        check_end(own, id, points[number - 1], "succeeded", database=name)
        assert users(own) == ["ada", "bob"], points[number - 1]


def lines_of(settings: Settings, kind: str) -> list[str]:
    """The log of the operations of that kind."""

    def read() -> list[str]:
        of_kind = select(OperationRecord.id).where(OperationRecord.kind == kind)
        with transaction() as session:
            wanted = select(OperationLine.message).where(OperationLine.operation_id.in_(of_kind))
            return list(session.scalars(wanted))

    return in_context(settings, read)


def add_user_sql(name: str) -> str:
    """A user in the tables of any revision."""
    moment = "'2026-01-01 00:00:00'"
    columns = "username, email, name, password_hash, role, subscription_tier, is_active"
    values = f"'{name}', '{name}@example.com', '{name}', '', 'admin', 'free', true, {moment}, {moment}"
    return f"INSERT INTO {{user}} ({columns}, created_at, updated_at) VALUES ({values})"
