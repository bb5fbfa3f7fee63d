"""Every setting, read once from the environment into one typed, frozen object (SPEC section 3)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import variables
from core.backup_levels import Level
from core.connection import ConnectionParameters
from core.databases import Databases, read_databases
from core.environment import Reader, Source, read_env_file
from core.networks import Network
from core.redis_server import RedisServer, parse_redis_url
from core.variables import Environment as Environment
from core.variables import LogFormat as LogFormat


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
    log_format: LogFormat
    auto_init: bool
    auto_migrate: bool
    backup_dir: Path
    backup_retention_days: int
    backup_verify: Level
    backup_target_hours: int | None
    skip_backup: bool
    migration_backup_hours: int | None
    migration_directories: tuple[tuple[str, Path], ...]
    backup_encryption_key: str
    backup_assertions_dir: Path
    restore_grace_days: int
    activity_retention_days: int
    client_tools_path: str
    client_tools_floor: tuple[tuple[int, ...], ...]
    default_seed_count: int
    max_seed_count: int
    host: str
    port: int
    trusted_hosts: tuple[str, ...]
    database_networks: tuple[str, ...]
    database_folder: Path
    secret_key: str = field(repr=False)
    credentials_key: str = field(default="", repr=False)
    credentials_key_old: str = field(default="", repr=False)
    backup_identity: str = field(default="", repr=False)
    admin_database: ConnectionParameters | None = None
    mysql_admin_database: ConnectionParameters | None = None
    redis: RedisServer | None = None
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log, message or page may show: every password and key, those that are set."""
        accounts = (self.database, self.migration_database, *self.admin_accounts, self.redis)
        passwords = [account.password for account in accounts if account]
        keys = [self.secret_key, self.credentials_key, self.credentials_key_old, self.backup_identity]
        return tuple(filter(None, [*keys, *passwords]))

    @property
    def admin_accounts(self) -> tuple[ConnectionParameters, ...]:
        """The accounts that may create databases and roles, each on its server."""
        return tuple(filter(None, (self.admin_database, self.mysql_admin_database)))

    @property
    def listen_address(self) -> str:
        """Host and port the console listens at, an IPv6 host in brackets."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def console_address(self) -> str:
        """Where the console answers, as the links that it prints name it: the first trusted host, which a
        proxy serves over TLS, or else where it listens itself."""
        names = [host for host in self.trusted_hosts if not (host.startswith(".") or _is_local(host))]
        if names:
            return f"https://{names[0]}"
        everywhere = self.host in ("0.0.0.0", "::")
        return f"http://127.0.0.1:{self.port}" if everywhere else f"http://{self.listen_address}"


def load_settings(env_file: Path | None = None) -> Settings:
    """Read the settings: `env_file` beats the environment, which beats `.env` (not read when `env_file` is
    given). Raises ConfigurationError that names every faulty variable at once."""
    reader = Reader(_sources(env_file))
    for source in reader.sources:
        if source.is_file:
            reader.check_spelling(source, variables.NAMES)
    environment = _environment(reader, env_file)
    settings = _read(reader, environment, read_databases(reader, environment))
    reader.raise_faults()
    return settings


def _is_local(host: str) -> bool:
    return host == "localhost" or host.strip("[]").startswith(("127.", "::1"))


def _sources(env_file: Path | None) -> list[Source]:
    environment = Source("the environment", dict(os.environ))
    if env_file:
        return [read_env_file(Path(env_file)), environment]
    usual = Path(".env")
    return [environment, read_env_file(usual)] if usual.is_file() else [environment]


_SHORT_NAMES = {"dev": Environment.DEVELOPMENT, "test": Environment.TESTING}


def _environment(reader: Reader, env_file: Path | None) -> Environment:
    """FLASK_ENV, else what the name of the env file says: `.env.staging` is staging."""
    named = env_file.name.removeprefix(".env.") if env_file and env_file.name.startswith(".env.") else ""
    if not named or any(reader.has(source, variables.FLASK_ENV) for source in reader.sources):
        return reader.read(variables.FLASK_ENV)
    if named in _SHORT_NAMES or named in list(Environment):
        return _SHORT_NAMES.get(named) or Environment(named)
    reader.fault(f"FLASK_ENV is not set, and the name {env_file} says none of {', '.join(Environment)}")
    return Environment.DEVELOPMENT


def _read(reader: Reader, environment: Environment, databases: Databases) -> Settings:
    """A field of a variable's name is that variable; the rest is what several of them come to."""
    development = environment is Environment.DEVELOPMENT
    derived: dict[str, Any] = {
        "flask_env": environment,
        "database": databases.application,
        "migration_database": databases.migration,
        "admin_database": databases.admin,
        "mysql_admin_database": databases.mysql_admin,
        "redis": _redis(reader),
    }
    own: dict[str, Any] = {
        variable.name.lower(): reader.read(variable, development=development)
        for variable in variables.VARIABLES
        if variable.name.lower() in Settings.__dataclass_fields__ and variable.name.lower() not in derived
    }
    return Settings(**own, **derived)


def _redis(reader: Reader) -> RedisServer | None:
    text = reader.read(variables.REDIS_URL)
    try:
        return parse_redis_url(text) if text else None
    except ValueError as error:
        reader.fault(f"{variables.REDIS_URL.name} {error}")
        return None
