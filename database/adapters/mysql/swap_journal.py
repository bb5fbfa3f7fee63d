"""What a swap has to do, kept in a table beside the tables that are put aside, so that whoever comes after a
crash can bring it to its end: what was dropped is written there first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from database.adapters.backup import Swap
from database.adapters.mysql.backup_session import Session, database_exists
from database.adapters.mysql.code import Code, read_code
from database.adapters.mysql.facts import defaults_of
from database.adapters.mysql.grants import Grant, are_readable, read_grants
from database.adapters.mysql.inventory import read_tables
from database.adapters.mysql.loose_keys import Key, read_loose_keys

JOURNAL = "bk_swap_journal"
_CREATE = f"""
    CREATE TABLE IF NOT EXISTS {JOURNAL} (part varchar(20) PRIMARY KEY, text longtext NOT NULL)
    ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
"""


@dataclass(frozen=True)
class Side:
    """One database as it was before: its tables and sequences, its code, its collation, and its foreign keys
    without a parent."""

    tables: tuple[str, ...]
    code: tuple[Code, ...]
    collation: str
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Journal:
    """Both databases as they were, and who may run which routine of the live one: the server forgets that
    when a routine is dropped."""

    live: Side
    new: Side
    grants: tuple[Grant, ...]


def enter(session: Session, name: str) -> None:
    """Connect the session to the database of that name."""
    session.rows(f"USE {session.quote(name)}")


def look_at(session: Session, swap: Swap) -> Journal:
    """Both databases as they are now."""
    grants = read_grants(session, swap.live) if are_readable(session) else ()
    routines = tuple(one for one in grants if one.object[0] not in ("", "table"))
    return Journal(_side(session, swap.live), _side(session, swap.new), routines)


def make_journal(session: Session, swap: Swap) -> None:
    """An empty one, which says nothing yet."""
    enter(session, swap.kept)
    session.rows(_CREATE)


def write_journal(session: Session, swap: Swap, journal: Journal) -> None:
    """Keep it in the database that is to be `kept`, whole or not at all."""
    enter(session, swap.kept)
    parts = [(part, json.dumps(said)) for part, said in asdict(journal).items()]
    marks = ", ".join(["(%s, %s)"] * len(parts))
    values = tuple(one for pair in parts for one in pair)
    session.rows(f"REPLACE INTO {JOURNAL} VALUES {marks}", values)


def read_journal(session: Session, swap: Swap) -> Journal | None:
    """The journal of a swap under way; None when there is none."""
    if not database_exists(session, swap.kept):
        return None
    enter(session, swap.kept)
    if JOURNAL not in {one.name for one in read_tables(session)}:
        return None
    rows = session.rows(f"SELECT part, text FROM {JOURNAL}")
    said: dict[str, Any] = {str(part): json.loads(str(text)) for part, text in rows}
    if not said:
        return None
    grants = tuple(Grant(**one | {"object": tuple(one["object"])}) for one in said["grants"])
    return Journal(_read_side(said["live"]), _read_side(said["new"]), grants)


def drop_journal(session: Session, swap: Swap) -> None:
    """It is done: what is left is the database that was put aside."""
    enter(session, swap.kept)
    session.rows(f"DROP TABLE IF EXISTS {JOURNAL}")


def tables_in(session: Session, name: str) -> frozenset[str]:
    """Tables and sequences of the database of that name, the journal left out; none when it is not there."""
    if not database_exists(session, name):
        return frozenset()
    enter(session, name)
    return frozenset(one.name for one in read_tables(session)) - {JOURNAL}


def _side(session: Session, name: str) -> Side:
    enter(session, name)
    _, collation = defaults_of(session)
    tables = tuple(one.name for one in read_tables(session))
    return Side(tables, read_code(session), collation, read_loose_keys(session))


def _read_side(said: dict[str, Any]) -> Side:
    code = tuple(Code(**one) for one in said["code"])
    keys = tuple(Key(**one) for one in said.get("keys", ()))  # a journal of an earlier release has none
    return Side(tuple(said["tables"]), code, said["collation"], keys)
