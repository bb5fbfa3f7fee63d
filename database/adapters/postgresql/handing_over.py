"""A restored copy given to whom the original belonged: owners, grants and settings as the manifest says, each
looked up in the copy itself before it is named in a statement; then the account of the operation goes."""

from __future__ import annotations

from collections.abc import Iterator

from core.connection import ConnectionParameters
from core.errors import ConnectionFailed, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Means, Place, Selection, operation_of
from database.adapters.postgresql.backup_session import Session, maintenance_session, session_of
from database.adapters.postgresql.granting import statements_for
from database.adapters.postgresql.inventory_owners import DATABASE, LARGE_OBJECTS, read_owners
from database.adapters.postgresql.inventory_settings import COMMENT, LIMIT, option_in
from database.adapters.postgresql.scope import find_scope
from database.manifest import FactKind, Manifest

# How ALTER calls what the catalogue calls otherwise.
_WORDS = {
    "function": "ROUTINE",
    "procedure": "ROUTINE",
    "aggregate": "ROUTINE",
    "statistics object": "STATISTICS",
}
_KINDS = (
    "materialized view", "foreign table", "text search configuration", "text search dictionary",
    "statistics object", "table", "view", "sequence", "function", "procedure", "aggregate", "type",
    "schema", "operator", "collation", "conversion", "server",
)  # fmt: skip
_ROLES = "SELECT rolname FROM pg_catalog.pg_roles"
_LARGE = "SELECT oid FROM pg_catalog.pg_largeobject_metadata"
# Settings that are lists of names, each in quotes where it needs them.
_LISTS = (
    "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
    "temp_tablespaces",
)  # fmt: skip
_NEVER_SET = ("role", "session_authorization")


def hand_over(
    op: Operation,
    database: ConnectionParameters,
    keeper: ConnectionParameters,
    means: Means,
    place: Place,
    manifest: Manifest | None,
) -> tuple[str, ...]:
    """As BackupAdapter.hand_over."""
    with session_of(keeper, means, op, place.name) as session:
        one = _HandingOver(session, place, database.user, manifest)
        left = (*one.owners(), *one.grants(), *one.settings())
        failpoint("restore.handed_over")
    if operation_of(place.account):
        with maintenance_session(keeper, means, op, place.name) as session:
            session.run(f"DROP ROLE IF EXISTS {session.quote(place.account)}")
    failpoint("restore.account_dropped")
    return left


class _HandingOver:
    """One copy on its way."""

    def __init__(self, session: Session, place: Place, account: str, manifest: Manifest | None) -> None:
        self._session = session
        self._place = place
        self._account = account
        self._manifest = manifest
        self._roles = {name for (name,) in session.rows(_ROLES)}

    def owners(self) -> Iterator[str]:
        """Everything to the owner of the database, and then what has another one to that one."""
        wanted = self._manifest.inventory.of(FactKind.OWNER) if self._manifest else {}
        first = self._known(wanted.get(DATABASE, self._account))
        maker = self._place.account or self._place.parameters.user
        to = self._session.quote(first)
        if first != maker:
            if not self._place.account:  # it may own more than this copy: that is no copy's business
                yield from self._tried(f"ALTER DATABASE {self._name} OWNER TO {to}", "the database")
            else:
                yield from self._tried(f"REASSIGN OWNED BY {self._session.quote(maker)} TO {to}", "all of it")
        missing = sorted(set(wanted.values()) - self._roles)
        yield from (
            f"The role {visible(role)} is not on this server: {first} owns what it owned." for role in missing
        )
        scope = find_scope(self._session, Selection())
        for fact in read_owners(self._session, scope):
            owner = self._known(wanted.get(fact.name, first))
            if owner != fact.value:
                yield from self._give(fact.name, owner)
        if self._place.account:
            yield from self._tried(f"DROP OWNED BY {self._session.quote(maker)}", "its last rights")

    def grants(self) -> Iterator[str]:
        """What was granted, on what is there."""
        wanted = self._manifest.inventory.of(FactKind.GRANT) if self._manifest else {}
        found = statements_for(self._session, self._place.name, wanted, self._roles)
        for statement in found.statements:
            yield from self._tried(statement.sql, f"a grant on {visible(statement.object)}")
        yield from found.left_out

    def settings(self) -> Iterator[str]:
        """What is set for the database, and for roles in it."""
        if self._manifest is None:
            return
        settings = self._manifest.inventory.of(FactKind.SETTING)
        for name, value in settings.items():
            if name == LIMIT:
                sql = f"ALTER DATABASE {self._name} CONNECTION LIMIT {int(value):d}"
                yield from self._tried(sql, "the connection limit")
            elif name == COMMENT:
                sql = f"COMMENT ON DATABASE {self._name} IS {self._session.literal(value)}"
                yield from self._tried(sql, "the comment")
            elif option := option_in(name):
                yield from self._set(*option, value)

    @property
    def _name(self) -> str:
        return self._session.quote(self._place.name)

    def _known(self, role: str) -> str:
        return role if role in self._roles else self._fallback

    @property
    def _fallback(self) -> str:
        return self._account if self._account in self._roles else self._place.parameters.user

    def _give(self, name: str, owner: str) -> Iterator[str]:
        to = self._session.quote(owner)
        if name == DATABASE:
            yield from self._tried(f"ALTER DATABASE {self._name} OWNER TO {to}", "the database")
            return
        if name == LARGE_OBJECTS:
            if owner in self._roles:  # all have one
                for (number,) in self._session.rows(_LARGE):
                    yield from self._tried(f"ALTER LARGE OBJECT {number:d} OWNER TO {to}", "a large object")
            return
        kind = next((one for one in _KINDS if name.startswith(f"{one} ")), "")
        if kind:
            words = _WORDS.get(kind, kind.upper())
            yield from self._tried(
                f"ALTER {words} {name.removeprefix(f'{kind} ')} OWNER TO {to}", visible(name)
            )

    def _set(self, name: str, role: str, value: str) -> Iterator[str]:
        """Lists of names by way of a session, which takes them as they are kept."""
        if name in _NEVER_SET or (role and role not in self._roles):
            yield f"{name} was not set{f' for {visible(role)}' if role else ''}."
            return
        quoted = ".".join(self._session.quote(part) for part in name.split("."))
        where = (
            f"ROLE {self._session.quote(role)} IN DATABASE {self._name}" if role else f"DATABASE {self._name}"
        )
        sql = f"ALTER {where} SET {quoted} TO {self._session.literal(value)}"
        if name.lower() in _LISTS:  # two statements at once are one transaction
            literals = f"{self._session.literal(name)}, {self._session.literal(value)}"
            current = f"SELECT pg_catalog.set_config({literals}, true)"
            sql = f"{current}; ALTER {where} SET {quoted} FROM CURRENT"
        yield from self._tried(sql, f"the setting {visible(name)}")

    def _tried(self, sql: str, what: str) -> Iterator[str]:
        """Run it, or say what could not be done."""
        try:
            self._session.run(sql)
        except ConnectionFailed:
            raise
        except ServerError as error:
            yield f"{what[:1].upper()}{what[1:]} could not be handed over: {error.message}"
