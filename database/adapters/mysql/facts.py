"""What a copy of a database must have besides its rows: columns, indexes, constraints, options, counters,
views, routines, triggers, events, all in the server's own words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.code import Code
from database.adapters.mysql.flavour import Flavour
from database.manifest import Fact, FactKind

_NAME = r"`((?:[^`]|``)*)`"
_COLUMN = re.compile(rf"  {_NAME} (.*)", re.DOTALL)
_INDEX = re.compile(rf"  ((?:[A-Z]+ )?KEY) {_NAME} (.*)", re.DOTALL)
_PRIMARY_KEY = re.compile(r"  PRIMARY KEY (.*)", re.DOTALL)
_CONSTRAINT = re.compile(rf"  CONSTRAINT {_NAME} (.*)", re.DOTALL)
_PERIOD = re.compile(r"  PERIOD FOR (\S+) (.*)", re.DOTALL)  # MariaDB's
_NEW_LINE = re.compile(r"  (?:`|[A-Z]+ )")
_COUNTER = re.compile(r"(ENGINE=\w+) AUTO_INCREMENT=\d+")  # always before any text of a person's
_COUNTERS = """
    SELECT table_name, auto_increment FROM information_schema.tables
    WHERE table_schema = database() AND auto_increment IS NOT NULL
"""
_TYPES = """
    SELECT column_name, column_type, collation_name FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s
"""
_SAID_COLLATION = re.compile(r"(?: CHARACTER SET \w+)?(?: COLLATE \w+)?")
_DEFAULTS = """
    SELECT default_character_set_name, default_collation_name FROM information_schema.schemata
    WHERE schema_name = database()
"""


Types = dict[str, tuple[str, object]]


def counters_of(session: Session, flavour: Flavour) -> dict[str, str]:
    """The next number of each table that counts, and of each sequence, by name."""
    session.adapter.database_size(session.connection)  # MySQL gives old numbers unless asked to look afresh
    numbers = {str(name): str(number) for name, number in session.rows(_COUNTERS)}
    return numbers | {name: number for name, (_, number) in flavour.sequences(session).items()}


def defaults_of(session: Session) -> tuple[str, str]:
    """Character set and collation of the connected database."""
    charset, collation = session.rows(_DEFAULTS)[0]
    return str(charset), str(collation)


def database_facts(session: Session, flavour: Flavour, sequences: Collection[str]) -> Iterator[Fact]:
    """Of the database as a whole, and of those sequences."""
    charset, collation = defaults_of(session)
    yield Fact(FactKind.SETTING, "character set", charset)
    yield Fact(FactKind.SETTING, "collation", collation)
    texts = flavour.sequences(session) if sequences else {}
    for name, (text, _) in texts.items():
        if name in sequences:
            yield Fact(FactKind.SETTING, f"sequence {name}", text)


def table_facts(session: Session, table: str) -> Iterator[Fact]:
    """Of one table, its counter left out."""
    text = str(session.rows(f"SHOW CREATE TABLE {session.quote(table)}")[0][1])
    _, *lines = text.split("\n")
    end = next(number for number, line in enumerate(lines) if line.startswith(")"))
    types = {name: (str(kind), collation) for name, kind, collation in session.rows(_TYPES, (table,))}
    for position, line in enumerate(_whole(lines[:end]), 1):
        yield _line_fact(_plain_defaults(session, line.removesuffix(",")), table, position, types)
    options = _COUNTER.sub(r"\1", "\n".join(lines[end:]), count=1)
    yield Fact(FactKind.SETTING, f"table {table}", options.removeprefix(") "))


def counter_facts(
    numbers: dict[str, str], facts: Iterable[Fact], tables: Iterable[str], sequences: Iterable[str]
) -> Iterator[Fact]:
    """The next number of each table with a column that counts, 1 where none was given out yet."""
    counting = {fact.name.partition(".")[0] for fact in facts if " AUTO_INCREMENT" in fact.value}
    for table in (*tables, *sequences):
        if table in numbers or label(table) in counting:
            yield Fact(FactKind.SEQUENCE, table, numbers.get(table, "1"))


def code_facts(code: Iterable[Code]) -> Iterator[Fact]:
    """Of views, routines, triggers and events; not of those events that end by themselves, for a copy that
    is made after their time has none."""
    for one in code:
        if not one.is_passing:
            yield one.fact
            yield Fact(FactKind.OWNER, one.label, one.definer)


def label(name: str, part: str = "") -> str:
    """A table, or a part of it, as facts name it: what is plain without quotes."""
    words = [one if re.fullmatch(r"\w+", one) else f"`{one}`" for one in (name, part) if one]
    return ".".join(words)


def _whole(lines: list[str]) -> list[str]:
    """One line for each part: an expression may hold a line break."""
    parts: list[str] = []
    for line in lines:
        if parts and not _NEW_LINE.match(line):
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def _line_fact(line: str, table: str, position: int, types: Types) -> Fact:
    if found := _COLUMN.fullmatch(line):
        name = _plain(found[1])
        text = _with_collation(found[2], *types.get(name, ("", None)))
        return Fact(FactKind.COLUMN, label(table, name), f"{position}: {text}")
    if found := _PRIMARY_KEY.fullmatch(line):
        return Fact(FactKind.INDEX, label(table, "PRIMARY"), found[1])
    if found := _INDEX.fullmatch(line):
        return Fact(FactKind.INDEX, label(table, _plain(found[2])), f"{found[1]} {found[3]}")
    if found := _CONSTRAINT.fullmatch(line):
        return Fact(FactKind.CONSTRAINT, label(table, _plain(found[1])), found[2])
    if found := _PERIOD.fullmatch(line):
        return Fact(FactKind.CONSTRAINT, label(table, f"PERIOD {found[1]}"), found[2])
    return Fact(FactKind.CONSTRAINT, label(table, f"line {position}"), line.strip())


def _with_collation(text: str, kind: str, collation: object) -> str:
    """Whether the server says a collation that follows from others depends on how it was once told."""
    if not (collation and text.startswith(kind)):
        return text
    rest = _SAID_COLLATION.sub("", text[len(kind) :], count=1)
    return f"{kind} COLLATE {collation}{rest}"


def _plain_defaults(session: Session, line: str) -> str:
    """MariaDB writes the database before a sequence that gives a default, even its own."""
    own = session.quote(str(session.value("SELECT database()"))) if "nextval(" in line else ""
    return line.replace(f"nextval({own}.", "nextval(") if own else line


def _plain(quoted: str) -> str:
    return quoted.replace("``", "`")
