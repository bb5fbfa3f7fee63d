"""What people say of a database they register: typed fields, each checked, never a URL (TRUST C1, D3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.addresses import is_this_machine
from core.connection import DEFAULT_PORTS, LOCAL_HOST, ConnectionParameters, Dialect, TlsMode, parse_url
from core.errors import InvalidInput
from core.naming import fold
from core.settings import Environment, Settings
from core.text import visible
from core.urls import check_host

DIALECTS = tuple(str(one) for one in Dialect)
ENVIRONMENTS = tuple(str(one) for one in Environment)
TLS_MODES = (TlsMode.VERIFY_FULL, TlsMode.VERIFY_CA, TlsMode.REQUIRE, TlsMode.PREFER, TlsMode.DISABLE)

_NAME = re.compile(r"\w[\w.\-]{0,79}")
_RESERVED = ("new",)  # a page of that address is there already
_LENGTHS = {"host": 255, "account": 128, "database_name": 255, "tls_root_certificate": 255}
_LABELS = {"tls_mode": "TLS mode", "tls_root_certificate": "CA certificate", "database_name": "Database"}
_BELOW = "the folder that DATABASE_FOLDER names."
_EXPOSED = {
    TlsMode.REQUIRE: "The server's identity is not checked, so another may answer in its place.",
    TlsMode.PREFER: "The connection is encrypted only where the server offers it.",
    TlsMode.DISABLE: "The connection is not encrypted: passwords and data can be read on the way.",
}


@dataclass(frozen=True)
class DatabaseFields:
    """One database as it was typed in. Left out, `port` and `tls_mode` become what is usual; `database_name`
    is the path of a file below the settings' folder where `dialect` is sqlite."""

    name: str
    environment: str
    dialect: str
    database_name: str
    host: str = ""
    port: int = 0
    account: str = ""
    tls_mode: str = ""
    tls_root_certificate: str = ""

    @property
    def is_file(self) -> bool:
        """True for a database that no server keeps."""
        return self.dialect == Dialect.SQLITE

    @property
    def exposure(self) -> str:
        """What is left unprotected on the way, as a sentence; "" for nothing (TRUST C6)."""
        crosses_network = not self.is_file and not is_this_machine(self.host)
        return _EXPOSED.get(TlsMode(self.tls_mode), "") if crosses_network else ""

    @property
    def place(self) -> str:
        """Where it is, as people name it: "db.example.com:5432/shop", or the file."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.database_name if self.is_file else f"{host}:{self.port}/{self.database_name}"


@dataclass(frozen=True)
class Fault:
    """What is wrong with the field of that name."""

    field: str
    message: str


def from_url(name: str, environment: str, url: str) -> tuple[DatabaseFields, str]:
    """The fields of a URL, and its password. Raises InvalidInput that shows neither (TRUST C1)."""
    parameters = parse_url(url)
    fields = DatabaseFields(
        name,
        environment,
        parameters.dialect,
        parameters.database,
        parameters.host,
        parameters.port,
        parameters.user,
        parameters.tls_mode,
        parameters.tls_root_certificate,
    )
    return fields, parameters.password


def completed(fields: DatabaseFields) -> DatabaseFields:
    """The fields with the name folded and what was left out filled in: verify-full wherever a network is
    crossed (TRUST C6). Of a file only its path is kept."""
    name = fold(fields.name)
    if fields.is_file:
        return DatabaseFields(name, fields.environment, fields.dialect, fields.database_name)
    host = (fields.host or LOCAL_HOST).lower()
    usual = TlsMode.PREFER if is_this_machine(host) else TlsMode.VERIFY_FULL
    port = fields.port or (DEFAULT_PORTS[Dialect(fields.dialect)] if fields.dialect in DIALECTS else 0)
    return replace(fields, name=name, host=host, port=port, tls_mode=fields.tls_mode or usual)


def find_faults(fields: DatabaseFields, settings: Settings) -> tuple[Fault, ...]:
    """What is wrong with completed `fields`; () when they can be used."""
    faults = [*_name_faults(fields, settings), *_word_faults(fields), *_text_faults(fields)]
    if fields.dialect not in DIALECTS:
        return tuple(faults)  # what else is needed depends on it
    faults += _file_faults(fields, settings) if fields.is_file else _server_faults(fields)
    return tuple(faults + list(_certificate_faults(fields, settings)))


def check_fields(fields: DatabaseFields, settings: Settings) -> None:
    """Raises InvalidInput that names every fault of completed `fields`."""
    if faults := find_faults(fields, settings):
        raise InvalidInput(" ".join(f"{label(one.field)}: {one.message}" for one in faults))


def label(field: str) -> str:
    """The name of a field as people read it."""
    return {
        "tls_mode": "TLS mode",
        "tls_root_certificate": "CA certificate",
        "database_name": "Database",
    }.get(field, field.capitalize())


def parameters_of(fields: DatabaseFields, password: str, settings: Settings) -> ConnectionParameters:
    """How to connect with completed `fields`: only where the settings allow it."""
    dialect, folder = Dialect(fields.dialect), settings.database_folder.absolute()
    if fields.is_file:
        return ConnectionParameters(dialect, str(folder / fields.database_name), allowed=(str(folder),))
    certificate = fields.tls_root_certificate
    return ConnectionParameters(
        dialect,
        fields.database_name,
        fields.host,
        fields.port,
        fields.account,
        password,
        TlsMode(fields.tls_mode),
        str(folder / certificate) if certificate else "",
        settings.database_networks,
    )


def _name_faults(fields: DatabaseFields, settings: Settings) -> Iterator[Fault]:
    if not _NAME.fullmatch(fields.name):
        yield Fault("name", "1 to 80 letters, digits, dots, dashes or underscores, no space.")
    elif fields.name == fold(settings.database.name):
        yield Fault("name", "The console's own database has this name.")
    elif fields.name in _RESERVED:
        yield Fault("name", "This name is taken by the console itself.")


def _word_faults(fields: DatabaseFields) -> Iterator[Fault]:
    allowed = (("environment", ENVIRONMENTS), ("dialect", DIALECTS))
    for field, words in allowed:
        if getattr(fields, field) not in words:
            yield Fault(field, f"Choose {', '.join(words)}.")
    if fields.tls_mode not in TLS_MODES and not fields.is_file:
        yield Fault("tls_mode", f"Choose {', '.join(TLS_MODES)}.")


def _text_faults(fields: DatabaseFields) -> Iterator[Fault]:
    for field, length in _LENGTHS.items():
        text = getattr(fields, field)
        if len(text) > length:
            yield Fault(field, f"At most {length} characters.")
        elif visible(text) != text:
            yield Fault(field, "It holds an invisible character.")


def _server_faults(fields: DatabaseFields) -> Iterator[Fault]:
    try:
        check_host(fields.host)
    except ValueError:
        yield Fault("host", "One host name or address, without port.")
    if not 1 <= fields.port <= 65535:
        yield Fault("port", "A whole number from 1 to 65535.")
    if not fields.account:
        yield Fault("account", "Name the account to sign in with.")
    # Client programs read such a name as a whole connection, with a host of its own (TRUST D2).
    if not fields.database_name or "=" in fields.database_name or "://" in fields.database_name:
        yield Fault("database_name", "The name of the database, without = and ://.")


def _file_faults(fields: DatabaseFields, settings: Settings) -> Iterator[Fault]:
    if not fields.database_name or not _is_inside(settings.database_folder, fields.database_name):
        yield Fault("database_name", f"Name the file by its path below {_BELOW}")
    elif _is_own(settings, fields.database_name):
        yield Fault("database_name", "This is the console's own database.")


def _certificate_faults(fields: DatabaseFields, settings: Settings) -> Iterator[Fault]:
    certificate = fields.tls_root_certificate
    if not certificate:
        return
    if not _is_inside(settings.database_folder, certificate):
        yield Fault("tls_root_certificate", f"Name the file by its path below {_BELOW}")
    elif not (settings.database_folder / certificate).is_file():
        yield Fault("tls_root_certificate", f"There is no such file below {_BELOW}")


def _is_own(settings: Settings, path: str) -> bool:
    """True for the very file in which the console keeps its own, by whichever path or link."""
    own = settings.database
    try:
        return own.dialect is Dialect.SQLITE and (settings.database_folder / path).samefile(own.database)
    except OSError:  # one of them is not there yet
        return False


def _is_inside(folder: Path, path: str) -> bool:
    try:
        return (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a NUL, a circle of links
        return False
