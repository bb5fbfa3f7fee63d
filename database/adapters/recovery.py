"""How a dump of each kind is put back with nothing but the server's own programs, in commands for a shell."""

from __future__ import annotations

from dataclasses import dataclass

from core.connection import Dialect


@dataclass(frozen=True)
class Recipe:
    """`packages` are Debian's; `prepare` makes an empty database, `restore` reads the dump from its standard
    input, `look` lists what came. `advice` is what else to know, a sentence each."""

    packages: tuple[str, ...]
    prepare: str
    restore: str
    look: str
    advice: tuple[str, ...] = ()


def recipe_for(dialect: str, major: int, name: str) -> Recipe:
    """The recipe for a dump of that kind of server, into a new database of that name, which has letters,
    digits and underscores alone."""
    match Dialect(dialect):
        case Dialect.POSTGRESQL:
            return _postgresql(major, name)
        case Dialect.MYSQL:
            return _mysql("mysql", "default-mysql-client", name)
        case Dialect.MARIADB:
            return _mysql("mariadb", "mariadb-client", name)
        case Dialect.SQLITE:
            return _sqlite(name)


def _postgresql(major: int, name: str) -> Recipe:
    return Recipe(
        (f"postgresql-client-{major}",),
        f"createdb --template=template0 --encoding=UTF8 {name}",
        f"pg_restore --exit-on-error --no-owner --no-privileges --dbname={name}",
        f"pg_dump --schema-only {name}",
        (
            f"Use the pg_restore of PostgreSQL {major}, and a server of that release or a newer one.",
            "PGHOST, PGPORT, PGUSER and a password file say which server, and as whom.",
            "Owners and grants come back without --no-owner and --no-privileges, once their roles exist.",
        ),
    )


def _mysql(program: str, package: str, name: str) -> Recipe:
    return Recipe(
        (package,),
        f"{program} --execute='CREATE DATABASE {name} CHARACTER SET utf8mb4'",
        f"{program} --default-character-set=utf8mb4 {name}",
        f"{program} --execute='SHOW TABLES' {name}",
        ("The file ~/.my.cnf says which server, and as whom; an account with all privileges is needed.",),
    )


def _sqlite(name: str) -> Recipe:
    return Recipe(
        ("sqlite3",),
        f"umask 077; test ! -e {name}.db",
        f"cat > {name}.db",
        f"sqlite3 {name}.db 'PRAGMA integrity_check' .tables",
        (f"Programs that use the database are stopped before {name}.db takes the place of its file.",),
    )
