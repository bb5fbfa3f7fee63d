"""The console's own records carried into a restored copy: whole, chained, and letting nobody in by what has
ended (TRUST L2, I8; the restore of the console's own database)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from core.actor import Actor, Role
from core.clock import utc_now
from core.connection import parse_url
from core.progress import Operation, operation
from core.settings import Settings, load_settings
from database.context import application_context
from database.logbook import carry_logbook, copy_rows, opened, table_of, without_id
from database.logbook_access import carry_access
from database.logbook_rest import carry_rest
from models import (
    ApiToken,
    AuditEvent,
    Backup,
    BackupEvidence,
    LoginSession,
    OnlineUser,
    OperationLine,
    OperationRecord,
    Replacement,
    SignInFailure,
    SignInLink,
    TargetLock,
    User,
    db,
)
from models.base import Base
from operations.audit_chain import verify_chain
from operations.runner import Runner
from tests.database.logbook_rows import (
    backup,
    evidence,
    failure,
    link,
    lock,
    online,
    record,
    replacement,
    session,
    token,
    user,
)
from tests.schema_templates import SchemaTemplates
from tests.servers import Server

ADMIN = Actor("ada", Role.ADMIN, "cli")


@operation("test.note", title="Note {name}", target="{name}")
def take_note(op: Operation, name: str) -> None:
    """An operation with a phase and a line."""
    op.phase("Write")
    op.note(f"This is {name}.")


@pytest.fixture
def live(schema_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return settings_of(schema_url, monkeypatch)


@pytest.fixture
def copy(server: Server, live: Settings, templates: SchemaTemplates) -> Iterator[Settings]:
    """A second database; `live` stays the one the environment names."""
    url = server.create_database()
    templates.copy_into(url)
    yield replace(live, database=parse_url(url), migration_database=parse_url(url))
    server.drop_database(url)


def settings_of(url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DATABASE_URL", url)
    return load_settings()


def back_up(live: Settings, copy: Settings) -> None:
    """Bring every row into the copy, as a restore of a backup taken now would."""
    with opened(live.database) as source, opened(copy.database) as target:
        for table in db.metadata.sorted_tables:
            if table.name != "migration_history":
                target.execute(delete(table))
                copy_rows(target, table, select(*without_id(table)).order_by(*table.primary_key), source)


def carry(live: Settings, copy: Settings) -> tuple[str, ...]:
    said = carry_logbook(live.database, copy.database)
    return (*said, *carry_access(live.database, copy.database))


def add(settings: Settings, *rows: Base) -> None:
    with opened(settings.database) as connection:
        for row in rows:
            values = {name: value for name, value in vars(row).items() if not name.startswith("_")}
            connection.execute(insert(table_of(type(row))).values(values))


def everything(settings: Settings, model: type[Base]) -> list[dict[str, Any]]:
    table = table_of(model)
    with opened(settings.database) as connection:
        found = connection.execute(select(*without_id(table)).order_by(*table.primary_key))
        return [dict(row) for row in found.mappings()]


def test_what_was_recorded_since_the_backup_goes_on_in_the_copy(live: Settings, copy: Settings) -> None:
    Runner(ADMIN, live).run(take_note, "before")
    back_up(live, copy)
    Runner(ADMIN, live).run(take_note, "after")
    add(live, TargetLock(**lock("shop")))
    assert carry(live, copy) == ()
    for model in (AuditEvent, OperationRecord, OperationLine, TargetLock):
        assert everything(copy, model) == everything(live, model), model
    # The copy goes on by itself, and its chain holds.
    Runner(ADMIN, copy).run(take_note, "afterwards")
    assert chain_of(copy) == (6, None)


def test_carrying_again_changes_nothing(live: Settings, copy: Settings) -> None:
    Runner(ADMIN, live).run(take_note, "before")
    back_up(live, copy)
    Runner(ADMIN, live).run(take_note, "after")
    carry(live, copy)
    Runner(ADMIN, live).run(take_note, "in between")
    assert carry(live, copy) == ()
    assert everything(copy, OperationLine) == everything(live, OperationLine)
    assert chain_of(copy) == (6, None)


def test_what_ran_at_the_backup_is_told_as_it_ended(live: Settings, copy: Settings) -> None:
    """A backup taken within an operation holds that operation as one that runs."""
    Runner(ADMIN, live).run(take_note, "long ago")
    with opened(live.database) as connection:
        connection.execute(update(table_of(OperationRecord)).values(created_at=utc_now() - timedelta(days=9)))
        connection.execute(update(table_of(AuditEvent)).values(at=utc_now() - timedelta(days=10)))
    add(live, OperationRecord(**record("running", utc_now() - timedelta(days=3))))
    back_up(live, copy)
    with opened(live.database) as connection:
        connection.execute(update(table_of(OperationRecord)).values(state="succeeded"))
    carry(live, copy)
    assert {row["state"] for row in everything(copy, OperationRecord)} == {"succeeded"}


def test_an_audit_that_is_no_beginning_of_ours_stays_as_it_is(live: Settings, copy: Settings) -> None:
    Runner(ADMIN, copy).run(take_note, "elsewhere")
    Runner(ADMIN, live).run(take_note, "here")
    add(live, OperationRecord(**record("running", utc_now())))
    before = everything(copy, AuditEvent)
    (said,) = carry(live, copy)
    assert "not the beginning" in said
    assert everything(copy, AuditEvent) == before
    assert [row["state"] for row in everything(copy, OperationRecord)] == ["succeeded", "running"]
    assert chain_of(copy) == (2, None)


def test_a_row_removed_from_our_audit_makes_it_another(live: Settings, copy: Settings) -> None:
    Runner(ADMIN, live).run(take_note, "one")
    Runner(ADMIN, live).run(take_note, "two")
    back_up(live, copy)
    with opened(live.database) as connection:
        audit = table_of(AuditEvent)
        second = connection.execute(select(func.min(audit.c.id)).where(audit.c.event == "outcome")).scalar()
        connection.execute(delete(audit).where(audit.c.id == second))
    assert "not the beginning" in carry(live, copy)[0]
    assert chain_of(copy) == (4, None)


def test_all_that_is_known_of_backups_is_that_of_now(live: Settings, copy: Settings) -> None:
    old, new = backup("old"), backup("new")
    add(live, Backup(**old), BackupEvidence(**evidence(old["id"])))
    back_up(live, copy)
    with opened(live.database) as connection:
        connection.execute(update(table_of(Backup)).values(level="equal"))
    add(live, Backup(**new), BackupEvidence(**evidence(new["id"])), Replacement(**replacement(new["id"])))
    carry(live, copy)
    for model in (Backup, BackupEvidence, Replacement):
        assert everything(copy, model) == everything(live, model), model


def test_nobody_comes_in_by_what_has_ended_since(live: Settings, copy: Settings) -> None:
    add(live, *(User(**user(name)) for name in ("ada", "bob")))
    ada, bob = (row.id for row in users(live))
    add(live, LoginSession(**session(ada, "ended")), SignInLink(**link("used")), OnlineUser(**online(bob)))
    add(live, ApiToken(**token(ada, "revoked")), ApiToken(**token(bob, "kept")))
    back_up(live, copy)
    with opened(live.database) as connection:
        connection.execute(delete(table_of(LoginSession)))
        connection.execute(delete(table_of(OnlineUser)))
        connection.execute(update(table_of(SignInLink)).values(used_at=utc_now()))
        tokens = table_of(ApiToken)
        connection.execute(update(tokens).where(tokens.c.user_id == ada).values(revoked_at=utc_now()))
    add(live, OnlineUser(**online(bob)), LoginSession(**session(bob, "of now")), SignInFailure(**failure()))
    add(live, User(**user("new")))
    newcomer = users(live)[-1].id
    add(live, LoginSession(**session(newcomer, "of one the backup does not know")))
    carry(live, copy)
    assert [row["token_hash"] for row in everything(copy, LoginSession)] == [
        session(bob, "of now")["token_hash"]
    ]
    assert [row["user_id"] for row in everything(copy, OnlineUser)] == [bob]
    for model in (SignInLink, ApiToken, SignInFailure):
        assert everything(copy, model) == everything(live, model), model


def test_it_says_who_may_sign_in_again(live: Settings, copy: Settings) -> None:
    add(live, *(User(**user(name)) for name in ("ada", "bob")))
    back_up(live, copy)
    with opened(live.database) as connection:
        people = table_of(User)
        connection.execute(update(people).where(people.c.username == "bob").values(is_active=False))
    ada, bob = (row.id for row in users(live))
    add(live, LoginSession(**session(ada, "hers")), LoginSession(**session(bob, "his, not cleared yet")))
    (said,) = carry(live, copy)
    assert said == "1 user made inactive since the backup may sign in again: bob."
    assert [row["user_id"] for row in everything(copy, LoginSession)] == [ada]


def chain_of(settings: Settings) -> tuple[int, object]:
    with application_context(settings):
        report = verify_chain()
    return report.entries, report.fault


def users(settings: Settings) -> list[Any]:
    with opened(settings.database) as connection:
        return list(connection.execute(select(table_of(User)).order_by(table_of(User).c.id)))


def test_what_came_at_the_very_moment_of_the_swap_is_brought_after_it(live: Settings, copy: Settings) -> None:
    """The live one is kept by now, the copy is live: what ended or began in between is there too."""
    Runner(ADMIN, live).run(take_note, "before")
    add(live, running := OperationRecord(**record("running", utc_now())), TargetLock(**lock("ends")))
    with opened(live.database) as connection:
        locks = table_of(TargetLock)
        connection.execute(update(locks).values(operation_id=running.id))
    back_up(live, copy)
    carry(live, copy)
    with opened(live.database) as connection:
        connection.execute(update(table_of(OperationRecord)).values(state="succeeded"))
        connection.execute(delete(locks))
    Runner(ADMIN, live).run(take_note, "in between")
    queued = Runner(ADMIN, live).submit(take_note, "waits")
    for _ in range(2):
        assert carry_rest(live.database, copy.database) == ()
        for model in (AuditEvent, OperationRecord, OperationLine, TargetLock):
            assert everything(copy, model) == everything(live, model), model
    assert [row["operation_id"] for row in everything(copy, TargetLock)] == [queued]
    Runner(ADMIN, copy).run(take_note, "afterwards")
    assert chain_of(copy)[1] is None


def test_an_audit_that_went_on_by_itself_is_left_alone_and_said(live: Settings, copy: Settings) -> None:
    Runner(ADMIN, live).run(take_note, "before")
    back_up(live, copy)
    Runner(ADMIN, live).run(take_note, "here")
    Runner(ADMIN, copy).run(take_note, "there")
    (said,) = carry_rest(live.database, copy.database)
    assert said.startswith("2 rows of the audit")
    assert chain_of(copy) == (4, None)
