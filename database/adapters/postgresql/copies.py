"""What the keeper of a server does around a load: extensions and schemas before any code of the archive is in
the database, and the values of sequences after it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.connection import ConnectionParameters
from core.errors import BackupError, BackupIncompatible
from core.progress import Operation
from database.adapters.backup import Means, Place
from database.adapters.postgresql.backup_session import Session, session_of
from database.adapters.postgresql.inventory_settings import LOCALE_NAMES
from database.adapters.postgresql.places import fit_place
from database.adapters.postgresql.scope import NOT_OF_AN_EXTENSION, USER_SCHEMA
from database.adapters.postgresql.selected import parts_of
from database.manifest import FactKind, Manifest

_SCHEMA = "schema "
_THERE = "SELECT extname FROM pg_catalog.pg_extension"
_AVAILABLE = """
    SELECT name, version, coalesce(requires, '{}')::text[] FROM pg_catalog.pg_available_extension_versions
"""
# Tables of extensions whose rows are dumped like everybody's, and wrappers that servers are made of.
_CONFIGURED = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_extension e, unnest(e.extconfig) oid
    JOIN pg_catalog.pg_class c ON c.oid = oid.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p')
"""
_WRAPPERS = "SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper"
_SEQUENCE = re.compile(r"(-?\d+) (used|next);")
# By the number of the catalogue of tables: neither their data nor that one is a partition of another.
_TABLE = re.compile(rb"\d+; 1259 \d+ TABLE ")
_TABLES = f"""
    SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {USER_SCHEMA}
      AND {NOT_OF_AN_EXTENSION.format(catalogue="pg_class", oid="c.oid")}
"""


def prepare_copy(
    op: Operation, keeper: ConnectionParameters, means: Means, place: Place, manifest: Manifest | None
) -> None:
    """Encoding, collation, schemas and extensions as the manifest says. Raises BackupIncompatible for what
    this server does not have."""
    if manifest is None:
        return
    settings = manifest.inventory.of(FactKind.SETTING)
    wanted = {name: settings[name] for name in LOCALE_NAMES if name in settings}
    fit_place(op, keeper, means, place, wanted)
    with session_of(keeper, means, op, place.name) as session:
        owner = session.quote(place.account or place.parameters.user)
        for name in schemas_of(manifest):
            schema = session.quote(".".join(parts_of(name)))  # no text of a manifest is part of a statement
            session.run(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}")
        _make_extensions(session, manifest)
        if place.account:
            for (table,) in session.rows(_CONFIGURED):
                session.run(f"GRANT ALL ON TABLE {table} TO {owner}")
            for (wrapper,) in session.rows(_WRAPPERS):
                session.run(f"GRANT USAGE ON FOREIGN DATA WRAPPER {session.quote(wrapper)} TO {owner}")


def schemas_of(manifest: Manifest) -> tuple[str, ...]:
    """The schemas that a backup covers, quoted."""
    owners = manifest.inventory.of(FactKind.OWNER)
    return tuple(name.removeprefix(_SCHEMA) for name in owners if name.startswith(_SCHEMA))


def finish_copy(op: Operation, means: Means, place: Place, manifest: Manifest | None) -> None:
    """Sequences, the empty schema that a new database brings along, and what the planner has to know."""
    with session_of(place.parameters, means, op) as session:
        if manifest is not None:
            for name, value in manifest.inventory.of(FactKind.SEQUENCE).items():
                _set_sequence(op, session, name, value)
            if "public" not in schemas_of(manifest) and not manifest.selection:
                session.run("DROP SCHEMA IF EXISTS public")
        session.run("ANALYZE")


def check_tables(session: Session, lines: Sequence[bytes]) -> None:
    """Raises BackupError unless there are as many tables as in the contents of the archive."""
    expected = sum(1 for line in lines if _TABLE.match(line))
    found = session.value(_TABLES)
    if found != expected:
        raise BackupError(f"The archive has {expected:,} tables, and {found:,} came of it.")


def _make_extensions(session: Session, manifest: Manifest) -> None:
    """In the order in which they need each other."""
    there = {name for (name,) in session.rows(_THERE)}
    available: dict[str, dict[str, set[str]]] = {}
    for name, version, requires in session.rows(_AVAILABLE):
        available.setdefault(name, {})[version] = set(requires)
    origins = manifest.inventory.of(FactKind.ORIGIN)
    wanted = {
        name: schema
        for name, schema in manifest.inventory.of(FactKind.EXTENSION).items()
        if name not in there
    }
    if missing := sorted(set(wanted) - set(available)):
        raise BackupIncompatible(
            f"This server has no extension {', '.join(missing)}.",
            hint="Install its package on the server's machine.",
        )
    while wanted:
        needs = {name: set().union(*available[name].values()) & set(wanted) for name in wanted}
        name = min(wanted, key=lambda one: (len(needs[one] - {one}), one))
        version = origins.get(f"extension {name}", "")
        chosen = f"VERSION {session.literal(version)}" if version in available[name] else ""
        session.run(
            f"CREATE EXTENSION {session.quote(name)} SCHEMA {session.quote(wanted.pop(name))} {chosen}"
        )


def _set_sequence(op: Operation, session: Session, name: str, value: str) -> None:
    """A sequence that moved while it was dumped stands where the manifest has seen it, which is no lower than
    what any of its rows has."""
    said = _SEQUENCE.match(value)
    if said is None:
        return
    wanted = (int(said[1]), said[2] == "used")
    found = session.rows(f"SELECT last_value, is_called FROM {name}")[0]
    if found != wanted:
        op.note(f"The sequence {name} moved while it was dumped: {found[0]:,} became {wanted[0]:,}.")
        session.run(f"SELECT setval({session.literal(name)}, {wanted[0]:d}, {str(wanted[1]).lower()})")
