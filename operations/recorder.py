"""Writes what an operation does into our database: its row, its log, its audit rows, its lock.

    begin()   lock, row and audit intent, in one transaction that waits its turn; without it nothing starts
    events    phase, count and log lines, at each phase and at most every 0.25 s within it; whatever holds the
              database, the work goes on
    finish()  outcome, the lines still kept, audit outcome and the lock's release, again in one that waits

Two moods (ARCHITECTURE section 4, rules 1 and 2). Progress is impatient: a write that meets a lock is dropped
and counted, and the next one is further off the longer this one took. What matters is kept: lines stay in
memory until they are written, and where the row or its tables are missing (`init` makes them, `reset` makes
them anew) everything is written as soon as they exist."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.clock import monotonic, utc_now
from core.errors import AppError, Conflict, SchemaFault, ServerError, TargetBusy
from core.progress import Advanced, EndState, Event, Finished, Noted, PhaseStarted
from models import OperationLine, OperationRecord
from operations.audit import append
from operations.leases import lease_columns, own_attempt
from operations.locks import find_holder, free_lock, take_lock
from operations.phases import Phases
from operations.processes import this_process
from operations.records import operation_columns, run_entry
from operations.rows import clip, table_of
from operations.runs import Run
from operations.tables import has_columns, has_tables, missing_tables, refuse_newer
from operations.takeover import settle
from operations.transactions import OwnConnection

INTERVAL = 0.25  # seconds between two writes of progress
IMPATIENCE = 0.02  # seconds that one of them waits for a lock
_SHARE = 4  # a write that took long is followed by a pause this many times longer
_LINES_KEPT = 10_000

_OPERATIONS = table_of(OperationRecord)
_LINES = table_of(OperationLine)


@dataclass(frozen=True)
class _Progress:
    phase: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""


class Recorder:
    """The sink that records one run. `missed` counts the writes of progress that were dropped."""

    def __init__(self, connection: OwnConnection, run: Run) -> None:
        self.missed = 0
        self._connection = connection
        self._run = run
        self._progress = _Progress()
        self._phases = Phases(run)
        self._lines: deque[tuple[datetime, str]] = deque(maxlen=_LINES_KEPT)
        self._next_write = monotonic() + INTERVAL
        self._pause_end = monotonic()

    def begin(self) -> bool:
        """Take the lock and write row and intent; False when that waits for the tables, which this run makes.
        Raises TargetBusy, SchemaFault where the tables are missing and stay so, SchemaTooNew where a newer
        release made them, ServerError: then nothing starts."""
        try:
            if self._connection.insist(self._has_place):
                self._connection.insist(self._write_beginning)
                return True
        except ServerError as error:
            said = f"Nothing was started, since its record could not be written: {error.message}"
            raise type(error)(said, hint=error.hint) from error
        if self._run.makes_schema:
            return False
        raise self._connection.insist(missing_tables)

    def __call__(self, event: Event) -> None:
        """Remember `event`, and write what is known if it is time to: at the start of each phase, for it may
        say no more for a long time."""
        self._remember(event)
        earliest = self._pause_end if isinstance(event, PhaseStarted) else self._next_write
        if self._connection.shared or monotonic() < earliest:
            return
        began = monotonic()
        try:
            self._write_at_once()
        except (ServerError, SchemaFault, TargetBusy):
            self.missed += 1
        now = monotonic()
        self._pause_end = now + _SHARE * (now - began)
        self._next_write = max(now + INTERVAL, self._pause_end)

    def finish(self, state: EndState, error: AppError | None) -> None:
        """Write how it ended, waiting its turn. Raises SchemaFault when the tables are gone, Conflict when
        someone else ended the row, ServerError."""
        self._phases.remember(Finished(state, error))
        self._connection.insist(partial(self._write_end, state, error))
        self._lines.clear()
        self._phases.settle()

    def _remember(self, event: Event) -> None:
        self._phases.remember(event)
        match event:
            case PhaseStarted(name, total, unit):
                self._progress = _Progress(
                    clip(name, _OPERATIONS.c.phase), 0, total, clip(unit, _OPERATIONS.c.unit)
                )
            case Advanced(done, total):
                self._progress = replace(self._progress, done=done, total=total)
            case Noted(message):
                self._lines.append((utc_now(), clip(message, _LINES.c.message)))

    def _has_place(self, connection: Connection) -> bool:
        if self._run.makes_schema:
            # An older schema may lack a column: what brings it up to date runs without a record at first.
            return has_tables(connection) and has_columns(connection)
        refuse_newer(connection)
        return has_tables(connection)

    def _write_beginning(self, connection: Connection) -> None:
        holder = find_holder(connection, self._run.target)
        if holder and holder.operation_id == self._run.id:
            return  # the commit went through although the connection broke
        settle(connection, self._run.actor)
        take_lock(connection, self._run, this_process())
        self._insert_record(connection)

    def _write_at_once(self) -> None:
        written = len(self._lines)
        self._connection.attempt(self._write_progress, IMPATIENCE)
        for _ in range(written):
            self._lines.popleft()
        self._phases.settle()

    def _write_progress(self, connection: Connection) -> None:
        self._need_tables(connection)
        if not self._update(connection) and self._is_missing(connection):
            self._restore_record(connection)
            self._update(connection)
        self._insert_details(connection)

    def _write_end(self, state: EndState, error: AppError | None, connection: Connection) -> None:
        self._need_tables(connection)
        columns = (_OPERATIONS.c.state, _OPERATIONS.c.attempt)
        stored = connection.execute(select(*columns).where(self._own_row)).first()
        if stored is None:
            self._restore_record(connection)
        elif stored.attempt != self._run.attempt:
            raise Conflict(f"Attempt {stored.attempt} has taken it over.")
        elif stored.state == state:
            return  # the commit went through although the connection broke
        elif stored.state != "running":
            raise Conflict(f"Its record was ended by someone else as {stored.state}.")
        ended = {"state": state, "finished_at": utc_now(), "lease_until": None}
        self._update(connection, **ended, **_error_columns(error))
        self._insert_details(connection)
        free_lock(connection, self._run)
        append(connection, run_entry(self._run, "outcome", outcome=state, details=_error_details(error)))

    def _need_tables(self, connection: Connection) -> None:
        if self._run.makes_schema and not has_tables(connection):
            raise SchemaFault("The tables that record operations are not there.")

    @property
    def _own_row(self) -> Any:
        return _OPERATIONS.c.id == self._run.id

    def _is_missing(self, connection: Connection) -> bool:
        return connection.execute(select(_OPERATIONS.c.id).where(self._own_row)).first() is None

    def _restore_record(self, connection: Connection) -> None:
        """Write row and intent where there are none, or none any more; and the lock, if it is free."""
        holder = find_holder(connection, self._run.target)
        if holder is None or holder.is_gone:
            settle(connection, self._run.actor)
            take_lock(connection, self._run, this_process())
        self._phases.forget_written()
        self._insert_record(connection)

    def _insert_record(self, connection: Connection) -> None:
        held = lease_columns(connection)
        if not self._run.has_lease:
            held["lease_until"] = None
        moments = {"started_at": self._run.started_at, "attempt": self._run.attempt}
        values = operation_columns(self._run) | held | moments
        connection.execute(insert(_OPERATIONS).values(state="running", **values))
        append(connection, run_entry(self._run, "intent", at=self._run.started_at))

    def _update(self, connection: Connection, **more: Any) -> bool:
        progress = self._progress
        values = {"phase": progress.phase, "done": progress.done, "total": progress.total}
        change = update(_OPERATIONS).where(own_attempt(self._run))
        return bool(connection.execute(change.values(**values, unit=progress.unit, **more)).rowcount)

    def _insert_details(self, connection: Connection) -> None:
        self._phases.write(connection)
        lines = [{"operation_id": self._run.id, "at": at, "message": text} for at, text in self._lines]
        if lines:
            connection.execute(insert(_LINES), lines)


def _error_columns(error: AppError | None) -> dict[str, str]:
    if error is None:
        return {}
    words = {"error_code": error.code, "error_message": error.message, "error_hint": error.hint}
    return {name: clip(text, _OPERATIONS.c[name]) for name, text in words.items()}


def _error_details(error: AppError | None) -> dict[str, str]:
    return {"error": error.code} if error else {}
