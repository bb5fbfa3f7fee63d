"""In what MySQL and MariaDB differ where databases are backed up and restored; this is MySQL."""

from __future__ import annotations

import re
import secrets

from core.connection import ConnectionParameters, TlsMode
from database.adapters.mysql.backup_session import Session
from database.tools import Tool

_VERSION = re.compile(r"\bVer (\d+)\.(\d+)\.(\d+)")
_TLS = {
    TlsMode.DISABLE: "DISABLED",
    TlsMode.PREFER: "PREFERRED",
    TlsMode.REQUIRE: "REQUIRED",
    TlsMode.VERIFY_CA: "VERIFY_CA",
    TlsMode.VERIFY_FULL: "VERIFY_IDENTITY",
}


class Flavour:
    """MySQL."""

    dump_tool = Tool.MYSQLDUMP
    client_tool = Tool.MYSQL
    dump_options: tuple[str, ...] = (
        "--set-gtid-purged=OFF",
        "--column-statistics=0",
        # A server may bound every SELECT; older programs do not know the option.
        "--loose-init-command=SET SESSION max_execution_time = 0",
    )
    client_options: tuple[str, ...] = ()
    server_identity = "SELECT @@server_uuid"
    # Numbers of InnoDB's tables, which stay when a table is renamed; the names of those here are plain.
    table_numbers = """
        SELECT space FROM information_schema.innodb_tablespaces
        WHERE cast(substring_index(name, '/', 1) AS binary) = cast(%s AS binary) ORDER BY space LIMIT 20
    """
    definer_privileges: tuple[str, ...] = ("SET_ANY_DEFINER", "SET_USER_ID", "SUPER")
    # A session that has locked tables may rename them there: nobody writes between the last trigger's end
    # and the new tables.
    renames_locked_tables = True

    def version_in(self, said: str) -> tuple[int, ...]:
        """The version in what a program answers to --version; () for one of another make."""
        found = _VERSION.search(said)
        return tuple(map(int, found.groups())) if found and "MariaDB" not in said else ()

    def tls_options(self, parameters: ConnectionParameters) -> dict[str, str]:
        """How an option file says what `parameters` ask of TLS."""
        options = {}
        if mode := _TLS.get(parameters.tls_mode):
            options["ssl-mode"] = mode
        if parameters.tls_root_certificate:
            options["ssl-ca"] = parameters.tls_root_certificate
        return options

    def create_account(self, session: Session, account: str) -> str:
        """Make the account, quoted as the server wants it, and give its password, which the server itself
        thinks out: it is in no log of statements (TRUST K4)."""
        rows = session.rows(f"CREATE USER {account} IDENTIFIED BY RANDOM PASSWORD")
        return str(rows[0][2])

    def sequences(self, session: Session) -> dict[str, tuple[str, str]]:
        """Sequences by name: what each is, and its next number."""
        return {}

    def follow_sequences(self, session: Session, moved: dict[str, str]) -> None:
        """After tables were moved from one database to another: defaults out of sequences go with them."""

    def is_in_cluster(self, session: Session) -> bool:
        """True for a node of a Galera cluster."""
        return session.variable("wsrep_on") in ("on", "1")


def random_password() -> str:
    """One that no option file and no statement has to escape."""
    return secrets.token_urlsafe(24)
