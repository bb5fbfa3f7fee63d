"""A console on SQLite, and a small shop on each kind of server that it backs up and restores."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from core.actor import Actor, Role
from core.connection import parse_url
from core.progress import Feature
from core.settings import Settings
from database.adapters.backup import operation_of
from database.context import application_context
from database.transactions import transaction
from features.backup_rows import BackupFacts
from features.backup_subjects import find_subject
from features.backups import create_backup
from features.databases import add_database
from features.replacements import list_replacements
from features.restores import restore_backup
from models import Backup, OperationRecord, User
from operations.runner import Runner
from tests.features.registering import described, with_places
from tests.servers import Server

ADMIN = Actor("ada", Role.ADMIN, "cli")
BOOKS = 60

_TABLES = (
    "CREATE TABLE shelf (id integer PRIMARY KEY, name varchar(40) NOT NULL)",
    "CREATE TABLE book (id integer PRIMARY KEY, shelf_id integer NOT NULL, title varchar(80),"
    " FOREIGN KEY (shelf_id) REFERENCES shelf (id))",
    "CREATE INDEX book_title ON book (title)",
)


def fill(server: Server, url: str, books: int = BOOKS) -> None:
    """Two shelves and some books."""
    rows = ", ".join(f"({number}, {number % 2 + 1}, 'Book {number}')" for number in range(1, books + 1))
    shelves = "INSERT INTO shelf VALUES (1, 'Left'), (2, 'Right')"
    server.execute(url, *_TABLES, shelves, f"INSERT INTO book VALUES {rows}")


def add_books(server: Server, url: str, first: int, count: int) -> None:
    """Some more."""
    rows = ", ".join(f"({number}, 1, 'More {number}')" for number in range(first, first + count))
    server.execute(url, f"INSERT INTO book VALUES {rows}")


def count(server: Server, url: str, table: str = "book") -> int:
    """How many rows the table has."""
    return int(str(server.execute(url, f"SELECT count(*) FROM {table}")[0][0]))


def able(settings: Settings, server: Server, tmp_path: Path) -> Settings:
    """Settings with a folder for backups, the server's programs and an account that makes databases."""
    admin = None if server.dialect == "sqlite" else parse_url(server.admin_url, database_required=False)
    is_mysql = server.dialect in ("mysql", "mariadb")
    return replace(
        settings,
        backup_dir=tmp_path / "backups",
        backup_assertions_dir=tmp_path / "assertions",
        client_tools_path=server.tools,
        client_tools_floor=(),
        admin_database=None if is_mysql else admin,
        mysql_admin_database=admin if is_mysql else None,
        db_connect_timeout=10.0,
    )


def registered(settings: Settings, url: str, name: str = "shop") -> Settings:
    """The database at `url` registered as `name`."""
    settings = with_places(settings, url)
    fields, password = described(url, name)
    run(settings, add_database, fields, password, created_by="ada")
    return settings


def run(settings: Settings, feature: Feature[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run the feature as an operation."""
    return Runner(ADMIN, settings).run(feature, *args, **kwargs)


def back_up(settings: Settings, database: str = "shop") -> BackupFacts:
    """A backup of it."""
    made: BackupFacts = run(settings, create_backup, database, made_by="ada")
    return made


def restore(settings: Settings, backup: str, database: str = "shop", **more: Any) -> str:
    """The backup in the place of the database, or beside it."""
    name: str = run(settings, restore_backup, backup, database, made_by="ada", **more)
    return name


def leftovers(settings: Settings, database: str = "shop") -> tuple[str, ...]:
    """What was made for one operation of this console and is still there."""
    with application_context(settings):
        found = find_subject(database).open_adapter().leftovers()
        with transaction() as session:
            ours = set(session.scalars(select(OperationRecord.id)))
    return tuple(name for name in found if operation_of(name) in ours)


def let_in(settings: Settings, name: str, database: str = "shop") -> None:
    """Open what is kept, to look into it."""
    with application_context(settings):
        find_subject(database).open_adapter().let_in(name, is_allowed=True)


def drop_beside(server: Server, url: str) -> None:
    """Drop what the test made beside the database at `url`."""
    for name in names_beside(server, url):
        server.drop_database(url_of(server, url, name))


def names_beside(server: Server, url: str) -> set[str]:
    """The databases on the server whose names begin with that of the one at `url`, but for itself; the rest
    are other tests'."""
    return {name for name in names_on(server, url) if name.startswith(f"{parse_url(url).name}_")}


def names_on(server: Server, url: str) -> set[str]:
    """The databases there are on the server, shut ones too; for SQLite the files beside it."""
    if server.dialect == "sqlite":
        return {path.name for path in Path(parse_url(url).database).parent.iterdir()}
    question = {"postgresql": "SELECT datname FROM pg_database"}.get(server.dialect, "SHOW DATABASES")
    return {str(name) for (name,) in server.execute(server.admin_url, question)}


def url_of(server: Server, url: str, name: str) -> str:
    """The URL of the database `name` beside that at `url`."""
    head, _, _ = url.rpartition("/")
    ending = ".db" if server.dialect == "sqlite" and not name.endswith(".db") else ""
    return f"{head}/{name}{ending}"


def name_beside(url: str) -> str:
    """A name for a new database beside that at `url`."""
    return f"{parse_url(url).name}_copy"


def add_users(settings: Settings, *names: str) -> None:
    """Users of the console."""
    with application_context(settings), transaction() as session:
        session.add_all(User(username=name, email=f"{name}@example.com", name=name) for name in names)


def untouched(settings: Settings, server: Server, url: str, books: int) -> bool:
    """True when the live database is as it was, and nothing was left of the restore."""
    with application_context(settings):
        kept = [one.state for one in list_replacements("shop")]
    return count(server, url) == books and not leftovers(settings) and kept in ([], ["abandoned"])


def pretend(settings: Settings, backup: BackupFacts, change: Callable[..., None]) -> None:
    """Let the manifest say something else, and the row that it is the right one."""

    path = settings.backup_dir / f"{backup.name}.manifest.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))
    digest = sha256(path.read_bytes()).hexdigest()
    with application_context(settings), transaction() as session:
        session.execute(update(Backup).where(Backup.id == backup.id).values(manifest_sha256=digest))
