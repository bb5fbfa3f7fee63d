"""What MySQL, MariaDB and PyMySQL say when something fails, explained."""

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
    FIND_HOLDER,
    FREE_SPACE,
    OBJECT_MISSING,
    RUN_AGAIN,
    Explanation,
    one_line,
)

_REFUSED = Explanation(SignInRefused, 'The server at {where} refused the user "{user}".')
_FULL = Explanation(ConnectionFailed, "The server at {where} has no free connection.", CLOSE_SESSIONS)
_LOST = Explanation(ConnectionFailed, "The connection to {where} was lost.", RUN_AGAIN)
_DISK = Explanation(ServerError, "The disk of the server at {where} is full.", FREE_SPACE)
_READ_ONLY = Explanation(ServerError, "The server at {where} is read-only.", "Connect to the primary server.")
_LOCKED = Explanation(LockTimeout, "Another session holds a lock that is needed.", FIND_HOLDER)
_SLOW = Explanation(
    ServerTimeout, "The server ended the statement: {said}", "Allow more time, or do less at once."
)
_METHOD = Explanation(
    SignInRefused,
    "The server at {where} asked for a way to sign in that is not used here: {said}",
    "Give the account caching_sha2_password, or set sslmode=verify-full.",
)

_WANTS_FILE = Explanation(
    ServerError,
    "The server at {where} asked for a file of this machine and did not get it.",
    "Check that this is the server you mean, and do not trust it.",
)

_LOST_IN_QUERY = 2013
_BY_CODE = {
    1021: _DISK,
    1026: _DISK,
    1040: _FULL,
    1041: Explanation(ServerError, "The server at {where} is out of memory.", RUN_AGAIN),
    1045: _REFUSED,
    1047: Explanation(
        ServerError,
        "The Galera node at {where} takes no statements: it has lost the other nodes.",
        "Wait until the cluster is Primary again, or connect to another node.",
    ),
    1049: Explanation(
        DatabaseMissing,
        'The server at {where} has no database "{database}".',
        "Create it, or correct the name.",
    ),
    1053: _LOST,
    1054: OBJECT_MISSING,
    1114: _DISK,
    1130: Explanation(
        SignInRefused,
        "The server at {where} lets nobody in from here.",
        "Make an account for this address, as 'user'@'%' is.",
    ),
    1146: OBJECT_MISSING,
    1203: _FULL,
    1205: _LOCKED,
    1213: Explanation(LockTimeout, "The server ended a deadlock with another session.", RUN_AGAIN),
    1226: _FULL,
    1251: _METHOD,
    1095: Explanation(
        PrivilegeMissing,
        'The account "{user}" may end its own sessions only.',
        "As an administrator grant it CONNECTION_ADMIN (MariaDB: CONNECTION ADMIN) ON *.*.",
    ),
    1290: _READ_ONLY,
    1317: _SLOW,
    1698: _REFUSED,
    1792: _READ_ONLY,
    1836: _READ_ONLY,
    1927: _LOST,
    1969: _SLOW,
    2006: _LOST,
    _LOST_IN_QUERY: _LOST,
    2026: Explanation(
        TlsFailed,
        "No protected connection to {where}: {said}",
        "Check sslmode and ssl_ca, or the server's certificate.",
    ),
    2059: _METHOD,
    2061: _METHOD,
    3024: _SLOW,
    3159: Explanation(
        TlsFailed, "The server at {where} wants a protected connection.", "Set sslmode=require."
    ),
    3572: _LOCKED,
    4031: _LOST,
}
_UNREACHABLE = 2003
_OPTION_FORBIDS = 1290
_UNREACHABLE_BY_TEXT = (
    ("refused", ConnectionFailed, "The server at {where} refuses the connection.", CHECK_ADDRESS),
    ("timed out", ConnectionTimeout, "The server at {where} did not answer in time.", CHECK_ADDRESS),
    ("certificate", TlsFailed, "No protected connection to {where}: {said}", "Check sslmode and ssl_ca."),
    ("ssl", TlsFailed, "No protected connection to {where}: {said}", "Check sslmode and ssl_ca."),
    ("not known", ConnectionFailed, "The host of {where} is not known.", "Correct the host's name."),
    ("name resolution", ConnectionFailed, "The host of {where} is not known.", "Correct the host's name."),
    ("", ConnectionFailed, "The server at {where} cannot be reached: {said}", CHECK_ADDRESS),
)

_COMMAND = re.compile(r"^([A-Z, ]+) command denied .* for (?:table|routine) '?`?(.*?)'?$")
_DATABASE = re.compile(r"to database '(.*)'")
_SPECIAL = re.compile(r"at least one of\)? the ([A-Z_ ]+) privilege")
_PRIVILEGES = (1044, 1142, 1143, 1227, 1370)


def explain(parameters: ConnectionParameters, account: str, error: Exception) -> ServerError:
    """`error` of PyMySQL as one of ours; `account` is the user@host to whom a privilege is granted."""
    code, said = _code_and_words(error)
    if code in _PRIVILEGES:
        return _missing_privilege(parameters, account, said)
    silent = code == _LOST_IN_QUERY and "timed out" in said
    explanation = _unreachable(said) if silent or code == _UNREACHABLE else _BY_CODE.get(code)
    if code == _OPTION_FORBIDS and "read" not in said:
        explanation = None  # another option than read_only
    if code == 0 and type(error).__name__ == "InterfaceError":
        explanation = _LOST
    if "LOAD_LOCAL" in said:
        explanation = _WANTS_FILE
    return explanation.error(parameters, said) if explanation else ServerError(f"The server says: {said}")


def _code_and_words(error: Exception) -> tuple[int, str]:
    arguments = error.args
    code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    words = arguments[1] if len(arguments) > 1 else str(error)
    return code, one_line(str(words) or type(error).__name__)


def _unreachable(said: str) -> Explanation:
    lowered = said.lower()
    return next(
        Explanation(kind, message, hint)
        for text, kind, message, hint in _UNREACHABLE_BY_TEXT
        if text in lowered
    )


def _missing_privilege(parameters: ConnectionParameters, account: str, said: str) -> PrivilegeMissing:
    user, _, host = account.rpartition("@")
    if special := _SPECIAL.search(said):
        grant = f"GRANT {special[1]} ON *.*"
    else:
        command, database = _COMMAND.search(said), _DATABASE.search(said)
        name = database[1] if database else parameters.database
        grant = f"GRANT {command[1] if command else 'ALL'} ON {_quote(name)}.*"
    return PrivilegeMissing(
        f'The account "{parameters.user}" lacks a privilege: {said}',
        hint=f"As an administrator run: {grant} TO {_text(user)}@{_text(host)};",
    )


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _quote(name: str) -> str:
    """`name` in a GRANT, where `_` and `%` would stand for any character (TRUST D9)."""
    escaped = name.replace("`", "``").replace("_", r"\_").replace("%", r"\%")
    return f"`{escaped}`"
