"""Which databases the settings name: the highest source that names one supplies all of it (SPEC 3)."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core import variables
from core.connection import DEFAULT_PORTS, ConnectionParameters, Dialect, parse_url
from core.environment import Reader, Source
from core.variables import Environment, Variable


@dataclass(frozen=True)
class Databases:
    """The application's database, the account that changes its schema, and the server's account that may
    create databases and roles."""

    application: ConnectionParameters
    migration: ConnectionParameters
    admin: ConnectionParameters | None
    mysql_admin: ConnectionParameters | None


@dataclass(frozen=True)
class _Parts:
    host: Variable[str]
    port: Variable[int]
    user: Variable[str]
    password: Variable[str]
    name: Variable[str]

    @property
    def all(self) -> tuple[Variable[str] | Variable[int], ...]:
        return self.host, self.port, self.user, self.password, self.name


@dataclass(frozen=True)
class _Found:
    """`depth` counts the sources from the highest to the one that named it; None: faulty."""

    parameters: ConnectionParameters | None
    depth: int
    for_development: bool = False


_DATABASE = _Parts(
    variables.DATABASE_HOST,
    variables.DATABASE_PORT,
    variables.DATABASE_USER,
    variables.DATABASE_PASSWORD,
    variables.DATABASE_NAME,
)
_DB = _Parts(variables.DB_HOST, variables.DB_PORT, variables.DB_USER, variables.DB_PASS, variables.DB_NAME)
_ADMIN = _Parts(
    variables.DB_HOST,
    variables.DB_PORT,
    variables.DB_ADMIN_USER,
    variables.DB_ADMIN_PASSWORD,
    variables.DB_NAME,
)


def read_databases(reader: Reader, environment: Environment) -> Databases:
    """What the sources name; the default database where none does."""
    found = _application(reader, environment is Environment.DEVELOPMENT)
    default = _default(environment) if found is None else parse_url(variables.DATABASE_URL.default)
    application = (found.parameters if found else None) or default
    return Databases(
        application, _migration(reader, application, found), _admin(reader), _mysql_admin(reader)
    )


def _application(reader: Reader, development: bool) -> _Found | None:
    for depth, source in enumerate(reader.sources, 1):
        if development and (text := reader.text_in(source, variables.DEV_DATABASE_URL)):
            return _Found(reader.url(variables.DEV_DATABASE_URL, text), depth, for_development=True)
        if text := reader.text_in(source, variables.DATABASE_URL):
            return _Found(reader.url(variables.DATABASE_URL, text), depth)
        if reader.has(source, *_DATABASE.all):
            return _Found(_from_parts(reader, source, _DATABASE, Dialect.POSTGRESQL), depth)
        if reader.has(source, variables.DB_TYPE, variables.DB_USER):
            return _Found(_from_parts(reader, source, _DB, reader.read_in(source, variables.DB_TYPE)), depth)
        if reader.has(source, variables.DB_PASS):
            reader.fault(f"DB_PASS is set in {source.label} without DB_USER or DB_TYPE")
    return None


def _from_parts(
    reader: Reader, source: Source, parts: _Parts, dialect: Dialect
) -> ConnectionParameters | None:
    name = reader.read_in(source, parts.name)
    if not name:
        reader.fault(f"{parts.name.name} is not set in {source.label}, which names the database in parts")
    if dialect is Dialect.SQLITE:
        return ConnectionParameters(dialect, _file_name(name))
    return _server(reader, source, parts, dialect, name)


def _server(
    reader: Reader, source: Source, parts: _Parts, dialect: Dialect, name: str
) -> ConnectionParameters:
    return ConnectionParameters(
        dialect,
        name,
        reader.read_in(source, parts.host),
        reader.read_in(source, parts.port) or DEFAULT_PORTS[dialect],
        reader.read_in(source, parts.user),
        reader.read_in(source, parts.password),
    )


def _file_name(name: str) -> str:
    return name if name == ":memory:" or name.endswith(".db") else f"{name}.db"


def _migration(
    reader: Reader, application: ConnectionParameters, found: _Found | None
) -> ConnectionParameters:
    """A lower source than the one that named the application's database is not asked, nor is any where
    DEV_DATABASE_URL won: what they name belongs to another database, and would be migrated in its place."""
    if found and found.for_development:
        return application
    sources = reader.sources[: found.depth] if found else reader.sources
    text = next(
        filter(None, (reader.text_in(source, variables.MIGRATION_DATABASE_URL) for source in sources)), ""
    )
    parameters = reader.url(variables.MIGRATION_DATABASE_URL, text) if text else None
    if parameters and _identity(parameters) != _identity(application) and (found is None or found.parameters):
        reader.fault(f"{variables.MIGRATION_DATABASE_URL.name} names another database than the application's")
    return parameters or application


def _identity(parameters: ConnectionParameters) -> tuple[int, str]:
    """What two accounts of one database share: hosts may differ, as with a pooler in front."""
    server = parameters.dialect in DEFAULT_PORTS
    name = parameters.database if server else str(Path(parameters.database).absolute())
    return DEFAULT_PORTS.get(parameters.dialect, 0), name


def _admin(reader: Reader) -> ConnectionParameters | None:
    for source in reader.sources:
        if text := reader.text_in(source, variables.DB_ADMIN_URL):
            return _admin_by_url(reader, text)
        # Without DB_TYPE and DB_USER all of DB_* describes the admin server; else it shares host and port.
        shared = reader.has(source, variables.DB_TYPE, variables.DB_USER)
        own = () if shared else (variables.DB_HOST, variables.DB_PORT, variables.DB_NAME)
        if reader.has(source, variables.DB_ADMIN_USER, variables.DB_ADMIN_PASSWORD, *own):
            name = "" if shared else reader.read_in(source, variables.DB_NAME)
            return _admin_in_parts(reader, source, name)
    return None


def _admin_by_url(reader: Reader, text: str) -> ConnectionParameters | None:
    parameters = reader.url(variables.DB_ADMIN_URL, text, database_required=False)
    if parameters and parameters.dialect not in DEFAULT_PORTS:
        reader.fault(f"{variables.DB_ADMIN_URL.name} names a file, allowed: the URL of a server")
    return _with_name(parameters) if parameters else None


def _mysql_admin(reader: Reader) -> ConnectionParameters | None:
    texts = (reader.text_in(source, variables.MYSQL_ADMIN_URL) for source in reader.sources)
    text = next(filter(None, texts), "")
    parameters = reader.url(variables.MYSQL_ADMIN_URL, text, database_required=False) if text else None
    if parameters and parameters.dialect not in (Dialect.MYSQL, Dialect.MARIADB):
        reader.fault(f"{variables.MYSQL_ADMIN_URL.name} is not the URL of a MySQL or MariaDB server")
    return parameters


def _admin_in_parts(reader: Reader, source: Source, name: str) -> ConnectionParameters:
    dialect = reader.read_in(source, variables.DB_TYPE)
    dialect = dialect if dialect in DEFAULT_PORTS else Dialect.POSTGRESQL
    return _with_name(_server(reader, source, _ADMIN, dialect, name))


def _with_name(admin: ConnectionParameters) -> ConnectionParameters:
    """PostgreSQL takes no connection without a database; `postgres` is there for that."""
    needs_one = admin.dialect is Dialect.POSTGRESQL and not admin.database
    return replace(admin, database="postgres") if needs_one else admin


def _default(environment: Environment) -> ConnectionParameters:
    if environment is Environment.TESTING:
        return ConnectionParameters(Dialect.SQLITE, str(_temporary_folder() / "testing.db"))
    return parse_url(variables.DATABASE_URL.default)


@cache
def _temporary_folder() -> Path:
    """A folder of this process alone, gone when it ends."""
    import tempfile  # with shutil 5 ms, which the health door would pay for nothing

    folder = Path(tempfile.mkdtemp(prefix="basekeeper-testing-"))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a worker forked from the owner leaves it there
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
