"""One database put in the place of another, although MySQL renames no database (TRUST note b):

    kept is made, the journal written  -->  triggers dropped, ALL tables moved by ONE statement  -->
    views, routines, triggers and events made where their tables went  -->  new, empty, dropped

Before that statement the live database is as it was, after it the new one is live; whatever ends the work in
between, the next call goes on by the journal. Grants stay with the names."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from core.errors import AppError, Conflict, NotFound, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Swap, SwapState
from database.adapters.mysql import watch
from database.adapters.mysql.backup_session import Session, database_exists
from database.adapters.mysql.code import Code, read_code, read_triggers
from database.adapters.mysql.code_making import collate, drop, make, make_all
from database.adapters.mysql.grants import give
from database.adapters.mysql.identities import are_same, identity_of
from database.adapters.mysql.loose_keys import add_keys
from database.adapters.mysql.obstacles import tables_that_refer
from database.adapters.mysql.places import drop_place
from database.adapters.mysql.site import Site
from database.adapters.mysql.swap_journal import (
    JOURNAL,
    Journal,
    Side,
    drop_journal,
    enter,
    look_at,
    make_journal,
    read_journal,
    tables_in,
    write_journal,
)
from database.adapters.mysql.table_moving import move_tables, triggers_of

_TRY = "bk_rehearsal"
_PROCEDURE = Code("procedure", _TRY, f"CREATE PROCEDURE {_TRY}() SELECT 1")


def state_of(session: Session, site: Site, swap: Swap) -> SwapState:
    """How far it has come, as the server shows."""
    if read_journal(session, swap):
        return SwapState.HALF
    live, new, kept = (database_exists(session, name) for name in (swap.live, swap.new, swap.kept))
    put_aside = tables_in(session, swap.kept)
    if live and new and not put_aside:
        as_before = _is(session, site, swap.live, swap.live_identity)
        return SwapState.BEFORE if as_before and _is(session, site, swap.new, swap.new_identity) else _UNKNOWN
    if live and kept and not new:
        is_done = _is(session, site, swap.live, swap.new_identity)
        return SwapState.AFTER if is_done and _is(session, site, swap.kept, swap.live_identity) else _UNKNOWN
    return _UNKNOWN


_UNKNOWN = SwapState.UNKNOWN


def swap_databases(op: Operation, site: Site, swap: Swap) -> None:
    """Bring it to its end from wherever it stands. Raises Conflict, PrivilegeMissing, LockTimeout,
    ServerError: the live database is as it was, or `state_of` says HALF and the next call goes on."""
    with site.as_keeper(op) as session:
        _check_cluster(site, session)
        state = state_of(session, site, swap)
        if state is SwapState.AFTER:
            return
        if state is SwapState.UNKNOWN:
            raise Conflict(
                f"{visible(swap.live)} or {visible(swap.new)} is not the database that was to be swapped.",
                hint="Somebody changed them. Begin anew.",
            )
        journal = read_journal(session, swap)
        if not (journal and _are_moved(session, swap, journal)):
            if journal:
                _give_back(session, swap, journal)  # then look anew: others went on working
            journal = _prepare(op, site, session, swap)
            _move(op, site, session, swap, journal)
        _finish(op, site, session, swap, journal)


def _prepare(op: Operation, site: Site, session: Session, swap: Swap) -> Journal:
    if tables := tables_that_refer(session, swap.live):
        raise Conflict(
            f"The table {visible(tables[0])} has a foreign key into {visible(swap.live)}, which would follow "
            "what is put aside.",
            hint="Drop that key first, or restore into a new database.",
        )
    journal = look_at(session, swap)
    try:
        if not database_exists(session, swap.kept):
            session.adapter.create_database(session.connection, swap.kept)
        failpoint("swap.kept")
        enter(session, swap.kept)
        collate(session, journal.live.collation)
        make_journal(session, swap)
        _rehearse(session, (*journal.live.code, *journal.new.code))
        write_journal(session, swap, journal)
    except AppError:
        with suppress(AppError):
            _drop_kept(site, session, swap)
        raise
    failpoint("swap.planned")
    return journal


def _rehearse(session: Session, code: tuple[Code, ...]) -> None:
    """What is to be dropped can be made again by this account, in the name of each definer and as each kind
    of code. Raises PrivilegeMissing."""
    text = f"CREATE TRIGGER {_TRY} BEFORE DELETE ON {JOURNAL} FOR EACH ROW SET @x = 1"
    rehearsed = [
        *(replace(_PROCEDURE, definer=definer) for definer in sorted({one.definer for one in code})),
        *(one for one in code if one.kind == "function"),
        *[Code("trigger", _TRY, text) for one in code if one.kind == "trigger"][:1],
    ]
    for one in rehearsed:
        drop(session, one)  # of a try that was cut off
        make(session, one, one.definer, awake=False)
        drop(session, one)


def _move(op: Operation, site: Site, session: Session, swap: Swap, journal: Journal) -> None:
    """Move the tables, or leave everything as it was."""
    try:
        move_tables(op, site, session, swap, journal)
    except BaseException:
        try:
            _take_back(site, session, swap, journal)  # nobody else may write before it is done
        except AppError:
            with suppress(AppError), site.as_keeper() as fresh:
                _take_back(site, fresh, swap, journal)
        raise
    failpoint("swap.moved")


def _take_back(site: Site, session: Session, swap: Swap, journal: Journal) -> None:
    if not _are_moved(session, swap, journal):
        _give_back(session, swap, journal)
        session.rows("UNLOCK TABLES")
        _drop_kept(site, session, swap)


def _drop_kept(site: Site, session: Session, swap: Swap) -> None:
    """While nothing is in it."""
    if not tables_in(session, swap.kept):
        drop_place(Operation(), site, swap.kept)


def _give_back(session: Session, swap: Swap, journal: Journal) -> None:
    for name, side in ((swap.live, journal.live), (swap.new, journal.new)):
        enter(session, name)
        there, wanted = read_triggers(session), triggers_of(side.code)
        if there != wanted:
            for one in wanted:
                drop(session, one)  # all of them: their order counts
            for one in wanted:
                make(session, one, one.definer, awake=True)
        add_keys(session, side.keys)


def _finish(op: Operation, site: Site, session: Session, swap: Swap, journal: Journal) -> None:
    """Everything else goes where its tables went."""
    session.rows("UNLOCK TABLES")
    site.flavour.follow_sequences(session, {swap.new: swap.live, swap.live: swap.kept})
    _settle(op, session, swap.live, journal.new, journal.live.code, is_live=True)
    for grant in journal.grants:
        with suppress(ServerError):  # of a routine that the new database does not have
            give(session, swap.live, grant)
    failpoint("swap.live_code")
    _settle(op, session, swap.kept, journal.live, is_live=False)
    failpoint("swap.kept_code")
    for table in tables_that_refer(session, swap.new):
        op.note(f"A foreign key of {visible(table)} leads into {visible(swap.new)}, which goes: drop it.")
    drop_place(op, site, swap.new)
    failpoint("swap.new_dropped")
    drop_journal(session, swap)
    failpoint("swap.done")


def _settle(
    op: Operation,
    session: Session,
    name: str,
    side: Side,
    unwanted: tuple[Code, ...] = (),
    *,
    is_live: bool,
) -> None:
    """Make in the database of that name what `side` had and what is not there as it should be; drop the rest.
    What was broken before and cannot be made again, in the live one a view, is named and does not keep the
    swap from its end."""
    wanted = side.code
    enter(session, name)
    collate(session, side.collation)
    add_keys(session, side.keys)
    there = {one.label: one for one in read_code(session)}
    keep = {one.label for one in wanted if there.get(one.label) == one and one.kind != "event"}
    for one in (*wanted, *unwanted):
        if one.label in there and one.label not in keep:
            drop(session, one)
    missing = [one for one in wanted if one.label not in keep]
    for one, error in make_all(missing, lambda one: make(session, one, one.definer, awake=is_live)):
        if is_live and one.kind != "view":
            raise error
        op.note(f"{visible(name)} has no {one.label}: {error.message} It was: {one.text}")


def _are_moved(session: Session, swap: Swap, journal: Journal) -> bool:
    """All went at once: one that is put aside says so for all, whatever became of others since."""
    if tables_in(session, swap.kept):
        return True
    if journal.new.tables:
        return not tables_in(session, swap.new) & set(journal.new.tables)
    return not journal.live.tables


def _is(session: Session, site: Site, name: str, identity: str) -> bool:
    try:
        return not identity or are_same(identity_of(session, site.flavour, name), identity)
    except NotFound:
        return False


def _check_cluster(site: Site, session: Session) -> None:
    """Raises ServerError on a Galera node that is not Primary and Synced."""
    if not site.flavour.is_in_cluster(session):
        return
    probe = watch.cluster(session.adapter, session.connection)
    if probe.status != "healthy":
        raise ServerError(f"The Galera node is {probe.value}.", hint=probe.hint)
