"""What PostgreSQL and libpq say when something fails, explained."""

from __future__ import annotations

import re

from core.connection import ConnectionParameters
from core.errors import (
    ConnectionFailed,
    ConnectionTimeout,
    DatabaseMissing,
    LockTimeout,
    PrivilegeMissing,
    ServerError,
    ServerTimeout,
    SignInRefused,
    TlsFailed,
)
from database.adapters.explanations import (
    CHECK_ADDRESS,
    CLOSE_SESSIONS,
    END_HOLDER,
    FIND_HOLDER,
    FREE_SPACE,
    OBJECT_MISSING,
    RUN_AGAIN,
    Explanation,
    one_line,
)

_FULL = Explanation(ConnectionFailed, "PostgreSQL at {where} has no free connection.", CLOSE_SESSIONS)
_MISSING = Explanation(
    DatabaseMissing,
    'PostgreSQL at {where} has no database "{database}".',
    "Create it, or correct the name.",
)
_LOST = Explanation(ConnectionFailed, "The connection to PostgreSQL at {where} was lost.", RUN_AGAIN)
_BUSY = Explanation(ConnectionFailed, "PostgreSQL at {where} is starting or stopping.", "Try again soon.")
_TLS = Explanation(
    TlsFailed,
    "No protected connection to PostgreSQL at {where}: {said}",
    "Check sslmode and sslrootcert, or the server's certificate.",
)
_REFUSED = Explanation(SignInRefused, 'PostgreSQL at {where} refused the user "{user}".')

_BY_CODE = {
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "3D000": _MISSING,
    "53300": _FULL,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": _BUSY,
    "42703": OBJECT_MISSING,
    "42P01": OBJECT_MISSING,
    "25P03": Explanation(
        ServerTimeout, "PostgreSQL ended the session: its transaction was idle for too long.", RUN_AGAIN
    ),
    "53100": Explanation(ServerError, "The disk of PostgreSQL at {where} is full.", FREE_SPACE),
    "25006": Explanation(
        ServerError, "PostgreSQL at {where} is read-only.", "Connect to the primary server, or end recovery."
    ),
    "40P01": Explanation(LockTimeout, "PostgreSQL ended a deadlock with another session: {said}", RUN_AGAIN),
    "55P03": Explanation(LockTimeout, "Another session holds a lock that is needed.", FIND_HOLDER),
    "55006": Explanation(LockTimeout, "It is in use: {said}", END_HOLDER),
    "57014": Explanation(
        ServerTimeout, "PostgreSQL cancelled the statement: {said}", "Allow more time, or do less at once."
    ),
}
# Errors of a connection that is not yet made carry no code.
_BY_TEXT = (
    ("no password supplied", _REFUSED),
    ("authentication failed", _REFUSED),
    (
        "authentication method requirement",
        Explanation(
            SignInRefused,
            "PostgreSQL at {where} asked for the password in a form that can be read or replayed.",
            "Store it as scram-sha-256 there, or set sslmode=verify-full.",
        ),
    ),
    (
        "no pg_hba.conf entry",
        Explanation(
            SignInRefused,
            'PostgreSQL at {where} does not let "{user}" in from here.',
            "Add a line for this address to the server's pg_hba.conf, or set sslmode=require.",
        ),
    ),
    ("too many clients", _FULL),
    ("too many connections", _FULL),
    ("connection slots", _FULL),
    ("starting up", _BUSY),
    ("shutting down", _BUSY),
    ("server closed the connection", _LOST),
    ("already closed", _LOST),
    ("terminating connection", _LOST),
    ("connection refused", Explanation(
        ConnectionFailed, "PostgreSQL at {where} refuses the connection.", CHECK_ADDRESS)),
    ("translate host name", Explanation(
        ConnectionFailed, "The host of PostgreSQL at {where} is not known.", "Correct the host's name.")),
    ("timeout expired", Explanation(
        ConnectionTimeout, "PostgreSQL at {where} did not answer in time.", CHECK_ADDRESS)),
    ("invalid response to ssl", Explanation(
        ConnectionFailed, "What answers at {where} is not PostgreSQL.", "Correct the host or the port.")),
    ("ssl", _TLS),
    ("certificate", _TLS),
    ("connection to server", Explanation(
        ConnectionFailed, "PostgreSQL at {where} cannot be reached: {said}", CHECK_ADDRESS)),
)  # fmt: skip
_NO_DATABASE = re.compile(r'database ".*" does not exist', re.DOTALL)
_NO_ROLE = re.compile(r'role ".*" (does not exist|is not permitted to log in)', re.DOTALL)

