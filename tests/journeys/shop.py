"""A console that knows one more database, shop, on each kind of server: where the walks of backups start."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.connection import parse_url
from tests.journeys.tools import ROOT, Ran, run_tool
from tests.servers import Server

MADE = (
    "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(200) NOT NULL)",
    "CREATE TABLE sale (id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES book (id), price INTEGER)",
    "INSERT INTO book VALUES (1, 'Bäume = 50 %'), (2, 'It''s \"here\"'), (3, '')",
    "INSERT INTO sale VALUES (1, 1, 900), (2, 1, 950), (3, 3, NULL)",
)


@dataclass(frozen=True)
class Shop:
    """The console lives in `folder` and has `settings` besides its usual ones; `url` signs in as one who may
    do all, `password` is the one in it, "" for a file."""

    server: Server
    url: str
    folder: Path
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Path:
        """The database's file; on a server its name."""
        return Path(parse_url(self.url).database)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the console."""
        return {
            "DATABASE_URL": "sqlite:///own.db",
            "CREDENTIALS_KEY": "a key for stored passwords, long enough",
            "DATABASE_FOLDER": str(self.folder if self.password else self.place.parent),
            "CLIENT_TOOLS_PATH": self.server.tools,
            "LOG_FILE": "console.log",
            **self.settings,
        }

    def manage(self, *arguments: str, **settings: str) -> Ran:
        """Run `manage_db.py` and see that it says no password (TRUST K1)."""
        ran = run_tool("manage_db.py", *arguments, cwd=self.folder, **(self.environment | settings))
        assert not self.password or self.password not in ran.out + ran.err
        return ran

    def started(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """`manage_db.py` that was started and may be waited for."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environment}
        command = [sys.executable, str(ROOT / "manage_db.py"), *arguments]
        return subprocess.Popen(command, cwd=self.folder, env=environment, **options)

    def register(self, url: str = "") -> None:
        """Make the console, and let it know the database by the account in `url`, else by its own."""
        assert self.manage("init").code == 0
        url = url or self.url
        password = urlsplit(url).password or ""
        (self.folder / "password").write_text(f"{password}\n")
        bare = url.replace(f":{password}@", "@") if password else url
        added = self.manage("database", "add", "shop", bare, "--password-file", "password")
        assert added.code == 0, added.err

    def back_up(self, *options: str, **settings: str) -> str:
        """The name of a new backup."""
        made = self.manage("backup", "shop", *options, **settings)
        assert made.code == 0, made.err
        return made.out.split()[0]

    def backups(self) -> list[dict[str, Any]]:
        """Those that the command lists, the newest first."""
        listed: list[dict[str, Any]] = json.loads(self.manage("backups", "shop", "--json").out)["backups"]
        return listed

    def file(self, backup: str) -> Path:
        """The file of the backup of that name that holds its data."""
        files = (self.folder / "backups").glob(f"{backup}.*.zst*")
        (found,) = [one for one in files if ".schema." not in one.name]
        return found

    def titles(self, url: str = "") -> list[object]:
        """The titles of all books, those of the database at `url` or of the shop."""
        return [row[0] for row in self.server.execute(url or self.url, "SELECT title FROM book ORDER BY id")]

    def operations(self, kind: str) -> list[str]:
        """The states of the console's operations of that kind, as LIKE takes it, the oldest first."""
        with closing(sqlite3.connect(self.folder / "own.db")) as connection:
            wanted = "SELECT state FROM operation WHERE kind LIKE ? ORDER BY id"
            return [row[0] for row in connection.execute(wanted, (kind,))]

    def beside(self, name: str) -> str:
        """The URL of another database where the shop's is."""
        if not self.password:
            return f"sqlite:///{self.place.with_name(name)}"
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def others(self) -> list[str]:
        """The databases beside the shop that were made of it, by name."""
        return sorted(name for name in self._names() if name.startswith(f"{self.place.stem}_"))

    def leave(self) -> None:
        """Drop what restores made and kept beside the shop."""
        for name in self.others():
            self.server.drop_database(self.beside(name))

    def _names(self) -> list[str]:
        if not self.password:
            return [path.name for path in self.place.parent.glob("*.db")]
        asked = {"postgresql": "SELECT datname FROM pg_database"}
        rows = self.server.execute(self.server.admin_url, asked.get(self.server.dialect, "SHOW DATABASES"))
        return [str(row[0]) for row in rows]
