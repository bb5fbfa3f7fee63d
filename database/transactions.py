"""One transaction on our own tables: all of it or nothing, and the driver's errors turned into ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask_sqlalchemy.session import Session
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import scoped_session

from core.errors import Conflict, ServerError, ServerTimeout
from database.adapters import adapter_for
from database.context import current_settings
from models.base import db

DatabaseSession = scoped_session[Session]
Fence = Callable[[DatabaseSession], None]

_fence: ContextVar[Fence | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(fence: Fence) -> Iterator[None]:
    """While the context lasts, `fence` is asked at the end of every transaction and within it: what it
    raises takes the transaction back (TRUST section 4.1, rule 3)."""
    token = _fence.set(fence)
    try:
        yield
    finally:
        _fence.reset(token)


@contextmanager
def transaction() -> Iterator[DatabaseSession]:
    """The session of this application context, committed at the end and rolled back when anything raises.
    Raises Conflict when a row contradicts another, ConnectionFailed and its kin in place of the driver's
    errors."""
    try:
        yield db.session
        if fence := _fence.get():
            db.session.flush()
            fence(db.session)
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise Conflict("Another row stands against it.") from error
    except DBAPIError as error:
        db.session.rollback()
        raise _explain(error) from error
    except PoolTimeout as error:
        db.session.rollback()
        raise ServerTimeout(
            "No connection to the database became free in time.",
            hint="Raise DB_POOL_SIZE, or look for long transactions.",
        ) from error
    except BaseException:
        db.session.rollback()
        raise


def _explain(error: DBAPIError) -> ServerError:
    adapter = adapter_for(current_settings().database)
    return adapter.explain(error.orig) if isinstance(error.orig, Exception) else ServerError()
