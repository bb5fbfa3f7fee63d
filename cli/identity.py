"""`--identity-file`: the private key that opens encrypted backups, read from a file and told to nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from core.settings import Settings

_LARGEST = 64 * 1024  # an identity has 74 characters; what is larger is another file


def with_identity(settings: Settings, file: Path) -> Settings:
    """The settings with the identity in `file`, as `age-keygen` writes it; warns when others may read it.
    Raises ConfigurationError, which shows nothing of what is in it."""
    from core.errors import ConfigurationError
    from core.parsing import age_identity
    from core.text import visible

    shown = visible(str(file))
    text, is_open = _read(file, shown)
    try:
        identity = age_identity(text)
    except ValueError:
        identity = ""
    if not identity:
        raise ConfigurationError(
            f"{shown} holds no age identity.", hint="age-keygen makes one: a line AGE-SECRET-KEY-1..."
        )
    if is_open:
        click.echo(f"Warning: others can read {shown}. Run: chmod 600 {shown}", err=True)
    return replace(settings, backup_identity=identity)


def _read(file: Path, shown: str) -> tuple[str, bool]:
    """What is in the file, and whether others than its owner may read it."""
    from core.errors import ConfigurationError

    try:
        with file.open(encoding="utf-8-sig") as opened:
            return opened.read(_LARGEST), bool(file.stat().st_mode & 0o077)
    except (OSError, ValueError) as error:  # ValueError: not UTF-8
        reason = getattr(error, "strerror", None) or "not text"
        raise ConfigurationError(f"Cannot read the identity file {shown} ({reason}).") from error
