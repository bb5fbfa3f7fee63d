"""The names of a backup and of its files: SHOP-20261119-020000.dump.zst.age, made by us and never by whoever
named the database (TRUST X5). The name of the backup ends at the first dot."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

_LONGEST_NAME = 100


def new_stem(database: str, moment: datetime, is_taken: Callable[[str], bool]) -> str:
    """The name of a backup of that database, such as "shop-20261119-020000", or with -2 and so on where that
    is taken. Of the database's own name letters, digits, dashes and underscores of ASCII are left."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", database)[:_LONGEST_NAME].lstrip("-") or "database"
    first = stem = f"{safe}-{moment:%Y%m%d-%H%M%S}"
    number = 1
    while is_taken(stem):
        number += 1
        stem = f"{first}-{number}"
    return stem


def data_name(stem: str, suffix: str, *, encrypted: bool) -> str:
    """The name of the file that holds the dump."""
    return f"{stem}.{suffix}.zst{'.age' if encrypted else ''}"


def schema_name(stem: str, *, encrypted: bool) -> str:
    """The name of the file that holds the definitions alone."""
    return data_name(stem, "schema", encrypted=encrypted)


def manifest_name(stem: str) -> str:
    """The name of the manifest beside them."""
    return f"{stem}.manifest.json"
