"""Health: one verdict on the application database and what it stands on, whatever hangs or breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.clock import monotonic, utc_now
from core.errors import AppError, PrivilegeMissing, ServerError, ServerTimeout
from core.settings import Settings, load_settings
from core.text import duration
from features.health_checks import QUESTIONS, Session
from features.health_disks import check_disk
from features.health_report import Check, HealthReport, Status, report_of

__all__ = ["Check", "HealthReport", "Status", "check_environment", "check_health", "refuse"]

GRACE = 0.5  # seconds the checks have beyond the limit of a connection
SLOW = 1000.0  # milliseconds
VITAL = ("connection", "query")  # without these nothing works; their slowness is a finding too


def check_environment(env_file: Path | None = None) -> HealthReport:
    """Read the settings and check what they name. Settings that cannot be read make a report of status
    error; nothing is raised."""
    try:
        settings = load_settings(env_file)
    except Exception as error:  # noqa: BLE001 - one of the four boundaries
        return refuse("settings", error)
    return check_health(settings)


def check_health(settings: Settings) -> HealthReport:
    """Look at the server, the schema and the disks. Creates nothing, raises nothing, and ends within
    `db_connect_timeout` and half a second: a check that hangs is named, what waits behind it left out."""
    timestamp = utc_now()
    deadline = monotonic() + settings.db_connect_timeout + GRACE
    lanes = (
        Lane(lambda lane: _ask_server(lane, settings), when_hung=Status.UNHEALTHY),
        Lane(lambda lane: _look_at_backups(lane, settings), when_hung=Status.DEGRADED),
    )
    return report_of(timestamp, [check for lane in lanes for check in lane.checks_by(deadline)])


def refuse(name: str, error: Exception) -> HealthReport:
    """The report of a check that could not begin, because of `error`."""
    return report_of(utc_now(), [_failed(name, error)])


class Lane:
    """Checks made one after the other in a thread of their own, which is left behind when one hangs."""

    def __init__(self, work: Callable[[Lane], None], when_hung: Status) -> None:
        self._when_hung = when_hung
        self._checks: list[Check] = []
        self._current: tuple[str, float] | None = None  # its name, and when it began
        self._thread = threading.Thread(target=work, args=(self,), name="basekeeper-health", daemon=True)
        self._thread.start()

    def look(self, name: str, question: Callable[[], Iterable[Check]]) -> bool:
        """Make one check and keep what it found; whatever goes wrong becomes a finding. False when the
        server is lost, so that there is no use in asking on."""
        began = monotonic()
        self._current = (name, began)
        reachable = True
        try:
            found = tuple(question())
        except Exception as error:  # noqa: BLE001 - one of the four boundaries
            found = (_failed(name, error),)
            reachable = found[0].status is not Status.UNHEALTHY
        self._checks += [_timed(check, monotonic() - began) for check in found]
        self._current = None
        return reachable

    def checks_by(self, deadline: float) -> list[Check]:
        """What was found by then, and last the check that still has no answer."""
        self._thread.join(max(0.0, deadline - monotonic()))
        current, checks = self._current, list(self._checks)
        if current is None:
            return checks
        name, began = current
        seconds = monotonic() - began
        hint = "Find what holds it up: the network, the server's load, a lock, a disk that hangs."
        return [
            *checks,
            _timed(Check(name, self._when_hung, f"no answer in {duration(seconds)}", hint), seconds),
        ]


def _ask_server(lane: Lane, settings: Settings) -> None:
    session = Session(settings)
    try:
        for name, question in QUESTIONS.items():
            reachable = lane.look(name, partial(question, session))
            if not (reachable and session.is_open):
                break
    finally:
        session.close()


def _look_at_backups(lane: Lane, settings: Settings) -> None:
    lane.look("backup_disk", lambda: [check_disk("backup_disk", settings.backup_dir, ours=True)])


def _timed(check: Check, seconds: float) -> Check:
    check = replace(check, milliseconds=round(seconds * 1000, 1))
    if check.name in VITAL and check.status is Status.HEALTHY and check.milliseconds > SLOW:
        hint = "Look at the network and at the server's load."
        return replace(check, status=Status.DEGRADED, value=f"slow: {check.value}", hint=hint)
    return check


def _failed(name: str, error: Exception) -> Check:
    if isinstance(error, AppError):
        return Check(name, _status_of(name, error), error.message, error.hint)
    import logging  # here, for it costs a tenth of the whole check

    logging.getLogger(__name__).debug("The check %s crashed.", name, exc_info=error)
    hint = "This is a fault of Basekeeper: run it again with --verbose to see where."
    return Check(name, Status.ERROR, f"the check crashed: {type(error).__name__}", hint)


def _status_of(name: str, error: AppError) -> Status:
    if not isinstance(error, ServerError):
        return Status.ERROR
    limps = isinstance(error, (PrivilegeMissing, ServerTimeout)) and name not in VITAL
    return Status.DEGRADED if limps else Status.UNHEALTHY
