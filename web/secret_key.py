"""The key that signs forms: given by SECRET_KEY, or in development kept in a file of our own."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigurationError
from core.kept_keys import MAKES_ITS_OWN, kept_key
from core.settings import Settings

_MINIMUM_LENGTH = 32


def secret_key(settings: Settings, folder: Path) -> str:
    """The key; in development a random one that `folder` keeps, so that a restart ends no form. Raises
    ConfigurationError when SECRET_KEY is missing or short where it counts."""
    if settings.flask_env not in MAKES_ITS_OWN:
        _check(settings.secret_key)
    return settings.secret_key or kept_key(folder / "secret_key")


def _check(key: str) -> None:
    make_one = "Make one: python -c 'import secrets; print(secrets.token_hex(32))'"
    if not key:
        raise ConfigurationError("SECRET_KEY is not set.", hint=make_one)
    if len(key) < _MINIMUM_LENGTH:
        raise ConfigurationError(f"SECRET_KEY is shorter than {_MINIMUM_LENGTH} characters.", hint=make_one)
