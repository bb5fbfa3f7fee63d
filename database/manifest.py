"""The manifest beside each backup: what was backed up, when, by what, and what a restored copy must hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.errors import BackupDamaged

FORMAT = 1
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class FactKind(StrEnum):
    """What an inventory knows of a database besides its rows."""

    COLUMN = "column"
    SEQUENCE = "sequence"
    INDEX = "index"
    CONSTRAINT = "constraint"
    VIEW = "view"
    ROUTINE = "routine"
    TRIGGER = "trigger"
    EVENT = "event"
    POLICY = "policy"
    TYPE = "type"
    EXTENSION = "extension"
    OWNER = "owner"
    GRANT = "grant"
    SETTING = "setting"
    ORIGIN = "origin"  # of the server it came from, such as versions: told, and never compared


@dataclass(frozen=True)
class TableFacts:
    """A table, or what else holds rows, such as "large objects". `content` is a hash of all rows that does
    not depend on their order, "" when it was not asked for; `numbers` one of which row has which number, ""
    too where rows have none besides their columns."""

    name: str
    rows: int
    content: str = ""
    numbers: str = ""


@dataclass(frozen=True)
class Fact:
    """One thing that a restored copy must have too: an index and its definition, a sequence and its value, a
    table and its owner. (kind, name) is its key. `wording` says who put the value into words, where others
    would choose different ones for the same thing."""

    kind: FactKind
    name: str
    value: str
    wording: str = ""


@dataclass(frozen=True)
class Inventory:
    """What a database holds at one moment; `hash` names how the contents were hashed."""

    tables: tuple[TableFacts, ...]
    facts: tuple[Fact, ...] = ()
    hash: str = ""

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    def of(self, kind: FactKind) -> dict[str, str]:
        """The facts of one kind by name."""
        return {fact.name: fact.value for fact in self.facts if fact.kind is kind}


@dataclass(frozen=True)
class StoredFile:
    """A file of the backup as it lies in the storage, and its SHA-256. `part` is "data" or "schema"."""

    part: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All that is known of one backup. `server` and `tool` are words such as "PostgreSQL 16.14" and "pg_dump
    16.14"; `is_exact` says that rows and contents were counted in the snapshot that was dumped; `selection`
    names what was left in, () for all; `roles` those that owners and grants name; sizes are bytes, `seconds`
    how long it took."""

    id: str
    database: str
    dialect: str
    server: str
    server_numbers: tuple[int, ...]
    tool: str
    taken_at: datetime
    seconds: float
    revision: str
    is_exact: bool
    inventory: Inventory
    files: tuple[StoredFile, ...]
    data_size: int | None = None
    encrypted_to: str = ""
    selection: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    made_by: str = ""
    format: int = FORMAT

    def file(self, part: str) -> StoredFile | None:
        """The file that holds that part."""
        return next((one for one in self.files if one.part == part), None)


def manifest_text(manifest: Manifest) -> str:
    """The manifest as the text of its file."""
    said = asdict(manifest) | {"taken_at": manifest.taken_at.isoformat()}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def read_manifest(text: str) -> Manifest:
    """The manifest in the text of its file. Raises BackupDamaged."""
    try:
        said = json.loads(text)
        if said["format"] != FORMAT:
            raise BackupDamaged(f"The manifest has format {said['format']}; this release reads {FORMAT}.")
        return _manifest(said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupDamaged("The manifest is not one that Basekeeper wrote.") from error


def differences(expected: Inventory, found: Inventory) -> tuple[str, ...]:
    """What of `expected` is otherwise in `found`, a sentence each; () when they are equal. Contents are
    compared where both were hashed the same way, and values where the same put both into words."""
    return (*_row_differences(expected, found), *_fact_differences(expected, found))


def _row_differences(expected: Inventory, found: Inventory) -> Iterator[str]:
    there = {table.name: table for table in found.tables}
    for table in expected.tables:
        other = there.pop(table.name, None)
        if other is None:
            yield f"Table {table.name} is missing."
        elif other.rows != table.rows:
            yield f"Table {table.name} has {other.rows:,} rows, not {table.rows:,}."
        elif expected.hash == found.hash and table.content and other.content not in ("", table.content):
            yield f"Table {table.name} has other contents."
        elif table.numbers and other.numbers not in ("", table.numbers):
            yield f"The rows of table {table.name} have other numbers."
    yield from (f"Table {name} is not in the backup." for name in there)


def _fact_differences(expected: Inventory, found: Inventory) -> Iterator[str]:
    there = {(fact.kind, fact.name): fact for fact in _compared(found)}
    for fact in _compared(expected):
        other = there.pop((fact.kind, fact.name), None)
        if other is None:
            yield f"The {fact.kind} {fact.name} is missing."
        elif other.value != fact.value and other.wording == fact.wording and not _went_on(fact, other.value):
            yield f"The {fact.kind} {fact.name} is {other.value or 'empty'}, not {fact.value or 'empty'}."
    yield from (f"The {kind} {name} is not in the backup." for kind, name in there)


def _compared(inventory: Inventory) -> Iterator[Fact]:
    return (fact for fact in inventory.facts if fact.kind is not FactKind.ORIGIN)


def _went_on(fact: Fact, value: str) -> bool:
    """True for a counter that gave out more numbers while the dump was made: a copy skips some of them, and
    gives none a second time."""
    is_number = fact.kind is FactKind.SEQUENCE and fact.value.isdecimal() and value.isdecimal()
    return is_number and int(value) > int(fact.value)


def _manifest(said: dict[str, Any]) -> Manifest:
    known = {field.name for field in fields(Manifest)}
    given = {name: value for name, value in said.items() if name in known}
    inventory = given["inventory"]
    if not all(_FILE.fullmatch(one["name"]) for one in given["files"]):
        raise ValueError("a file with a name that is none of ours")  # it will stand in commands
    return Manifest(
        **given
        | {
            "taken_at": datetime.fromisoformat(given["taken_at"]),
            "server_numbers": tuple(int(one) for one in given["server_numbers"]),
            "inventory": Inventory(
                tuple(TableFacts(**one) for one in inventory["tables"]),
                tuple(
                    Fact(FactKind(one["kind"]), one["name"], one["value"], one.get("wording", ""))
                    for one in inventory["facts"]
                ),
                inventory["hash"],
            ),
            "files": tuple(StoredFile(**one) for one in given["files"]),
            **{name: tuple(given[name]) for name in ("selection", "roles", "warnings")},
        }
    )
