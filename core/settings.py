"""Every setting, read once from the environment into one typed, frozen object (SPEC section 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.connection import ConnectionParameters


class Environment(StrEnum):
    """The profile the program runs under."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    STAGING = "staging"
    PRODUCTION = "production"

    @property
    def guarded(self) -> bool:
        """True where destructive steps also want the database's name typed."""
        return self is Environment.PRODUCTION


@dataclass(frozen=True)
class Settings:
    """The field is the variable's name in lower case. Times are in seconds."""

    flask_env: Environment
    database: ConnectionParameters
    migration_database: ConnectionParameters
    db_pool_size: int
    db_max_overflow: int
    db_pool_timeout: float
    db_pool_recycle: float
    db_connect_timeout: float
    db_command_timeout: float
    db_max_retries: int
    db_retry_delay: float
    sqlalchemy_echo: bool
    db_debug: bool
    log_file: Path | None
    log_format: str
    auto_init: bool
    auto_migrate: bool
    backup_dir: Path
    trusted_hosts: tuple[str, ...]
    secret_key: str = field(repr=False)


def load_settings(env_file: Path | None = None) -> Settings:
    """Read the settings: `env_file` beats the environment, which beats `.env` (not read when `env_file` is
    given). Raises ConfigurationError that names every faulty variable at once."""
    raise ValueError(env_file)
