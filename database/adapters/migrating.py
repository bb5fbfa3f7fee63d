"""The contract for migrations: what a statement changes, how dangerous that is on one kind of server, and how
the server shows that it has happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from core.text import plural, size, visible
from database.adapters.base import Adapter, Connection, TableSize

BIG = 100_000  # rows from which a lock on a table is felt by whoever writes to it


class ChangeKind(StrEnum):
    """What one part of a statement does."""

    CREATE_TABLE = "create table"
    DROP_TABLE = "drop table"
    REPLACE_TABLE = "replace table"
    DROP_WHOLE = "drop with all in it"
    RENAME_TABLE = "rename table"
    REBUILD_TABLE = "rebuild table"
    ADD_COLUMN = "add column"
    DROP_COLUMN = "drop column"
    RENAME_COLUMN = "rename column"
    CHANGE_COLUMN = "change column"
    REQUIRE_VALUE = "require a value"
    CHANGE_DEFAULT = "change default"
    CREATE_INDEX = "create index"
    DROP_INDEX = "drop index"
    ADD_KEY = "add foreign key"
    ADD_CONSTRAINT = "add constraint"
    DROP_CONSTRAINT = "drop constraint"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    EMPTY_TABLE = "empty table"
    HARMLESS = "other"
    DROP_OTHER = "drop other"
    UNKNOWN = "not understood"


@dataclass(frozen=True)
class Change:
    """One change to `table`; `name` is the column, index or constraint, `new_name` what it becomes.
    `is_online`: the statement itself asks not to hold up writes. `default` is the text of a column's."""

    kind: ChangeKind
    table: str = ""
    name: str = ""
    new_name: str = ""
    required: bool = False
    default: str = ""
    is_online: bool = False

    @property
    def object(self) -> str:
        """What it works on: "command.legacy_args", "user_log", or nothing that has a name."""
        return f"{self.table}.{self.name}" if self.table and self.name else self.table or self.name


