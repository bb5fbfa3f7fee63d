"""What an admin says must be true of a database, read from the files of BACKUP_ASSERTIONS_DIR."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigurationError
from core.text import visible
from database.context import current_settings
from database.scratch import Assertion

_LONGEST = 64 * 1024  # bytes


def read_assertions(database: str) -> tuple[Assertion, ...]:
    """The assertions of the database of that name, by name; () without any. Needs an application context.
    Raises ConfigurationError for a file that cannot be read."""
    if "/" in database or database.startswith("."):
        return ()
    files = sorted((current_settings().backup_assertions_dir / database).glob("*.sql"))
    return tuple(Assertion(visible(file.stem), _text(file)) for file in files)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise ConfigurationError(f"The assertion {file} is longer than {_LONGEST:,} bytes.")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The assertion {file} cannot be read.") from error
