"""What stands in the way of restoring an archive on a PostgreSQL server, or is worth knowing before."""

from __future__ import annotations

from collections.abc import Iterator

from core.connection import ConnectionParameters
from core.errors import AppError
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Means, Obstacle, Source
from database.adapters.postgresql.archives import Head, read_head
from database.adapters.postgresql.backup_session import Session, maintenance_session
from database.adapters.postgresql.backup_tools import restore_client
from database.adapters.postgresql.places import powers
from database.adapters.postgresql.restoring import check_age, check_floor
from database.adapters.postgresql.scope import in_words
from database.manifest import FactKind, Manifest

_AVAILABLE = "SELECT name FROM pg_catalog.pg_available_extensions"
_ROLES = "SELECT rolname FROM pg_catalog.pg_roles"


def find_obstacles(keeper: ConnectionParameters, means: Means, source: Source) -> tuple[Obstacle, ...]:
    """As BackupAdapter.obstacles."""
    head = read_head(source.data)
    with maintenance_session(keeper, means) as session:
        return tuple(_obstacles(session, keeper, means, source, head))


def _obstacles(
    session: Session, keeper: ConnectionParameters, means: Means, source: Source, head: Head
) -> Iterator[Obstacle]:
    try:
        check_age(head, session.major)
        client = restore_client(Operation(), means, session.major, head.reads)
        if not source.is_trusted:
            check_floor(client, means)
    except AppError as error:
        yield Obstacle(error.message, error.hint)
    yield from _privileges(session, keeper, is_trusted=source.is_trusted)
    if source.manifest:
        yield from _missing(session, source.manifest)


def _privileges(session: Session, keeper: ConnectionParameters, *, is_trusted: bool) -> Iterator[Obstacle]:
    is_superuser, databases, roles = powers(session)
    account = session.quote(keeper.user)
    if not databases:
        yield Obstacle(
            f"The account {visible(keeper.user)} may not make databases.",
            f"As an administrator run: ALTER ROLE {account} CREATEDB CREATEROLE; or set DB_ADMIN_URL.",
        )
    if not roles:
        yield Obstacle(
            f"The account {visible(keeper.user)} may make no roles: the copy is loaded as it itself.",
            f"As an administrator run: ALTER ROLE {account} CREATEROLE; or set DB_ADMIN_URL.",
            is_fatal=not is_trusted,
        )
    elif not is_superuser and is_trusted:
        yield Obstacle(
            f"{visible(keeper.user)} is no superuser: it gives tables only to roles that it is a member of.",
            "What it cannot give back is listed at the end.",
            is_fatal=False,
        )


def _missing(session: Session, manifest: Manifest) -> Iterator[Obstacle]:
    available = {name for (name,) in session.rows(_AVAILABLE)}
    extensions = sorted(set(manifest.inventory.of(FactKind.EXTENSION)) - available)
    if extensions:
        yield Obstacle(
            f"This server lacks what the backup needs: {in_words(extensions)}.",
            "Install these extensions on the server's machine.",
        )
    there = {name for (name,) in session.rows(_ROLES)}
    roles = sorted(set(manifest.roles) - there)
    if roles:
        yield Obstacle(
            f"Roles that own or may use something in it are not on this server: {in_words(roles)}.",
            "Make them before, or what was theirs goes to the database's own account.",
            is_fatal=False,
        )
