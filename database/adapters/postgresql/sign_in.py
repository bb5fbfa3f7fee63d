"""How a PostgreSQL connection is described to libpq: every field said, quoted, and nothing taken from the
account that runs the program (TRUST C2, D2, D3)."""

from __future__ import annotations

import math
from pathlib import Path

from core.connection import ConnectionParameters, TlsMode
from core.errors import InvalidInput

# A keyword that is given, even empty, keeps libpq from its environment variable and from the service file.
_NOTHING_AMBIENT = {
    "options": "",
    "passfile": "/nonexistent/pgpass",
    "requirepeer": "",
    "sslcert": "/nonexistent/postgresql.crt",
    "sslkey": "/nonexistent/postgresql.key",
    "sslpassword": "",
    "sslcrl": "/nonexistent/root.crl",
    "sslcrldir": "",
    "gssencmode": "disable",
    "krbsrvname": "",
    "gssdelegation": "0",
    "replication": "",
    "target_session_attrs": "any",
    "load_balance_hosts": "disable",
    "client_encoding": "UTF8",
    "channel_binding": "prefer",
    "sslnegotiation": "postgres",
    "sslcertmode": "disable",
    "sslsni": "1",
    "ssl_min_protocol_version": "TLSv1.2",
    "ssl_max_protocol_version": "",
}
# A peer that vanished is noticed within a minute, whatever was under way.
_KEEPALIVES = {
    "keepalives": "1",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
# What client programs know from which major version on: an older one refuses the word.
_SINCE = {
    "gssdelegation": 17,
    "load_balance_hosts": 16,
    "require_auth": 16,
    "sslcertmode": 16,
    "sslnegotiation": 17,
}
_BREAKS = set("\r\n\0")
_VERIFIED = (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL)


def conninfo(parameters: ConnectionParameters, timeout: float, application: str, address: str = "") -> str:
    """The connection string for libpq, password included; `timeout` in seconds is rounded up to whole
    ones. `address` is dialled in place of looking the host up, whose name TLS checks all the same. For
    `psycopg2.connect` alone and never for an argument of a program."""
    return _text(_fields(parameters, timeout, application, address) | {"password": parameters.password})


def tool_conninfo(
    parameters: ConnectionParameters,
    timeout: float,
    application: str,
    address: str = "",
    *,
    passfile: Path | None,
    major: int,
) -> str:
    """The same for a client program of that major version, to be one argument: the password is in
    `passfile`. A program before 16 cannot be told how the server has to ask for it."""
    fields = _fields(parameters, timeout, application, address)
    if passfile:
        fields["passfile"] = str(passfile)
    return _text({key: value for key, value in fields.items() if _SINCE.get(key, 0) <= major})


def password_line(parameters: ConnectionParameters) -> str:
    """What a password file says for exactly this server, database and account, so that nobody else is given
    the password. Raises InvalidInput for a password or an account of more than a line."""
    if _BREAKS & set(parameters.password + parameters.user + parameters.host):
        raise InvalidInput("The account or its password holds a line break, which no password file can.")
    is_line = not _BREAKS & set(parameters.database)
    database = _escaped(parameters.database) if is_line else "*"
    host, user, password = map(_escaped, (parameters.host, parameters.user, parameters.password))
    return f"{host}:{parameters.port}:{database}:{user}:{password}\n"


def _fields(
    parameters: ConnectionParameters, timeout: float, application: str, address: str
) -> dict[str, str]:
    return {
        **_NOTHING_AMBIENT,
        **_KEEPALIVES,
        "host": parameters.host,
        "hostaddr": address,
        "port": str(parameters.port),
        "dbname": parameters.database,
        "user": parameters.user,
        "application_name": application,
        "connect_timeout": str(max(1, math.ceil(timeout))),
        "sslmode": parameters.tls_mode or TlsMode.PREFER,
        "sslrootcert": _root_certificate(parameters),
        "require_auth": _methods(parameters),
    }


def _text(fields: dict[str, str]) -> str:
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace(":", "\\:")


def _quoted(value: str) -> str:
    """`value` as libpq reads it back, whatever it holds."""
    if "\0" in value:
        raise InvalidInput("The settings of the connection hold a NUL character.")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _root_certificate(parameters: ConnectionParameters) -> str:
    if parameters.tls_root_certificate:
        return parameters.tls_root_certificate
    if parameters.tls_mode in _VERIFIED:
        import ssl

        # The driver's own OpenSSL may look where this system keeps nothing.
        return ssl.get_default_verify_paths().cafile or "system"
    return "/nonexistent/root.crt"


def _methods(parameters: ConnectionParameters) -> str:
    """Who cannot prove to be the server is not given a password that can be read or replayed; of a
    registered one nobody but who proves to know the password too (TRUST C5)."""
    if parameters.is_registered and parameters.password:
        return "scram-sha-256"
    ambient = "!gss,!sspi"
    return ambient if parameters.tls_mode in _VERIFIED else f"!password,!md5,{ambient}"
