"""Which database is migrated by which folder of migrations: the console's own by ours, a registered one by
that of the settings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from core.connection import ConnectionParameters
from core.errors import InvalidInput, NotFound, SchemaFault
from core.naming import fold
from database.context import current_settings
from database.revisions import LOCATION
from database.setup import read_standing
from database.transactions import transaction
from features.backup_subjects import Subject, find_subject
from features.database_rows import find_row

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tree:
    """A database with the folder of its migrations."""

    subject: Subject
    location: Path

    @property
    def name(self) -> str:
        """What people call the database."""
        return self.subject.name

    @property
    def is_own(self) -> bool:
        """True for the console's own, whose schema the models tell too."""
        return self.subject.is_own

    @property
    def parameters(self) -> ConnectionParameters:
        """The account that may change the schema."""
        return self.subject.parameters

    @property
    def environment(self) -> str:
        """Whether it is production or something less."""
        if self.is_own:
            return current_settings().flask_env
        with transaction() as session:
            return find_row(session, self.name).environment


def find_tree(database: str = "", directory: str = "") -> Tree:
    """The database of that name, the console's own for "", with its migrations: those of
    MIGRATION_DIRECTORIES unless a `directory` is named. Needs an application context. Raises NotFound,
    InvalidInput where there are none."""
    settings = current_settings()
    subject = find_subject(database or settings.database.name)
    if subject.is_own:
        if directory:
            raise InvalidInput("The console's own database is migrated by its own migrations alone.")
        return Tree(subject, LOCATION)
    known = {fold(name): folder for name, folder in settings.migration_directories}
    location = Path(directory) if directory else known.get(fold(subject.name))
    if location is None:
        raise InvalidInput(
            f"No migrations are known of {subject.name}.",
            hint=f"Set MIGRATION_DIRECTORIES={subject.name}=FOLDER, the folder that holds its versions/.",
        )
    if not (location / "versions").is_dir():
        _log.warning("%s holds no versions/, the migrations of %s.", location, subject.name)
        raise NotFound(
            f"The folder of the migrations of {subject.name} holds no versions/.",
            hint="Name the folder that Alembic made.",
        )
    return Tree(subject, location.resolve())


def list_trees() -> tuple[str, ...]:
    """The names of the databases that can be migrated, the console's own first."""
    settings = current_settings()
    return (settings.database.name, *(name for name, _ in settings.migration_directories))


def refuse_unstamped(database: ConnectionParameters) -> None:
    """Tables of ours without a revision are no ground to migrate from. Raises SchemaFault."""
    standing = read_standing(database)
    if standing.tables and not standing.revisions:
        raise SchemaFault(
            f"{database.name} has tables but no revision.", hint="Adopt them: python manage_db.py init"
        )
