"""Says with the failure of a migration what is left of it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from core.connection import ConnectionParameters
from core.errors import AppError, MigrationError, OperationCancelled
from core.text import plural, visible
from database.adapters import adapter_for
from database.adapters.migration_adapters import migration_adapter_for
from database.migration_watch import StatementWatch

_LONGEST = 200


@contextmanager
def told_what_is_left(watch: StatementWatch, parameters: ConnectionParameters) -> Iterator[None]:
    """Raise Alembic's and the driver's errors as ours, with what became of the revision."""
    try:
        yield
    except CommandError as error:
        raise MigrationError(str(error)) from error
    except DBAPIError as error:
        if not isinstance(error.orig, Exception):
            raise
        if watch.log:
            watch.log.forget_refused()
        raise _explained(adapter_for(parameters).explain(error.orig), watch, parameters) from error.orig
    except OperationCancelled:
        raise
    except AppError as error:
        raise _explained(error, watch, parameters) from error.__cause__


def _explained(error: AppError, watch: StatementWatch, parameters: ConnectionParameters) -> AppError:
    if not watch.revision:
        return error
    if watch.statement:
        sql = migration_adapter_for(parameters.dialect).outline(watch.statement, _LONGEST)
        error.message = f"{error.message} In {visible(watch.revision)}: {sql}"
    if watch.log is None:
        left = f"Nothing of {visible(watch.revision)} was kept."
    elif watch.done:
        left = (
            f"{plural(watch.done, 'statement')} of {visible(watch.revision)} before it stay and are recorded:"
            " the next run goes on after them. To go back instead, restore the backup."
        )
    else:
        left = f"No statement of {visible(watch.revision)} was done."
    error.hint = f"{error.hint} {left}".strip()
    return error
