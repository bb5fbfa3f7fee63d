"""Which account makes databases on a database's server, and what a backup or a restore may use there."""

from __future__ import annotations

from dataclasses import replace

from core.connection import ConnectionParameters, Dialect
from core.errors import DatabaseMissing, Unsupported
from core.settings import Settings
from database.adapters import adapter_class, adapter_for, closing_connection
from database.adapters.backup import BackupAdapter, Means
from database.adapters.backup_adapters import backup_adapter_for
from database.adapters.base import Capability

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def open_backup_adapter(database: ConnectionParameters, settings: Settings) -> BackupAdapter:
    """Who backs up and restores `database`, chosen by what really answers there. Raises ConnectionFailed and
    its kin, ToolMissing, Unsupported for a database in memory; a database that is gone is to be restored."""
    if database.in_memory:
        raise Unsupported(
            "A database in memory cannot be backed up.", hint="Set DATABASE_URL to a file or a server."
        )
    means = backup_means(settings)
    answering = replace(database, dialect=_kind_of(database, means.connect_timeout))
    return backup_adapter_for(answering, keeper_of(answering, settings), means)


def keeper_of(database: ConnectionParameters, settings: Settings) -> ConnectionParameters:
    """The account that may make databases on the server of `database`: the one that the settings name for
    that server, or else the database's own; spoken to in the dialect of `database`."""
    for account in settings.admin_accounts:
        if _place(account) == _place(database) and _is_kin(account, database):
            return replace(account, dialect=database.dialect)
    return database


def backup_means(settings: Settings) -> Means:
    """What the settings give to a run."""
    return Means(
        settings.client_tools_path,
        settings.client_tools_floor,
        settings.db_connect_timeout,
        settings.db_command_timeout,
        scratch=str(settings.backup_dir / ".scratch"),
    )


def _kind_of(database: ConnectionParameters, timeout: float) -> Dialect:
    """What really answers, also where the database itself is gone: then its server does. A file answers for
    nobody else, whether or not it can be read."""
    if not adapter_for(database).supports(Capability.SESSIONS):
        return database.dialect
    try:
        with closing_connection(database, timeout) as (adapter, connection):
            return adapter.recognised(connection)
    except DatabaseMissing:
        with closing_connection(adapter_for(database).maintenance, timeout) as (adapter, connection):
            return adapter.recognised(connection)


def _place(account: ConnectionParameters) -> tuple[str, int]:
    host = account.host.lower()
    return (_THIS_MACHINE[0] if host in _THIS_MACHINE else host), account.port


def _is_kin(account: ConnectionParameters, database: ConnectionParameters) -> bool:
    """True for two kinds of server of which one speaks the language of the other, as MariaDB does."""
    one, other = adapter_class(account.dialect), adapter_class(database.dialect)
    return issubclass(one, other) or issubclass(other, one)
