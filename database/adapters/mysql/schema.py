"""Schemas on MySQL and MariaDB: SHOW CREATE TABLE, the one place where both print everything, for
temporary tables too."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from database.adapters.base import Connection, fetch_all
from database.adapters.schema import (
    Part,
    PartKind,
    Reference,
    SchemaAdapter,
    marks,
    reference_text,
    run,
    temporary,
)

_CHECK = re.compile(r"CONSTRAINT `(?P<name>.+?)` CHECK (?P<text>.+)")
_COLUMN_CHECK = re.compile(r"`(?P<name>.+?)` .* CHECK (?P<text>\(.+)")  # MariaDB's
_PRIMARY_KEY = re.compile(r"PRIMARY KEY (?P<text>.+)")
_INDEX = re.compile(r"(?P<before>[A-Z]+ )?KEY `(?P<name>.+?)` (?P<text>.+)")
_FOREIGN_KEY = re.compile(
    r"CONSTRAINT `(?P<name>.+?)` FOREIGN KEY \((?P<columns>.+?)\) "
    r"REFERENCES (?P<target>\S+) \((?P<target_columns>.+?)\)(?P<actions>.*)"
)
_ACTION = re.compile(r"ON (DELETE|UPDATE) ([A-Z]+(?: NULL| DEFAULT)?)")
_OPTION = re.compile(r"\b(ENGINE|COLLATE|CHARSET)=(\w+)")
_CHARSET_MARK = re.compile(r"\b_\w+(?=')")  # _utf8mb4'text': how the session that made it spoke

_EXISTING = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name IN ({marks})
"""
_REFERENCES = """
SELECT DISTINCT table_schema, table_name, constraint_name, referenced_table_name, table_schema = DATABASE()
FROM information_schema.key_column_usage
WHERE referenced_table_schema = DATABASE() AND referenced_table_name IN ({marks})
    AND NOT (table_schema = DATABASE() AND table_name IN ({marks}))
ORDER BY 1, 2, 3
"""
_ACCOUNT = (
    "SELECT DATABASE(), SUBSTRING_INDEX(CURRENT_USER(), '@', 1), SUBSTRING_INDEX(CURRENT_USER(), '@', -1)"
)
_CHARSET = "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = DATABASE()"


class MySQLSchemaAdapter(SchemaAdapter):
    """The connected database."""

    def parts(self, connection: Connection, tables: Collection[str]) -> tuple[Part, ...]:
        sql = _EXISTING.format(marks=marks(len(tables), "%s"))
        return _read(connection, [str(row[0]) for row in fetch_all(connection, sql, list(tables))])

    def declared_parts(self, connection: Connection, statements: Mapping[str, str]) -> tuple[Part, ...]:
        made: list[str] = []
        try:
            for name, statement in statements.items():
                run(connection, temporary(statement))
                made.append(name)
            return _read(connection, made)
        finally:
            # TEMPORARY keeps this from ever touching the real table of that name.
            run(connection, *(f"DROP TEMPORARY TABLE `{name}`" for name in made))

    def temporary_privilege(self, connection: Connection) -> str:
        [(database, user, host)] = fetch_all(connection, _ACCOUNT)
        return f"GRANT CREATE TEMPORARY TABLES ON `{database}`.* TO '{user}'@'{host}'"

    def foreign_references(self, connection: Connection, tables: Collection[str]) -> tuple[Reference, ...]:
        sql = _REFERENCES.format(marks=marks(len(tables), "%s"))
        rows = fetch_all(connection, sql, [*tables, *tables])
        return tuple(
            Reference(table if here else f"{schema}.{table}", name, target)
            for schema, table, name, target, here in rows
        )

    def drop_tables(self, connection: Connection, tables: Sequence[str]) -> None:
        run(connection, "SET SESSION foreign_key_checks = 0")
        try:
            run(connection, f"DROP TABLE {', '.join(tables)}")
        finally:
            run(connection, "SET SESSION foreign_key_checks = 1")

    def findings(self, connection: Connection) -> tuple[str, ...]:
        [(charset,)] = fetch_all(connection, _CHARSET)
        if charset == "utf8mb4":
            return ()
        return (f"The database's character set is {charset}, not utf8mb4.",)


def _read(connection: Connection, tables: Collection[str]) -> tuple[Part, ...]:
    return tuple(part for table in tables for part in _table_parts(connection, table))


def _table_parts(connection: Connection, table: str) -> Iterator[Part]:
    [(_, text)] = fetch_all(connection, f"SHOW CREATE TABLE `{table}`")
    _, *lines, end = str(text).split("\n")
    options = [f"{name} {value}" for name, value in _OPTION.findall(end)]
    yield Part(PartKind.TABLE, table, table, ", ".join(options))
    for row in fetch_all(connection, f"SHOW FULL COLUMNS FROM `{table}`"):
        yield Part(PartKind.COLUMN, table, str(row[0]), _column_text(*row[1:7]))
    parts = [part for line in lines for part in _line_parts(table, line.strip().removesuffix(","))]
    keys = {part.name: part for part in parts if part.kind is PartKind.FOREIGN_KEY}
    yield from (part for part in parts if not _serves(part, keys.get(part.name)))


def _serves(part: Part, key: Part | None) -> bool:
    """True for the index that the server makes by itself, by the name of the foreign `key` that needs it:
    it goes when an index of ours comes, which a creation that was cut short has not made yet."""
    if key is None or part.kind is not PartKind.INDEX:
        return False
    return key.definition.startswith(f"{part.definition} REFERENCES ")


def _column_text(kind: str, collation: Any, null: str, _key: str, default: Any, extra: str) -> str:
    words = [
        kind,
        f"COLLATE {collation}" if collation else "",
        "NOT NULL" if null == "NO" else "",
        f"DEFAULT {default}" if default is not None else "",
        extra.removeprefix("NULL"),  # MySQL's word for nothing, of temporary tables only
    ]
    return " ".join(filter(None, words))


def _line_parts(table: str, line: str) -> Iterator[Part]:
    """The part that one line between the brackets of a CREATE TABLE tells of."""
    if found := _FOREIGN_KEY.fullmatch(line):
        yield Part(PartKind.FOREIGN_KEY, table, found["name"], _reference(found))
    elif found := _CHECK.fullmatch(line) or _COLUMN_CHECK.fullmatch(line):
        yield Part(PartKind.CHECK, table, found["name"], _CHARSET_MARK.sub("", found["text"]))
    elif found := _PRIMARY_KEY.fullmatch(line):
        yield Part(PartKind.PRIMARY_KEY, table, "PRIMARY", _columns(found["text"]))
    elif found := _INDEX.fullmatch(line):
        yield Part(PartKind.INDEX, table, found["name"], (found["before"] or "") + _columns(found["text"]))


def _reference(found: re.Match[str]) -> str:
    # To InnoDB, RESTRICT and NO ACTION are one, and the default.
    actions = {
        event: "" if action == "RESTRICT" else action for event, action in _ACTION.findall(found["actions"])
    }
    return reference_text(
        _names(found["columns"]),
        found["target"].replace("`", ""),
        _names(found["target_columns"]),
        actions.get("DELETE", ""),
        actions.get("UPDATE", ""),
    )


def _names(text: str) -> list[str]:
    return text.replace("`", "").split(",")


def _columns(text: str) -> str:
    return text.replace("`", "").replace(",", ", ").removesuffix(" USING BTREE")