_DENIED = re.compile(r'permission denied for (\w+(?: \w+)?) "?([^"\n]+)')
_NOT_OWNER = re.compile(r'must be owner of (\w+(?: \w+)?) "?([^"\n]+)')
_VERBS = {"relation": "table", "view": "table", "materialized view": "table"}
_RIGHTS = {"database": "CONNECT", "sequence": "USAGE, SELECT", "function": "EXECUTE", "language": "USAGE"}
_TABLE_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")


def explain(parameters: ConnectionParameters, error: Exception) -> ServerError:
    """`error` of psycopg2 as one of ours."""
    said = _said(error)
    code = getattr(error, "pgcode", None)
    if code == "42501" or "permission denied for database" in said:
        return _missing_privilege(parameters, said, _statement(error))
    explanation = _BY_CODE.get(code) if code else _by_text(said)
    if explanation:
        return explanation.error(parameters, said)
    return ServerError(f"PostgreSQL says: {said}")


def _by_text(said: str) -> Explanation | None:
    if _NO_DATABASE.search(said):
        return _MISSING
    if _NO_ROLE.search(said):
        return _REFUSED
    lowered = said.lower()
    return next((explanation for text, explanation in _BY_TEXT if text in lowered), None)


def _said(error: Exception) -> str:
    """The server's own line when there is one, else all that libpq said."""
    diagnosis = getattr(error, "diag", None)
    return one_line(getattr(diagnosis, "message_primary", None) or str(error) or type(error).__name__)


def _statement(error: Exception) -> str:
    """The first word of what was running, in capitals; "" when the driver does not know."""
    query = getattr(getattr(error, "cursor", None), "query", None) or b""
    words = bytes(query[:200]).decode("utf-8", "replace").split()
    return words[0].upper() if words else ""


def _missing_privilege(parameters: ConnectionParameters, said: str, statement: str) -> PrivilegeMissing:
    message = f'The account "{parameters.user}" lacks a privilege: {said}'
    return PrivilegeMissing(message, hint=_mend(_quote(parameters.user), said, statement))


def _mend(user: str, said: str, statement: str) -> str:
    if "create database" in said:
        return f"As an administrator run: ALTER ROLE {user} CREATEDB;"
    if "create role" in said:
        return f"As an administrator run: ALTER ROLE {user} CREATEROLE;"
    if "terminate process" in said:
        return f"As an administrator run: GRANT pg_signal_backend TO {user};"
    if denied := _DENIED.search(said):
        kind, name = _VERBS.get(denied[1], denied[1]), denied[2]
        right = _right(kind, statement)
        return f"As an administrator run: GRANT {right} ON {kind.upper()} {_name(name)} TO {user};"
    if owner := _NOT_OWNER.search(said):
        kind = _VERBS.get(owner[1], owner[1])
        return f"As an administrator run: ALTER {kind.upper()} {_name(owner[2])} OWNER TO {user};"
    return "Ask an administrator of the server for it."


def _right(kind: str, statement: str) -> str:
    if kind == "schema":
        return "USAGE" if statement in _TABLE_VERBS else "CREATE"
    if kind == "table":
        return statement if statement in _TABLE_VERBS else "SELECT, INSERT, UPDATE, DELETE"
    if kind == "database" and statement:
        return "CREATE"
    return _RIGHTS.get(kind, "ALL")


def _name(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name != "user" else _quote(name)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
