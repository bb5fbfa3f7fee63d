"""MariaDB's backups: those of MySQL, but for what differs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from core.connection import ConnectionParameters, TlsMode
from database.adapters.mysql.backup import MySQLBackup
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.flavour import Flavour, random_password
from database.adapters.mysql.inventory import read_tables
from database.tools import Tool

_VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)-MariaDB")
_SEQUENCES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = database() AND table_type = 'SEQUENCE' ORDER BY table_name
"""


class MariaDBFlavour(Flavour):
    """MariaDB, alone or in a Galera cluster."""

    dump_tool = Tool.MARIADB_DUMP
    client_tool = Tool.MARIADB
    dump_options = ()
    client_options = ("--init-command=SET SESSION max_statement_time = 0",)
    server_identity = "SELECT @@server_uid"
    table_numbers = """
        SELECT table_id FROM information_schema.innodb_sys_tables
        WHERE convert(convert(cast(substring_index(name, '/', 1) AS binary) USING filename) USING utf8mb4)
            = cast(%s AS binary) ORDER BY table_id LIMIT 20
    """
    definer_privileges: tuple[str, ...] = ("SET USER", "SUPER")
    renames_locked_tables = False

    def version_in(self, said: str) -> tuple[int, ...]:
        found = _VERSION.search(said)
        return tuple(map(int, found.groups())) if found else ()

    def tls_options(self, parameters: ConnectionParameters) -> dict[str, str]:
        """MariaDB's programs check the host's name whenever they check the certificate."""
        mode = parameters.tls_mode
        options = {}
        if mode is TlsMode.DISABLE:
            options["ssl"] = "0"
        if mode is TlsMode.REQUIRE:
            options |= {"ssl": "1", "ssl-verify-server-cert": "0"}
        if mode in (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL):
            options |= {"ssl": "1", "ssl-verify-server-cert": "1"}
        if parameters.tls_root_certificate:
            options["ssl-ca"] = parameters.tls_root_certificate
        return options

    def create_account(self, session: Session, account: str) -> str:
        """The password is sent hashed, for the server's log keeps statements (TRUST K4)."""
        password = random_password()
        once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
        twice = hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()
        session.rows(f"CREATE USER {account} IDENTIFIED VIA mysql_native_password USING '*{twice}'")
        return password

    def sequences(self, session: Session) -> dict[str, tuple[str, str]]:
        return {name: _sequence(session, name) for (name,) in session.rows(_SEQUENCES)}

    def follow_sequences(self, session: Session, moved: dict[str, str]) -> None:
        for was, now in moved.items():
            session.rows(f"USE {session.quote(now)}")
            if self.sequences(session):
                for table, column in _defaults_from(session, was, now):
                    session.rows(f"ALTER TABLE {session.quote(table)} MODIFY COLUMN {column}")


class MariaDBBackup(MySQLBackup):
    """One MariaDB database."""

    flavour = MariaDBFlavour()


def _defaults_from(session: Session, was: str, now: str) -> Iterator[tuple[str, str]]:
    """Columns whose default is out of a sequence of `was`, as they have to be in `now`."""
    old, new = f"nextval({session.quote(was)}.", f"nextval({session.quote(now)}."
    for table in read_tables(session):
        text = (
            "" if table.is_sequence else session.rows(f"SHOW CREATE TABLE {session.quote(table.name)}")[0][1]
        )
        for line in str(text).split("\n"):
            if line.startswith("  `") and old in line:
                yield table.name, line.strip().removesuffix(",").replace(old, new)


def _sequence(session: Session, name: str) -> tuple[str, str]:
    quoted = session.quote(name)
    text = str(session.rows(f"SHOW CREATE SEQUENCE {quoted}")[0][1])
    next_value, increment = session.rows(f"SELECT next_not_cached_value, increment FROM {quoted}")[0]
    return text, f"{next_value}{' downwards' if int(increment) < 0 else ''}"
