"""What a PostgreSQL database holds at one moment: rows and a hash for each table, and the facts about the
rest, all read in the transaction of one session."""

from __future__ import annotations

from core.progress import Operation
from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.inventory_facts import read_facts
from database.adapters.postgresql.scope import Scope, Table
from database.manifest import Inventory, TableFacts

# The functions behind this hash decide in which partition a row of a hash-partitioned table lies, so that no
# release of PostgreSQL may change what they give: copies on other servers hash the same. Values are equal
# when PostgreSQL's own = says so (1.0 and 1.00 are); rows are summed up, which asks for no order.
HASH = "postgresql sum of hash_record_extended, 64 bits"
LARGE_OBJECTS = "large objects"
# Types of the server's own whose hash tells apart all that differs: bool bytea name int8 int2 int4 text oid
# cidr float4 float8 inet bpchar varchar date time timestamp timestamptz numeric uuid jsonb.
_HASHED = (
    16, 17, 19, 20, 21, 23, 25, 26, 650, 700, 701, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1700, 2950, 3802
)  # fmt: skip
_COLLATED = (19, 25, 1042, 1043)
_COLUMNS = """
    SELECT a.attrelid, a.attname, a.atttypid FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = ANY ({oids}) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
    ORDER BY a.attrelid, a.attnum
"""
# The hash of an enum's value hangs on numbers that a copy has others of: in which partition a row lies is no
# property of it, and pg_dump lets the copy find out.
_MOVING = """
    WITH RECURSIVE part AS (
        SELECT p.partrelid AS root, p.partrelid AS oid FROM pg_catalog.pg_partitioned_table p
        WHERE p.partstrat = 'h' AND EXISTS (
            SELECT FROM pg_catalog.pg_opclass c
            WHERE c.oid = ANY (p.partclass) AND c.opcintype = 'anyenum'::regtype)
        UNION SELECT part.root, i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid
    ) SELECT oid, root FROM part WHERE root NOT IN (SELECT oid FROM part p WHERE p.oid <> p.root)
"""
_HAS_LARGE_OBJECTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)"
_COUNT_LARGE_OBJECTS = "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata"
# In pieces of a megabyte: one of several gigabytes fits in no answer. OFFSET 0 keeps each read to once.
_HASH_LARGE_OBJECTS = """
    WITH RECURSIVE part(oid, at, length, hash) AS (
        SELECT oid, 0::bigint, length(data), hash_record_extended(ROW(oid, 0::bigint, data), 0)
        FROM (SELECT oid, lo_get(oid, 0, 1048576) AS data
              FROM pg_catalog.pg_largeobject_metadata OFFSET 0) first
      UNION ALL
        SELECT oid, at, length(data), hash_record_extended(ROW(oid, at, data), 0)
        FROM (SELECT oid, at + 1048576 AS at, lo_get(oid, at + 1048576, 1048576) AS data
              FROM part WHERE length = 1048576 OFFSET 0) next
    )
    SELECT count(*) FILTER (WHERE at = 0), sum(hash) FROM part
"""
_BITS = 2**64


def read_inventory(op: Operation, session: Session, scope: Scope, *, contents: bool) -> Inventory:
    """What `scope` covers, `op.advance` for each table. Raises ServerError, PrivilegeMissing where rows are
    hidden from this account."""
    expressions = _expressions(session, scope) if contents else {}
    counted = []
    for table in counted_tables(session, scope):
        counted.append(_counted(session, table, expressions.get(table.oid, "")))
        op.advance()
    if scope.is_whole and has_large_objects(session):
        counted.append(_large_objects(session, contents))
    return Inventory(tuple(counted), read_facts(session, scope), HASH if contents else "")


def counted_tables(session: Session, scope: Scope) -> tuple[Table, ...]:
    """The tables that an inventory has an entry for."""
    moving = dict(session.rows(_MOVING))
    roots = set(moving.values())
    return tuple(
        table
        for table in scope.tables
        if table.oid in roots or table.holds_rows and moving.get(table.oid) not in scope.numbers
    )


def has_large_objects(session: Session) -> bool:
    """True when there is one, whose rows then have an entry of their own."""
    return bool(session.value(_HAS_LARGE_OBJECTS))


def count_large_objects(session: Session) -> int:
    """How many there are."""
    return int(session.value(_COUNT_LARGE_OBJECTS))


def _counted(session: Session, table: Table, expression: str) -> TableFacts:
    """One pass over the table alone, those that inherit from it left out: they are counted by themselves,
    unless rows move between them."""
    only = "ONLY " if table.holds_rows else ""
    place = f"{only}{session.quote(table.schema)}.{session.quote(table.bare_name)}"
    if not expression:
        return TableFacts(table.name, session.value(f"SELECT count(*) FROM {place}"))
    rows, total = session.rows(f"SELECT count(*), sum({expression}) FROM {place} t")[0]
    return TableFacts(table.name, rows, _hex(total))


def _expressions(session: Session, scope: Scope) -> dict[int, str]:
    """The hash of one row, for each table by its number."""
    columns: dict[int, list[tuple[str, int]]] = {table.oid: [] for table in scope.tables}
    for oid, name, kind in session.rows(_COLUMNS.format(oids=scope.table_oids)):
        columns[oid].append((f"t.{session.quote(name)}", kind))
    return {oid: _expression(there) for oid, there in columns.items()}


def _expression(columns: list[tuple[str, int]]) -> str:
    """Columns of other types go by the text a dump has of them, made by the types' own output functions: a
    cast could be one that the database brought along, and run its code here (TRUST D5)."""
    direct = [
        f'{name} COLLATE pg_catalog."C"' if kind in _COLLATED else name
        for name, kind in columns
        if kind in _HASHED
    ]
    others = [name for name, kind in columns if kind not in _HASHED]
    if others:
        direct.append(f'ROW({", ".join(others)})::pg_catalog.text COLLATE pg_catalog."C"')
    return f"pg_catalog.hash_record_extended(ROW({', '.join(direct)}), 0)"


def _large_objects(session: Session, contents: bool) -> TableFacts:
    if not contents:
        return TableFacts(LARGE_OBJECTS, count_large_objects(session))
    rows, total = session.rows(_HASH_LARGE_OBJECTS)[0]
    return TableFacts(LARGE_OBJECTS, rows, _hex(total))


def _hex(total: int | None) -> str:
    return f"{int(total or 0) % _BITS:016x}"
