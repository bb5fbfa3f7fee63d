"""Keys that the console makes itself where none is set, in development and testing alone: each in a file of
its own that only its owner reads."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from core.variables import Environment

MAKES_ITS_OWN = (Environment.DEVELOPMENT, Environment.TESTING)
INSTANCE = Path(__file__).resolve().parent.parent / "instance"


def kept_key(path: Path) -> str:
    """The random key that the file at `path` keeps, made by whoever asks first. Raises OSError."""
    if not path.exists():
        _write_once(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii")


def _write_once(path: Path, key: str) -> None:
    """Write the file whole or not at all: of several workers at once, the first one's key stays."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
