"""Every error an operator may meet, with the HTTP status, the exit code and the mend that go with it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from datetime import datetime


def with_hint(message: str, hint: str) -> str:
    """What happened and what to do about it as sentences on one line."""
    if not (message and hint):
        return message or hint
    return f"{message} {hint}" if message.endswith((".", "?", "!", ":")) else f"{message}. {hint}"


class AppError(Exception):
    """Something went wrong."""

    code = "error"
    http_status = 500
    exit_code = 1
    hint = ""
    retry_after = 0  # seconds after which to try again, where waiting is the mend

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        """`message` says what happened (default: the class's docstring), `hint` what to do about it."""
        self.message = message or inspect.getdoc(type(self)) or self.code
        self.hint = hint or type(self).hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return with_hint(self.message, self.hint)


class ConfigurationError(AppError):
    """The settings are wrong."""

    code = "configuration"
    exit_code = 2


class InvalidInput(AppError):
    """What was given is not valid."""

    code = "invalid_input"
    http_status = 422
    exit_code = 2


class TooBroad(InvalidInput):
    """This takes longer than a page may take."""

    code = "too_broad"
    hint = "Narrow your search: a longer beginning, one more filter, a shorter time."


class AddressNotAllowed(InvalidInput):
    """The console may not connect to that address."""

    code = "address_not_allowed"
    hint = "List the address, its network or the host in DATABASE_NETWORKS."


class NotAllowed(AppError):
    """This actor may not do that."""

    code = "not_allowed"
    http_status = 403


class NotConfirmed(NotAllowed):
    """A destructive step was not confirmed."""

    code = "not_confirmed"


class NotFound(AppError):
    """There is no such thing."""

    code = "not_found"
    http_status = 404


class Unsupported(AppError):
    """This database cannot do that."""

    code = "unsupported"
    http_status = 422


class Conflict(AppError):
    """It contradicts what is there."""

    code = "conflict"
    http_status = 409


class AlreadyExists(Conflict):
    """It is there already."""

    code = "already_exists"


@dataclass(frozen=True)
class HeldBy:
    """Which operation holds a target, who started it, and since when."""

    target: str
    operation_id: str
    title: str
    actor: str
    since: datetime


class TargetBusy(Conflict):
    """Another operation holds the target."""

    code = "target_busy"
    holder: HeldBy | None = None  # where that is known


class LeaseLost(Conflict):
    """Another worker took this operation over."""

    code = "lease_lost"


class ServerError(AppError):
    """The database server refused or failed."""

    code = "server"
    http_status = 502


class ConnectionFailed(ServerError):
    """The database server cannot be reached."""

    code = "connection_failed"


class SignInRefused(ConnectionFailed):
    """The database server refused the user or the password."""

    code = "sign_in_refused"
    hint = "Check the user and the password."


class DatabaseMissing(ConnectionFailed):
    """The server answers, but it has no such database."""

    code = "database_missing"


class NoDatabase(ConnectionFailed):
    """What is there is no database."""

    code = "no_database"


class TlsFailed(ConnectionFailed):
    """The server offers no connection protected as it has to be."""

    code = "tls_failed"


class ConnectionTimeout(ConnectionFailed):
    """The database server did not answer in time."""

    code = "connection_timeout"


class DatabaseDamaged(ServerError):
    """What the database holds cannot be read."""

    code = "database_damaged"
    hint = "Restore a backup that is verified."


class PrivilegeMissing(ServerError):
    """The database account lacks a privilege."""

    code = "privilege_missing"


class ObjectMissing(ServerError):
    """The database lacks a table or a column that is needed."""

    code = "object_missing"


class ServerTimeout(ServerError):
    """The database server took too long."""

    code = "server_timeout"
    http_status = 504


class LockTimeout(ServerTimeout):
    """Another session holds a lock that is needed here."""

    code = "lock_timeout"


class ToolError(AppError):
    """A program that is needed failed."""

    code = "tool"


class ToolMissing(ToolError):
    """A program or driver that is needed is not installed."""

    code = "tool_missing"


class ToolFailed(ToolError):
    """A program that was started did not do its work."""

    code = "tool_failed"
    said = ""  # the end of what it said, without secrets


class MigrationError(AppError):
    """The migration failed."""

    code = "migration"


class BackupError(AppError):
    """The backup failed."""

    code = "backup"


class BackupDamaged(BackupError):
    """What is stored is not what was stored."""

    code = "backup_damaged"
    http_status = 422


class BackupIncompatible(BackupError):
    """This backup does not fit this server, or no program here fits either."""

    code = "backup_incompatible"
    http_status = 422


class BackupLocked(BackupError):
    """The backup is encrypted, and the identity that opens it is not here."""

    code = "backup_locked"
    http_status = 422
    hint = "Set BACKUP_IDENTITY, or name a file: --identity-file FILE."


class TooBusy(AppError):
    """There is more to do than this machine can do now."""

    code = "too_busy"
    http_status = 503
    hint = "Try again in a few seconds."
    retry_after = 5


class SchemaTooNew(MigrationError):
    """The database was migrated by a newer release than this one."""

    code = "schema_too_new"
    http_status = 503
    hint = "Install that release, or restore a backup made by this one."


class SchemaFault(AppError):
    """The schema is not as the models say."""

    code = "schema_fault"


class OperationCancelled(AppError):
    """The operation was cancelled."""

    code = "cancelled"
    http_status = 409
