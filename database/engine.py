"""SQLAlchemy engines: the application's, with its pool, and the migrator's, which loses no data on SQLite.
Both connect through the adapter, so that TLS, timeouts and errors are the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from core.connection import ConnectionParameters
from core.errors import MigrationError
from core.settings import Settings
from core.text import plural
from database.adapters import adapter_for
from database.adapters.base import Adapter, Capability
from database.adapters.network import LOCK_PATIENCE
from database.url import driver_url

CONNECT_TIMEOUT = 30.0
CONNECT_PATIENCE = 3.0
PING_PATIENCE = 1.0  # a connection out of the pool is asked whether it still lives
ANSWER_PATIENCE = LOCK_PATIENCE + 2.0  # the server's own patience with a lock has to end before
# A process that is stopped in the middle of a transaction keeps its rows from everybody for so long: less
# than the lease of an operation, so that whoever takes it over can.
SILENCE_LIMIT = 50.0
LOCK_TIMEOUT = 5.0  # TRUST section 4.3 (d): by default DDL waits for ever, or for a day


def engine_url(parameters: ConnectionParameters) -> URL:
    """The URL an engine is made from, without the password: `connector` does the connecting."""
    return make_url(driver_url(replace(parameters, password="")))


def engine_options(settings: Settings, *, hurried: bool = False) -> dict[str, Any]:
    """What `create_engine` is given for the application's database. `hurried` where somebody waits for a
    page: then a new connection takes CONNECT_PATIENCE at most."""
    adapter = adapter_for(settings.database)
    timeout = settings.db_connect_timeout
    options = {
        "creator": _polite(
            connector(adapter, min(timeout, CONNECT_PATIENCE) if hurried else timeout), adapter
        ),
        "hide_parameters": True,  # values, which may be secrets, stay out of errors and logs
        **_transactions(adapter),
    }
    if settings.database.in_memory:
        return options | {"poolclass": StaticPool}
    if _is_file(adapter):
        return options | {"poolclass": NullPool}
    return options | {
        "pool_size": settings.db_pool_size,
        "max_overflow": settings.db_max_overflow,
        # Flask-SQLAlchemy cuts the fraction off, and 0 would mean not to wait.
        "pool_timeout": ceil(settings.db_pool_timeout),
        "pool_recycle": ceil(settings.db_pool_recycle),
        "pool_pre_ping": True,
    }


def hurry(engine: Engine, adapter: Adapter) -> None:
    """Let no connection out of the pool of `engine` wait for ever for a server that hangs."""

    def let_ping(connection: Any, *_: Any) -> None:
        if connection is not None:  # it was lost
            adapter.answer_patience(connection, PING_PATIENCE)

    def let_work(connection: Any, *_: Any) -> None:
        adapter.answer_patience(connection, ANSWER_PATIENCE)

    event.listen(engine, "checkin", let_ping)
    event.listen(engine, "checkout", let_work)  # after the ping


def migration_engine(parameters: ConnectionParameters, statement_timeout: float = 0) -> Engine:
    """An engine for DDL: no pool, locks waited for LOCK_TIMEOUT seconds, statements ended after
    `statement_timeout` where that is not 0, and on SQLite real transactions with the foreign keys off, so
    that rebuilding a table does not empty the tables that refer to it."""
    adapter = adapter_for(parameters)
    is_file = _is_file(adapter)
    engine = create_engine(
        engine_url(parameters),
        poolclass=NullPool,
        creator=connector(adapter, CONNECT_TIMEOUT, LOCK_TIMEOUT, statement_timeout),
        hide_parameters=True,
        **({} if is_file else _transactions(adapter)),
    )
    if is_file:
        event.listen(engine, "connect", _prepare_file)
        event.listen(engine, "begin", _begin_immediately)
        event.listen(engine, "commit", _check_foreign_keys)
    return engine


def connector(
    adapter: Adapter, timeout: float, lock_timeout: float | None = None, statement_timeout: float = 0
) -> Callable[[], Any]:
    """A function that opens a connection of the driver by way of `adapter`."""

    def connect() -> Any:
        connection = adapter.connect(timeout)
        if lock_timeout is not None:
            adapter.lock_patience(connection, lock_timeout)
        if statement_timeout:
            adapter.statement_timeout(connection, statement_timeout)
        return connection

    return connect


def _polite(connect: Callable[[], Any], adapter: Adapter) -> Callable[[], Any]:
    """`connect`, whose connections the server ends when they are silent within a transaction."""

    def connect_politely() -> Any:
        connection = connect()
        adapter.silence_limit(connection, SILENCE_LIMIT)
        return connection

    return connect_politely


@contextmanager
def explained(parameters: ConnectionParameters) -> Iterator[None]:
    """Raise ours in place of the driver's errors, which stay in `__cause__`."""
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error.orig, Exception):
            raise
        raise adapter_for(parameters).explain(error.orig) from error.orig


def _is_file(adapter: Adapter) -> bool:
    return not adapter.supports(Capability.SESSIONS)


def _transactions(adapter: Adapter) -> dict[str, Any]:
    """Adapters connect in autocommit; naming a level makes SQLAlchemy switch it off."""
    return {"isolation_level": "SERIALIZABLE" if _is_file(adapter) else "READ COMMITTED"}


def _prepare_file(connection: Any, _record: Any) -> None:
    # Readers and the one writer then do not wait for each other; the file remembers it.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=OFF")


def _begin_immediately(connection: Connection) -> None:
    # The driver by itself begins no transaction before DDL, and a failure would leave half of it.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_foreign_keys(connection: Connection) -> None:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        tables = ", ".join(sorted({str(row[0]) for row in orphans}))
        raise MigrationError(
            f"It would leave {plural(len(orphans), 'row')} without a parent in {tables}.",
            hint="Nothing was changed. Mend those rows first: manage_db.py verify names them.",
        )
