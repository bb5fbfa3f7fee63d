"""What a restore would do, found out without harm: short questions to the server, and nothing is changed."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from core.clock import utc_now
from core.errors import BackupError, NotFound, ServerError
from core.progress import Operation
from database.adapters import adapter_for, closing_connection
from database.adapters.backup import BackupAdapter, Obstacle
from database.adapters.base import Capability, SessionInfo, TableSize
from database.context import current_settings
from database.manifest import Manifest
from database.own_copy import CARRIED
from database.revisions import known_revisions
from database.transactions import transaction
from features.backup_rows import BackupFacts
from features.backup_subjects import Subject, find_subject
from features.database_rows import find_row
from features.new_databases import check_new_name, exists
from features.restore_checks import obstacles_to, room_needed
from features.restore_plans import ConnectedAccount, RestorePlan, RevisionOrder, Step, TableChange
from features.restore_sources import opened_source, read_source_manifest
from features.restore_times import Times, times_of
from features.swaps import kept_name

_PATIENCE = 5.0  # seconds for any question to the server
_DATED = 12  # tables, as many as a page shows
_COUNTED_BELOW = 100_000  # rows that are counted where the server guesses fewer


def plan_restore(backup: str, database: str = "", new_name: str = "") -> RestorePlan:
    """What a restore of the backup of that id or name would do, in the place of `database` (by default the
    one it was taken of), or as `new_name` on the same server. Changes nothing. Needs an application context.
    Raises InvalidInput for a name that is no bare one, NotFound, BackupDamaged, ConnectionFailed and its
    kin."""
    check_new_name(new_name)
    facts, manifest = read_source_manifest(backup)
    subject = find_subject(database or facts.database)
    adapter = subject.open_adapter()
    times = times_of(subject.name, facts)
    plan = RestorePlan(
        facts,
        subject.name,
        new_name,
        _environment(subject),
        subject.is_own,
        utc_now(),
        obstacles=_obstacles(adapter, subject, facts, manifest, new_name),
        steps=_steps_beside(adapter, times, subject.name, new_name),
        disk_needed=room_needed(facts, manifest),
        disk_free=adapter.free_space(),
        command=_command(facts, subject.name, new_name),
    )
    is_beside = new_name or not exists(adapter, adapter.database.database)
    return plan if is_beside else _in_its_place(plan, subject, adapter, manifest, times)


def _in_its_place(
    plan: RestorePlan, subject: Subject, adapter: BackupAdapter, manifest: Manifest | None, times: Times
) -> RestorePlan:
    damage = adapter.find_damage(_PATIENCE)
    sizes, revision = ((), "") if damage else _look(subject, adapter)
    kept = kept_name(subject, adapter)
    undo_until = plan.counted_at + timedelta(days=current_settings().restore_grace_days)
    return replace(
        plan,
        tables=_dated(
            _changes(sizes, manifest, CARRIED if subject.is_own else frozenset()), subject, adapter
        ),
        connected=_connected(adapter),
        steps=_steps(adapter, times, subject.name, kept, undo_until, damage),
        away_seconds=times.swap,
        kept_name=kept,
        undo_until=undo_until,
        revision=_order(subject, plan.backup.revision, revision),
        damage=damage,
        can_stop_writes=adapter.can_stop_writes and not subject.is_own,
        obstacles=(*plan.obstacles, *_of_damage(damage, kept)),
    )


def _of_damage(damage: str, kept: str) -> Iterator[Obstacle]:
    if damage:
        yield Obstacle(
            f"What is there now is damaged, and is neither counted nor backed up: {damage}",
            f"It is kept aside as it is, as {kept.rpartition('/')[2]}: copy it away if you need more of it.",
            is_fatal=False,
        )


def _look(subject: Subject, adapter: BackupAdapter) -> tuple[tuple[TableSize, ...], str]:
    """The tables of now and the revision. A table that takes too long to count is estimated."""
    timeout = current_settings().db_connect_timeout
    with closing_connection(subject.parameters, timeout) as (server, connection):
        server.statement_timeout(connection, _PATIENCE)
        revision = ", ".join(server.revisions(connection))
        with suppress(ServerError):
            return adapter.table_sizes(server, connection, _COUNTED_BELOW), revision
    with closing_connection(subject.parameters, timeout) as (server, connection):
        server.statement_timeout(connection, _PATIENCE)
        return adapter.table_sizes(server, connection, 0), revision


def _changes(
    sizes: tuple[TableSize, ...], manifest: Manifest | None, carried: frozenset[str]
) -> tuple[TableChange, ...]:
    """Table by table, those left out that are `carried` over into what is restored."""
    after = {table.name: table.rows for table in manifest.inventory.tables} if manifest else {}
    now = {table.name: table for table in sizes}
    names = sorted(name for name in now.keys() | after.keys() if name.split(".")[-1] not in carried)
    return tuple(
        TableChange(
            name,
            now[name].rows if name in now else None,
            after.get(name),
            name in now and not now[name].exact,
        )
        for name in names
    )


def _dated(
    changes: tuple[TableChange, ...], subject: Subject, adapter: BackupAdapter
) -> tuple[TableChange, ...]:
    """Of those that lose most, when their newest rows came, where that is known at once."""
    losers = sorted((one for one in changes if one.lost), key=lambda one: -one.lost)
    names = [one.name for one in losers[:_DATED]]
    newest: dict[str, datetime] = {}
    if names:
        timeout = current_settings().db_connect_timeout
        with suppress(ServerError), closing_connection(subject.parameters, timeout) as (server, connection):
            server.statement_timeout(connection, _PATIENCE)
            newest = adapter.newest_rows(server, connection, names)
    return tuple(replace(one, newest=newest.get(one.name)) for one in changes)


def _connected(adapter: BackupAdapter) -> tuple[ConnectedAccount, ...]:
    """By account, most sessions first; none where the server does not tell."""
    by_account: dict[str, list[SessionInfo]] = defaultdict(list)
    with suppress(ServerError):
        for session in adapter.connected(adapter.database.database):
            by_account[session.user].append(session)
    accounts = (
        ConnectedAccount(user, tuple(sorted({one.address for one in them if one.address})), len(them))
        for user, them in by_account.items()
    )
    return tuple(sorted(accounts, key=lambda one: (-one.sessions, one.account)))


def _obstacles(
    adapter: BackupAdapter, subject: Subject, facts: BackupFacts, manifest: Manifest | None, new_name: str
) -> tuple[Obstacle, ...]:
    if facts.encrypted_to and not current_settings().backup_identity:
        return (
            Obstacle(
                "The backup is encrypted, and the identity that opens it is not here.",
                "Set BACKUP_IDENTITY, or restore on the command line: --identity-file FILE.",
            ),
        )
    try:
        with opened_source(Operation(), facts, manifest, check=False) as source:
            return obstacles_to(adapter, subject, facts, source, new_name)
    except (BackupError, NotFound) as error:
        return (Obstacle(error.message, error.hint),)


def _steps_beside(adapter: BackupAdapter, times: Times, database: str, new_name: str) -> tuple[Step, ...]:
    where = f"{database} is not there any more, and is made anew."
    if new_name:
        where = f"Into the new database {new_name}. {database} is not touched."
    return (
        Step("Restore it", where, times.beside),
        Step("Compare with the manifest", _compared(adapter), times.compare),
    )


def _compared(adapter: BackupAdapter) -> str:
    has_accounts = adapter_for(adapter.database).supports(Capability.ACCOUNTS)
    return f"Rows, hashes, sequences{', grants' if has_accounts else ''}."


def _swapped(adapter: BackupAdapter, database: str) -> str:
    if adapter_for(adapter.database).supports(Capability.SESSIONS):
        return f"Database connections end, the restored one becomes {database}."
    return f"The file of {database} gets the restored pages; whoever has it open goes on with them."


def _steps(
    adapter: BackupAdapter, times: Times, database: str, kept: str, undo_until: datetime, damage: str
) -> tuple[Step, ...]:
    before = ("Back up what is there now", "Stored, read again and decoded before anything else starts.")
    return (
        Step("Leave what is there now", "It is damaged.", 0.0) if damage else Step(*before, times.backup),
        Step("Restore beside it", f"{database} keeps working.", times.beside),
        Step(
            "Compare with the manifest",
            f"{_compared(adapter)} If one differs, it stops here.",
            times.compare,
        ),
        Step("Swap the two", _swapped(adapter, database), times.swap),
        Step("Keep the old one", f"As {kept}, until {undo_until:%b %-d}.", 0.0),
    )


def _order(subject: Subject, backup: str, now: str) -> RevisionOrder:
    if not (backup and now):
        return RevisionOrder.NONE
    if backup == now:
        return RevisionOrder.SAME
    order = {known.id: number for number, known in enumerate(known_revisions())}
    if subject.is_own and backup in order and now in order:
        return RevisionOrder.OLDER if order[backup] < order[now] else RevisionOrder.NEWER
    return RevisionOrder.OTHER


def _environment(subject: Subject) -> str:
    if subject.is_own:
        return current_settings().flask_env
    with transaction() as session:
        return find_row(session, subject.name).environment


def _command(facts: BackupFacts, database: str, new_name: str) -> str:
    words = ["python", "manage_db.py", "restore", facts.name]
    if database != facts.database:
        words += ["--database", database]
    if new_name:
        words += ["--into", new_name]
    return shlex.join(words)