class Severity(StrEnum):
    """Dangerous: data goes, or it fails. Caution: somebody waits, or has to look."""

    SAFE = "safe"
    CAUTION = "caution"
    DANGEROUS = "dangerous"

    @property
    def rank(self) -> int:
        """0 for safe to 2 for dangerous."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Finding:
    """What is to be known of one statement before it runs. `safe_sql` shows the safe way."""

    severity: Severity
    title: str
    why: str
    safe_way: str = ""
    safe_sql: str = ""


Judge = Callable[[Change, TableSize], "Finding | None"]

LOSSES = {
    ChangeKind.DROP_TABLE,
    ChangeKind.REPLACE_TABLE,
    ChangeKind.DROP_COLUMN,
    ChangeKind.DELETE,
    ChangeKind.EMPTY_TABLE,
    ChangeKind.UPDATE,
}


class MigrationAdapter:
    """What is said of changes on one kind of server. `grammar` is the name of its SQL."""

    grammar: ClassVar[str] = ""
    text_begins: ClassVar[str] = r"'|\$\w*\$"  # a pattern: the quotes of texts, not those of names
    shadow: ClassVar[str] = ""  # how the name of a table begins that takes the place of another
    rules: ClassVar[dict[ChangeKind, Judge]] = {}

    def judge(self, change: Change, table: TableSize) -> Finding | None:
        """What is to be known of `change` where its table is as large as `table`; None when nothing is."""
        rule = self.rules.get(change.kind) or _COMMON.get(change.kind)
        return rule(change, table) if rule else None

    def judge_unseen(self, change: Change, *, is_made: bool) -> Finding | None:
        """The same where nobody knows how many rows its table holds: migrations before it made and filled it,
        or it was not found."""
        found = self.judge(change, TableSize(change.table, 1, False, None))
        if found is None or found == self.judge(change, TableSize(change.table, 0, True, 0)):
            return found
        whose = "Migrations before this one fill it" if is_made else "It was not found in the schema"
        severity = Severity.CAUTION if is_made else found.severity
        return replace(found, severity=severity, why=f"{whose}: how many rows it holds is not known.")

    def outline(self, sql: str, length: int) -> str:
        """How a statement begins, for notes that many may read: no further than the first text in it, which
        may be a password."""
        whole = " ".join(sql.split())
        shown = re.split(self.text_begins, whole, maxsplit=1)[0][:length]
        return visible(shown) if shown == whole else f"{visible(shown)}..."

    def definition(self, adapter: Adapter, connection: Connection, table: str) -> str:
        """The table as the server writes it, "" where there is none; for servers that commit each change."""
        raise NotImplementedError

    def has_happened(self, adapter: Adapter, connection: Connection, change: Change) -> bool | None:
        """Whether the server shows that `change` was made; None where it does not, but may be repeated."""
        raise NotImplementedError


def about(table: TableSize) -> str:
    """How large it is: "about 42,118,306 rows, 5.3 GB"."""
    rows = f"{'' if table.exact else 'about '}{plural(table.rows, 'row')}"
    return rows if table.size is None else f"{rows}, {size(table.size)}"


def waits(what: str, why: str, safe_way: str = "", safe_sql: str = "") -> Judge:
    """A rule for what holds up those who write to a big table. `what` is a format over the change."""

    def judge(change: Change, table: TableSize) -> Finding | None:
        if table.rows < BIG or change.is_online:
            return None
        return Finding(
            Severity.CAUTION,
            what.format(change=change),
            f"{about(table)}. {why}",
            safe_way,
            safe_sql.format(change=change),
        )

    return judge


def _drop_table(change: Change, table: TableSize) -> Finding:
    if not table.rows:
        return Finding(Severity.CAUTION, f"Drops {change.table}, which is empty", "It holds no rows.")
    return Finding(
        Severity.DANGEROUS,
        f"Drops {change.table}",
        f"{about(table)} go. A downgrade makes the table again, but not its rows.",
        "Rename it now, and drop it once nobody has asked for it for some weeks.",
    )


def _drop_column(change: Change, table: TableSize) -> Finding:
    if not table.rows:
        return Finding(Severity.CAUTION, f"Drops {change.object}", f"{change.table} holds no rows.")
    return Finding(
        Severity.DANGEROUS,
        f"Drops {change.object}",
        f"Its values in {about(table)} go. A downgrade makes the column again, but not its values.",
        "Release code that does not use it first. Rename the column, and drop it some weeks later.",
    )


def _delete(change: Change, table: TableSize) -> Finding:
    return Finding(
        Severity.DANGEROUS if table.rows else Severity.CAUTION,
        f"Deletes rows of {change.table}",
        f"At most {about(table)} go. A downgrade does not bring them back.",
        "Copy them into a table of their own first.",
    )


def _update(change: Change, table: TableSize) -> Finding | None:
    if not table.rows:
        return None
    return Finding(
        Severity.CAUTION,
        f"Overwrites values in {change.table}",
        f"At most {about(table)}. The old values are not kept, and the rows stay locked until the end.",
        "Change the rows in batches, outside the migration, where they are many.",
    )


def _rename(change: Change, _table: TableSize) -> Finding:
    return Finding(
        Severity.CAUTION,
        f"Renames {change.object} to {change.new_name}",
        "Code that runs now asks for the old name, and fails from then on.",
        "Add the new one, write to both, change the code, and drop the old one later.",
    )


def _drop_other(change: Change, _table: TableSize) -> Finding:
    return Finding(
        Severity.CAUTION, f"Drops {change.name or 'an object'}", "Whatever uses it fails from then on."
    )


def _drop_whole(change: Change, _table: TableSize) -> Finding:
    return Finding(
        Severity.DANGEROUS,
        f"Drops {change.name or 'an object'} with all that is in it or uses it",
        "How many rows go is not known. A downgrade does not bring them back.",
        "Drop the tables one by one, each once nobody has asked for it for some weeks.",
    )


def _unknown(_change: Change, _table: TableSize) -> Finding:
    return Finding(
        Severity.CAUTION, "A statement that cannot be judged", "Nothing is known of what it does: read it."
    )


_COMMON: dict[ChangeKind, Judge] = {
    ChangeKind.DROP_TABLE: _drop_table,
    ChangeKind.REPLACE_TABLE: _drop_table,
    ChangeKind.DROP_WHOLE: _drop_whole,
    ChangeKind.DROP_COLUMN: _drop_column,
    ChangeKind.DELETE: _delete,
    ChangeKind.EMPTY_TABLE: _delete,
    ChangeKind.UPDATE: _update,
    ChangeKind.RENAME_TABLE: _rename,
    ChangeKind.RENAME_COLUMN: _rename,
    ChangeKind.DROP_OTHER: _drop_other,
    ChangeKind.UNKNOWN: _unknown,
}


def required_without_default(change: Change, table: TableSize) -> Finding | None:
    """The rule for a column that is added, must hold a value, and has none for the rows that are there."""
    if not (change.required and not change.default and table.rows):
        return None
    return Finding(
        Severity.DANGEROUS,
        f"Adds {change.object}, NOT NULL without a default",
        f"It fails: {change.table} holds {about(table)}, which would have no value.",
        "Add it nullable, fill it, and require a value in a later migration; or give it a server default.",
    )


def all_of(*rules: Judge) -> Judge:
    """A rule that says what the first of `rules` says that says anything."""

    def judge(change: Change, table: TableSize) -> Finding | None:
        said: Sequence[Finding | None] = [rule(change, table) for rule in rules]
        return next((one for one in said if one), None)

    return judge
