"""The key that signs forms: given by SECRET_KEY, or in development kept in a file of our own."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from core.errors import ConfigurationError
from core.settings import Environment, Settings

_NEEDS_ONE = (Environment.STAGING, Environment.PRODUCTION)
_MINIMUM_LENGTH = 32


def secret_key(settings: Settings, folder: Path) -> str:
    """The key; in development a random one that `folder` keeps, so that a restart ends no form. Raises
    ConfigurationError when SECRET_KEY is missing or short where it counts."""
    if settings.flask_env in _NEEDS_ONE:
        _check(settings.secret_key)
    return settings.secret_key or _kept_key(folder / "secret_key")


def _check(key: str) -> None:
    make_one = "Make one: python -c 'import secrets; print(secrets.token_hex(32))'"
    if not key:
        raise ConfigurationError("SECRET_KEY is not set.", hint=make_one)
    if len(key) < _MINIMUM_LENGTH:
        raise ConfigurationError(f"SECRET_KEY is shorter than {_MINIMUM_LENGTH} characters.", hint=make_one)


def _kept_key(path: Path) -> str:
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
