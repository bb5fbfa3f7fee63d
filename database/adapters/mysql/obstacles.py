"""What would stop a dump from being restored on a server, found out before anything is made there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from core.errors import AppError, ConnectionFailed
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Obstacle, Source, name_for
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.client_programs import client_program
from database.adapters.mysql.dump_traps import TRAP_HINT, find_traps, find_views
from database.adapters.mysql.grants import known_accounts
from database.adapters.mysql.privileges import may_set_definers, privileges_on
from database.adapters.mysql.site import Site
from database.manifest import FactKind, Manifest

_COLLATION = re.compile(r"\bCOLLATE[ =](\w+)")
_ENGINE = re.compile(r"\bENGINE=(\w+)")
_QUOTED = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)  # a text of people's own
_NAMED = 5
_FROM_ELSEWHERE = """
    SELECT DISTINCT table_schema, table_name, referenced_table_schema FROM information_schema.key_column_usage
    WHERE referenced_table_schema = %s AND table_schema <> %s ORDER BY 1, 2 LIMIT 5
"""


def find_obstacles(site: Site, source: Source) -> Iterator[Obstacle]:
    """What stands against restoring `source` on the site's server, and what is worth knowing before."""
    with site.as_keeper() as session:
        yield from _programs(site, session)
        yield from _privileges(site, session, source)
        if source.manifest:
            yield from _versions(site, session, source.manifest)
            yield from _words(session, source.manifest)
            yield from _accounts(site, session, source.manifest)
        yield from _traps(site)
        for table in tables_that_refer(session, site.database.database):
            yield Obstacle(
                f"The table {visible(table)} has a foreign key into the database: nothing takes its place.",
                "Drop that key first, or restore into a new database.",
                is_fatal=False,
            )


def tables_that_refer(session: Session, database: str) -> tuple[str, ...]:
    """Tables of other databases with foreign keys into this one: they would follow its tables when those are
    renamed."""
    rows = session.rows(_FROM_ELSEWHERE, (database, database))
    return tuple(f"{schema}.{table}" for schema, table, _ in rows)


def lets_only_super_make_triggers(session: Session) -> bool:
    """True for a server with a binary log that takes triggers and functions from nobody else."""
    return session.variable("log_bin") == "on" and session.variable("log_bin_trust_function_creators") != "on"


def _programs(site: Site, session: Session) -> Iterator[Obstacle]:
    try:
        client_program(
            Operation(), site.means, site.flavour, session.adapter.server_version(session.connection)
        )
    except AppError as error:
        yield Obstacle(error.message, error.hint)


def _privileges(site: Site, session: Session, source: Source) -> Iterator[Obstacle]:
    in_place, everywhere = privileges_on(session, name_for("new", Operation())), privileges_on(session, "")
    who = visible(site.keeper.user)
    if not in_place & {"ALL PRIVILEGES", "CREATE"}:
        yield Obstacle(
            f"The account {who} may make no database on the server.",
            "Set DB_ADMIN_USER and DB_ADMIN_PASSWORD to one that may.",
        )
    if not everywhere & {"ALL PRIVILEGES", "CREATE USER"}:
        yield Obstacle(
            f"The account {who} may make no account for the restore alone.",
            "Set DB_ADMIN_USER and DB_ADMIN_PASSWORD to one that may.",
            is_fatal=not source.is_trusted,
        )
    if not source.is_trusted and lets_only_super_make_triggers(session):
        yield Obstacle(
            "The server takes triggers and functions from SUPER alone: those from elsewhere fail.",
            "Set log_bin_trust_function_creators on the server meanwhile.",
            is_fatal=False,
        )


def _traps(site: Site) -> Iterator[Obstacle]:
    """What of the database that is there now cannot be backed up, or not be put aside."""
    with suppress(ConnectionFailed), site.as_owner() as session:  # it may be gone: nothing is put aside then
        for name, fault in find_views(session).items():
            if fault:
                yield Obstacle(
                    f"The view {visible(name)} is broken: no backup holds it, nor what is put aside. {fault}",
                    "Mend it first if you need it, or drop it: DROP VIEW ...",
                    is_fatal=False,
                )
        for trap in find_traps(session):
            yield Obstacle(
                f"{trap} What is there now cannot be backed up.",
                f"{TRAP_HINT} Or restore without that backup.",
                is_fatal=False,
            )


def _versions(site: Site, session: Session, manifest: Manifest) -> Iterator[Obstacle]:
    server = session.adapter.server_version(session.connection)
    if manifest.dialect != str(site.database.dialect):
        yield Obstacle(
            f"The backup is of {manifest.server}, and {server} is another make: it may not take all of it.",
            is_fatal=False,
        )
    elif manifest.server_numbers[:2] > server.numbers[:2]:
        yield Obstacle(
            f"{server} is older than {manifest.server}, of which the backup is.",
            "Restore on a server of that version or a later one.",
        )


def _words(session: Session, manifest: Manifest) -> Iterator[Obstacle]:
    """Collations and engines that the server does not know."""
    shapes = (FactKind.COLUMN, FactKind.SETTING)
    texts = [_QUOTED.sub("", one.value) for one in manifest.inventory.facts if one.kind in shapes]
    settings = manifest.inventory.of(FactKind.SETTING)
    collations = {found for text in texts for found in _COLLATION.findall(text)}
    collations |= {settings["collation"]} if "collation" in settings else set()
    there = {
        str(name) for (name,) in session.rows("SELECT collation_name FROM information_schema.collations")
    }
    engines = {found.lower() for text in texts for found in _ENGINE.findall(text)}
    usable = {str(row[0]).lower() for row in session.rows("SHOW ENGINES") if row[1] in ("YES", "DEFAULT")}
    for kind, lacking in (("collation", collations - there), ("engine", engines - usable)):
        for name in sorted(lacking)[:_NAMED]:
            yield Obstacle(
                f"The server does not know the {kind} {visible(name)}.",
                "Restore on a server of the kind and version that the backup is of.",
            )


def _accounts(site: Site, session: Session, manifest: Manifest) -> Iterator[Obstacle]:
    owners = set(manifest.inventory.of(FactKind.OWNER).values())
    if owners and not may_set_definers(session, site.flavour.definer_privileges):
        yield Obstacle(
            f"The account {visible(site.keeper.user)} may make views and routines in its own name only.",
            f"Grant it {site.flavour.definer_privileges[0]} ON *.*.",
            is_fatal=False,
        )
    there = known_accounts(session)
    for name in sorted(set(manifest.roles) - (there or set(manifest.roles)))[:_NAMED]:
        yield Obstacle(
            f"The account {visible(name)} is not on the server.", "Make it, or go on without.", is_fatal=False
        )
