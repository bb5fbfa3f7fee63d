"""What a migration would do, as facts: its revisions, their statements, what is to be known of each, and the
hash by which a run is held to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from database.adapters.migrating import LOSSES, Change, ChangeKind, Finding, Severity


class Reversal(StrEnum):
    """Whether a revision can be undone."""

    YES = "yes"
    NOT_THE_DATA = "not the data"
    NO = "no"


@dataclass(frozen=True)
class PlannedStatement:
    """One statement. `rows` are those of the table it works on, at most as many does it touch; `size` is
    bytes; both None where there is no such table yet. `is_done`: a run that was cut off has done it."""

    sql: str
    changes: tuple[Change, ...]
    rows: int | None
    is_exact: bool
    size: int | None
    is_done: bool = False

    @property
    def kind(self) -> str:
        """What it does, in a word or two."""
        return self.changes[0].kind.value if self.changes else ChangeKind.HARMLESS.value

    @property
    def object(self) -> str:
        """What it works on."""
        return self.changes[0].object if self.changes else ""

    @property
    def can_be_undone(self) -> bool:
        """False when data goes that a downgrade cannot make again."""
        kinds = {change.kind for change in self.changes}
        return ChangeKind.DROP_WHOLE not in kinds and not (self.rows and kinds & LOSSES)


@dataclass(frozen=True)
class PlannedFinding:
    """What is to be known of a statement of `revision`."""

    revision: str
    finding: Finding

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.finding.severity


@dataclass(frozen=True)
class PlannedRevision:
    """One migration of the plan. Not `is_known`: it decides as it runs what it says."""

    id: str
    name: str
    title: str
    direction: str
    statements: tuple[PlannedStatement, ...]
    findings: tuple[Finding, ...]
    is_known: bool
    has_downgrade: bool
    sha256: str

    @property
    def reversal(self) -> Reversal:
        """Whether it can be undone."""
        if not self.has_downgrade:
            return Reversal.NO
        if all(one.can_be_undone for one in self.statements):
            return Reversal.YES
        return Reversal.NOT_THE_DATA

    @property
    def is_understood(self) -> bool:
        """True when all that it does is known before."""
        changes = (change for one in self.statements for change in one.changes)
        return self.is_known and all(change.kind is not ChangeKind.UNKNOWN for change in changes)

    @property
    def severity(self) -> Severity:
        """That of its worst finding."""
        return max((one.severity for one in self.findings), key=lambda one: one.rank, default=Severity.SAFE)

    @property
    def rows(self) -> int:
        """Rows that its statements may change, at most."""
        writes = (ChangeKind.UPDATE, ChangeKind.DELETE, ChangeKind.EMPTY_TABLE, ChangeKind.REBUILD_TABLE)
        return sum(one.rows or 0 for one in self.statements if any(c.kind in writes for c in one.changes))


@dataclass(frozen=True)
class MigrationPlan:
    """From `current` ("" before the first revision) to `target` ("base" for an empty schema). Nothing has
    happened yet."""

    dialect: str
    server: str
    current: str
    target: str
    revisions: tuple[PlannedRevision, ...]
    planned_at: datetime
    hash: str
    is_transactional: bool

    @property
    def direction(self) -> str:
        """ "upgrade" or "downgrade"."""
        return self.revisions[0].direction if self.revisions else "upgrade"

    @property
    def findings(self) -> tuple[PlannedFinding, ...]:
        """All of them, the worst first."""
        found = [PlannedFinding(one.id, finding) for one in self.revisions for finding in one.findings]
        return tuple(sorted(found, key=lambda one: -one.severity.rank))

    @property
    def dangers(self) -> tuple[PlannedFinding, ...]:
        """The findings that are dangerous."""
        return tuple(one for one in self.findings if one.severity is Severity.DANGEROUS)

    @property
    def is_destructive(self) -> bool:
        """True when data may go, or nobody can tell: then it is confirmed by a name."""
        if not self.revisions:
            return False
        is_clear = all(one.is_understood for one in self.revisions)
        return self.direction == "downgrade" or bool(self.dangers) or not is_clear

    @property
    def rows(self) -> int:
        """Rows that may be changed, at most."""
        return sum(one.rows for one in self.revisions)

    @property
    def reversible(self) -> int:
        """How many of the revisions can be undone with all their data."""
        return sum(one.reversal is Reversal.YES for one in self.revisions)

    @property
    def short_hash(self) -> str:
        """The first eight characters of the hash, for people."""
        return self.hash[:8]


def hash_of(dialect: str, current: str, target: str, revisions: Iterable[PlannedRevision]) -> str:
    """What is applied is what was shown: the same files, the same statements, from the same revision."""
    steps = [
        [one.id, one.direction, one.sha256, sorted(_unordered(each.sql) for each in one.statements)]
        for one in revisions
    ]
    text = json.dumps([dialect, current, target, steps], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _unordered(sql: str) -> list[str]:
    """The lines of a statement: Alembic writes the constraints of a table that it builds anew, and makes its
    indexes, in any order."""
    return sorted(line.strip().rstrip(",") for line in sql.splitlines())
