"""A backup made into a database beside the live one, compared, and put in its place (TRUST D4):

place --> load --> hand over --> equal to the manifest?          nothing of the live one is touched
      --> swap --> sign in and look                              the live one is kept under another name"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from core.clock import monotonic
from core.connection import ConnectionParameters
from core.errors import AppError, BackupError, LeaseLost, PrivilegeMissing, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import plural
from database.adapters import adapter_for, closing_connection
from database.adapters.backup import BackupAdapter, Place, Source, Swap, SwapState
from database.adapters.base import Capability
from database.manifest import FactKind, Inventory, Manifest, differences
from database.transactions import transaction

_NOTED = 50  # differences that the log names
_GIVEN = (FactKind.OWNER, FactKind.GRANT)
_log = logging.getLogger("basekeeper.restores")


@dataclass(frozen=True)
class Copy:
    """A restored database beside the live one: where it is, and how many seconds it took to make and to
    compare. `is_equal` when nothing of it is other than the manifest says, contents too."""

    parameters: ConnectionParameters = field(repr=False)
    seconds: float
    compare_seconds: float
    is_equal: bool


def build_copy(
    op: Operation,
    adapter: BackupAdapter,
    source: Source,
    name: str,
    created: Callable[[], None] = lambda: None,
) -> Copy:
    """Restore `source` into a new database of that name and compare it with the manifest; `created` is
    called when it is there. Phases: Restore beside it (bytes), Compare with the manifest (tables). Raises
    AlreadyExists, PrivilegeMissing, BackupDamaged, BackupIncompatible, BackupError where it is not equal,
    ToolError, ServerError, OperationCancelled; then nothing of it is left."""
    began = monotonic()
    op.phase("Restore beside it", unit="byte")
    place = adapter.create_place(op, name)
    with dropped_on_failure(op, adapter, name):
        created()
        failpoint("restore.created")
        check_account(place, source)
        adapter.load(op, source, place)
        created()  # to load it may have meant to make it anew
        failpoint("restore.loaded")
        loaded = monotonic()
        undone = adapter.hand_over(op, place, source.manifest)
        failpoint("restore.handed_over")
        notes = (*undone, *compare(op, adapter, name, source.manifest, handed_over=not undone))
        for note in notes:
            op.note(note)
    is_equal = source.manifest is not None and bool(source.manifest.inventory.hash) and not notes
    return Copy(place.parameters, loaded - began, monotonic() - loaded, is_equal)


@contextmanager
def dropped_on_failure(op: Operation, adapter: BackupAdapter, name: str) -> Iterator[None]:
    """Drop the database of that name when the block fails or is cancelled; not when the work has become
    another attempt's, which uses the same name."""
    try:
        yield
    except BaseException:
        if still_ours():
            drop_calmly(op, adapter, name)
        raise


def still_ours() -> bool:
    """False when another has taken this operation over."""
    try:
        with transaction():
            pass  # the fence is asked at its end
    except LeaseLost:
        return False
    except ServerError:
        return True  # nobody can take it over now
    return True


def drop_calmly(op: Operation, adapter: BackupAdapter, name: str) -> None:
    """Drop what was made for `op`, cancelled or not; what cannot be dropped now is a chore's."""
    try:
        adapter.drop(Operation(id=op.id), name)
    except AppError as error:
        _log.warning("%s could not be dropped, which is tried again later: %s", name, error)


def compare(
    op: Operation, adapter: BackupAdapter, name: str, manifest: Manifest | None, *, handed_over: bool = True
) -> tuple[str, ...]:
    """Hold the database of that name against the manifest. Gives the differences that do not count: all of
    them where the manifest itself is not exact, owners and grants where it was said what of them could not
    be done. Raises BackupError for any other."""
    if manifest is None:
        op.note("There is no manifest to compare it with.")
        return ()
    op.phase("Compare with the manifest", len(manifest.inventory.tables), "table")
    wanted = manifest.inventory
    found = adapter.inventory(op, name, contents=bool(wanted.hash))
    said = differences(wanted, found)
    grave = said if handed_over else differences(_without_givings(wanted), _without_givings(found))
    if grave and manifest.is_exact:
        for difference in said[:_NOTED]:
            op.note(difference)
        raise BackupError(
            f"The restored copy is not equal to the backup: {grave[0]}"
            + (f" {plural(len(grave) - 1, 'more difference')}." if len(grave) > 1 else ""),
            hint="Nothing was replaced, and the copy was dropped. The operation's log names what differs.",
        )
    return said[:_NOTED]


def put_in_place(op: Operation, adapter: BackupAdapter, swap: Swap) -> None:
    """Swap, and do not listen to a cancel any more: whoever cancels now wants neither half. Raises what the
    swap raises, when the live database is as it was; Conflict where somebody else changed the databases."""
    calm = Operation(op.emit, id=op.id)
    try:
        adapter.swap(calm, swap)
    except ServerError:
        if adapter.swap_state(swap) in (SwapState.BEFORE, SwapState.UNKNOWN):
            raise
        adapter.swap(calm, swap)  # from where it stands


def sign_in_and_look(database: ConnectionParameters, timeout: float) -> int:
    """How many tables the account of the database sees when it signs in now. Raises ServerError."""
    with closing_connection(database, timeout) as (adapter, connection):
        return len(adapter.schema_names(connection).tables)


def account_for(adapter: BackupAdapter, where: ConnectionParameters) -> ConnectionParameters:
    """Who may work in the database at `where`, whose own account may be gone by now: the account of the live
    database, or else the one that makes databases. Raises ServerError when neither may."""
    own = replace(adapter.database, database=where.database)
    try:
        with closing_connection(own, adapter.means.connect_timeout):
            return own
    except ServerError:
        keeper = replace(adapter.keeper, database=where.database)
        with closing_connection(keeper, adapter.means.connect_timeout):
            return keeper


def check_account(place: Place, source: Source) -> None:
    """What came from elsewhere runs as nobody but an account made for this alone (TRUST B8, D5). Raises
    PrivilegeMissing."""
    if source.is_trusted or place.account:
        return
    if adapter_for(place.parameters).supports(Capability.ACCOUNTS):
        raise PrivilegeMissing(
            "No account could be made for this restore alone, and what was made elsewhere is restored by no "
            "other.",
            hint="Set DB_ADMIN_USER and DB_ADMIN_PASSWORD to an account that may make roles.",
        )


def _without_givings(inventory: Inventory) -> Inventory:
    return replace(inventory, facts=tuple(fact for fact in inventory.facts if fact.kind not in _GIVEN))
