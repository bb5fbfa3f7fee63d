"""What every worker does again and again. All of it may be done by any number of workers at once."""

from __future__ import annotations

from datetime import timedelta

from core.clock import utc_now
from core.settings import Settings
from features.activity_list import forget_old_activity
from features.backup_clock import clock_fault
from features.database_checks import check_databases
from features.login_sessions import clear_ended_sessions
from features.sampling import sample_sizes
from features.throttling import clear_old_failures
from jobs.backup_chores import CHORES as BACKUP_CHORES
from jobs.seed_chores import CHORES as SEED_CHORES
from operations.chores import Chore
from operations.queue import ring
from operations.reaper import reap

MINUTE = 60.0
_SETTLED = 10.0  # seconds after which a console started at the same time has made its tables


def ring_for_forgotten(settings: Settings) -> None:
    """Take over what died, and ring for what waits and was not heard. Raises SchemaTooNew, ServerError."""
    if waiting := reap(settings):
        ring(settings, *waiting)


def clear_sign_ins(_: Settings) -> None:
    """Remove the sessions that have ended, though nobody signs in any more, and old refused sign-ins."""
    clear_ended_sessions(utc_now())
    clear_old_failures(utc_now())


def forget_activity(settings: Settings) -> None:
    """Delete sign-ins and sign-outs that are older than they are kept, unless the clock may be wrong."""
    if settings.activity_retention_days and not clock_fault(utc_now()):
        forget_old_activity(utc_now() - timedelta(days=settings.activity_retention_days))


CHORES = (
    Chore("look for forgotten operations", 5.0, ring_for_forgotten),
    Chore("look at the registered databases", 15.0, check_databases, after=_SETTLED),
    Chore("sample the sizes of databases", 10 * MINUTE, sample_sizes, after=_SETTLED),
    Chore("clear ended sessions away", MINUTE, clear_sign_ins, after=_SETTLED),
    Chore("forget old sign-ins", 60 * MINUTE, forget_activity, after=MINUTE),
    *BACKUP_CHORES,
    *SEED_CHORES,
)
