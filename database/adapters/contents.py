"""What a file of a backup from elsewhere holds, told by the bytes it begins with."""

from __future__ import annotations

from dataclasses import dataclass

from core.connection import Dialect


@dataclass(frozen=True)
class Content:
    """What a file holds, in words too; `suffix` ends its name here."""

    magic: bytes
    dialect: Dialect
    suffix: str
    words: str


CONTENTS = (
    Content(b"PGDMP", Dialect.POSTGRESQL, "dump", "PostgreSQL archive"),
    Content(b"SQLite format 3\0", Dialect.SQLITE, "db", "SQLite database"),
)
