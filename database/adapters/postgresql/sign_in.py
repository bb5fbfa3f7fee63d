"""How a PostgreSQL connection is described to libpq: every field said, quoted, and nothing taken from the
account that runs the program (TRUST C2, D2, D3)."""

from __future__ import annotations

import math

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
_VERIFIED = (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL)


def conninfo(parameters: ConnectionParameters, timeout: float, application: str, address: str = "") -> str:
    """The connection string for libpq, password included; `timeout` in seconds is rounded up to whole
    ones. `address` is dialled in place of looking the host up, whose name TLS checks all the same. For
    `psycopg2.connect` alone and never for an argument of a program."""
    fields = {
        **_NOTHING_AMBIENT,
        **_KEEPALIVES,
        "host": parameters.host,
        "hostaddr": address,
        "port": str(parameters.port),
        "dbname": parameters.database,
        "user": parameters.user,
        "password": parameters.password,
        "application_name": application,
        "connect_timeout": str(max(1, math.ceil(timeout))),
        "sslmode": parameters.tls_mode or TlsMode.PREFER,
        "sslrootcert": _root_certificate(parameters),
        "require_auth": _methods(parameters),
    }
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


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
