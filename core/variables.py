"""Every environment variable that is read: how it is parsed, its default, one line of help. The reference and
`.env.example` are kept equal to this list by a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from core import parsing
from core.backup_levels import Level
from core.connection import Dialect

T = TypeVar("T")


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


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Variable(Generic[T]):
    """One variable. `parse` raises ValueError that says what is allowed; a `secret` may also come from the
    file that NAME_FILE names, and is never shown; `development` is the default there, when it differs."""

    name: str
    parse: Callable[[str], T]
    default: str
    help: str
    secret: bool = False
    development: str = ""


def _secret(name: str, help: str, default: str = "") -> Variable[str]:
    return Variable(name, parsing.text, default, help, secret=True)


FLASK_ENV = Variable(
    "FLASK_ENV",
    parsing.word(Environment),
    "development",
    "The profile: development, testing, staging or production.",
)

DATABASE_URL = _secret("DATABASE_URL", "The application's database.", "sqlite:///instance/basekeeper.db")
DEV_DATABASE_URL = _secret("DEV_DATABASE_URL", "In development, wins over DATABASE_URL.")
MIGRATION_DATABASE_URL = _secret(
    "MIGRATION_DATABASE_URL", "The same database through an account that may change the schema."
)

DATABASE_HOST = Variable("DATABASE_HOST", parsing.host, "localhost", "In parts: the PostgreSQL server.")
DATABASE_PORT = Variable("DATABASE_PORT", parsing.port, "5432", "Its port.")
DATABASE_USER = Variable("DATABASE_USER", parsing.name, "", "The account.")
DATABASE_PASSWORD = _secret("DATABASE_PASSWORD", "The account's password.")
DATABASE_NAME = Variable("DATABASE_NAME", parsing.name, "", "The database.")

DB_TYPE = Variable(
    "DB_TYPE",
    parsing.word(Dialect),
    "postgresql",
    "In the other spelling: postgresql, mysql, mariadb or sqlite.",
)
DB_HOST = Variable("DB_HOST", parsing.host, "localhost", "The server.")
DB_PORT = Variable("DB_PORT", parsing.port, "", "Its port: 5432, or 3306 for mysql and mariadb.")
DB_NAME = Variable(
    "DB_NAME", parsing.name, "", "The database; NAME.db for sqlite; postgres for the admin server."
)
DB_USER = Variable("DB_USER", parsing.name, "", "The account.")
DB_PASS = _secret("DB_PASS", "The account's password.")

DB_ADMIN_URL = _secret("DB_ADMIN_URL", "The server account that may create databases and roles.")
DB_ADMIN_USER = Variable(
    "DB_ADMIN_USER", parsing.name, "postgres", "The same in parts, with DB_HOST, DB_PORT, DB_NAME."
)
DB_ADMIN_PASSWORD = _secret("DB_ADMIN_PASSWORD", "Its password.")
MYSQL_ADMIN_URL = _secret("MYSQL_ADMIN_URL", "Such an account of a MySQL or MariaDB server besides.")

DB_POOL_SIZE = Variable(
    "DB_POOL_SIZE", parsing.pool_size, "10", "Connections kept open; auto is (2 x cores) + 1."
)
DB_MAX_OVERFLOW = Variable(
    "DB_MAX_OVERFLOW", parsing.whole(0, 1000), "20", "Connections beyond those, for a while.", development="0"
)
DB_POOL_TIMEOUT = Variable(
    "DB_POOL_TIMEOUT", parsing.seconds(0.1, 3600), "20", "Seconds to wait for a free one."
)
DB_POOL_RECYCLE = Variable(
    "DB_POOL_RECYCLE", parsing.seconds(1, 604800), "300", "Seconds after which one is replaced."
)
DB_CONNECT_TIMEOUT = Variable(
    "DB_CONNECT_TIMEOUT", parsing.seconds(0.1, 3600), "30", "Seconds to try to connect."
)
DB_COMMAND_TIMEOUT = Variable(
    "DB_COMMAND_TIMEOUT",
    parsing.seconds(1, 604800),
    "600",
    "Seconds for long operations and client programs.",
)
DB_MAX_RETRIES = Variable(
    "DB_MAX_RETRIES", parsing.whole(0, 1000), "5", "Times to try again to reach the database at start."
)
DB_RETRY_DELAY = Variable("DB_RETRY_DELAY", parsing.seconds(0, 3600), "5", "Seconds between those tries.")

SQLALCHEMY_ECHO = Variable("SQLALCHEMY_ECHO", parsing.flag, "false", "Log every SQL statement.")
DB_DEBUG = Variable("DB_DEBUG", parsing.flag, "false", "Log in detail.", development="true")
LOG_FILE = Variable("LOG_FILE", parsing.optional_path, "", "Log into this file.")
LOG_FORMAT = Variable(
    "LOG_FORMAT", parsing.word(LogFormat), "text", "How a line of the log is written: text or json."
)

AUTO_INIT = Variable("AUTO_INIT", parsing.flag, "true", "Create a missing schema at start.")
AUTO_MIGRATE = Variable(
    "AUTO_MIGRATE", parsing.flag, "false", "Apply pending migrations at start; no backup is taken before."
)

BACKUP_DIR = Variable("BACKUP_DIR", parsing.path, "./backups", "The folder of the backups.")
BACKUP_RETENTION_DAYS = Variable(
    "BACKUP_RETENTION_DAYS", parsing.whole(1, 36500), "30", "Days for which a backup is kept."
)
BACKUP_VERIFY = Variable(
    "BACKUP_VERIFY",
    parsing.word(Level),
    "equal",
    "How far each new backup is proven: stored, intact, readable, restored, equal or healthy.",
)
BACKUP_TARGET_HOURS = Variable(
    "BACKUP_TARGET_HOURS",
    parsing.optional_whole(1, 87600),
    "",
    "Hours after which the newest verified backup is too old; none: the age is shown, and no alarm raised.",
)
SKIP_BACKUP = Variable("SKIP_BACKUP", parsing.flag, "false", "Migrate without a backup before.")
MIGRATION_BACKUP_HOURS = Variable(
    "MIGRATION_BACKUP_HOURS",
    parsing.optional_whole(1, 87600),
    "",
    "Refuse to migrate unless a backup verified equal is younger than so many hours; none: do not ask.",
)
MIGRATION_DIRECTORIES = Variable(
    "MIGRATION_DIRECTORIES",
    parsing.named_folders,
    "",
    "Alembic folders of registered databases: NAME=FOLDER, with commas between.",
)
BACKUP_ENCRYPTION_KEY = Variable(
    "BACKUP_ENCRYPTION_KEY",
    parsing.age_recipient,
    "",
    "Encrypts backups: an age recipient, which begins with age1.",
)
BACKUP_IDENTITY = Variable(
    "BACKUP_IDENTITY",
    parsing.age_identity,
    "",
    "The age identity that opens encrypted backups, to verify and restore them here.",
    secret=True,
)
BACKUP_ASSERTIONS_DIR = Variable(
    "BACKUP_ASSERTIONS_DIR",
    parsing.path,
    "./assertions",
    "The folder of what must be true of a restored database: DATABASE/NAME.sql, one query each.",
)
RESTORE_GRACE_DAYS = Variable(
    "RESTORE_GRACE_DAYS",
    parsing.whole(1, 365),
    "7",
    "Days for which the database that a restore replaced is kept.",
)
CLIENT_TOOLS_PATH = Variable(
    "CLIENT_TOOLS_PATH",
    parsing.folders,
    "",
    "Folders of the servers' client programs, joined by a colon, before those of PATH.",
)
CLIENT_TOOLS_FLOOR = Variable(
    "CLIENT_TOOLS_FLOOR",
    parsing.versions,
    "18.7,17.12,16.16,15.20,14.25",
    "PostgreSQL client programs below these versions restore nothing that was made elsewhere.",
)

DEFAULT_SEED_COUNT = Variable(
    "DEFAULT_SEED_COUNT", parsing.whole(1, 10**10), "10", "Rows of each type that seeding adds."
)
MAX_SEED_COUNT = Variable(
    "MAX_SEED_COUNT", parsing.whole(1, 10**10), "10000", "A number of rows above it needs --force."
)

CREDENTIALS_KEY = _secret("CREDENTIALS_KEY", "Encrypts stored passwords.")
CREDENTIALS_KEY_OLD = _secret(
    "CREDENTIALS_KEY_OLD", "The key before it, until `manage_db.py database rekey` has run."
)
DATABASE_NETWORKS = Variable(
    "DATABASE_NETWORKS",
    parsing.places,
    "",
    "Where registered databases may be besides ordinary addresses: networks, addresses, hosts, with commas.",
    development="127.0.0.0/8,::1",
)
DATABASE_FOLDER = Variable(
    "DATABASE_FOLDER",
    parsing.path,
    "./databases",
    "The folder of registered SQLite files and of certificate authorities.",
)
REDIS_URL = _secret("REDIS_URL", "The server that rings the workers of many machines; none: a file rings.")
ACTIVITY_RETENTION_DAYS = Variable(
    "ACTIVITY_RETENTION_DAYS",
    parsing.whole(0, 36500),
    "365",
    "Days for which sign-ins and sign-outs are kept; 0: for ever.",
)
SECRET_KEY = _secret("SECRET_KEY", "Signs sessions; the web app does not start in production without it.")
HOST = Variable("HOST", parsing.host, "127.0.0.1", "The address the console listens at.")
PORT = Variable("PORT", parsing.whole(1, 65535), "5000", "The port it listens at.")
TRUSTED_HOSTS = Variable(
    "TRUSTED_HOSTS", parsing.trusted_hosts, "", "Host names the web app answers to, with commas between."
)
TRUSTED_PROXIES = Variable(
    "TRUSTED_PROXIES",
    parsing.networks,
    "",
    "Networks and addresses of the proxies whose X-Forwarded-For and -Proto are believed.",
)

VARIABLES: tuple[Variable[Any], ...] = tuple(one for one in globals().values() if isinstance(one, Variable))
NAMES = frozenset(name for one in VARIABLES for name in (one.name, f"{one.name}_FILE"))
