"""Makes the schema where there is none, and completes and adopts one that has no revision yet: what `init`
and the start of the console share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.connection import ConnectionParameters
from core.errors import SchemaFault
from core.progress import Operation
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability
from database.comparison import Fault
from database.expected import TABLES
from database.migrator import migrate, stamp
from database.revisions import pending_revisions
from database.schema import create_constraints, create_indexes, create_tables, find_faults
from database.schema_lock import PATIENCE, schema_lock

_CONNECT_TIMEOUT = 30.0
_LISTED = 3  # faults that one line of error can hold; `verify` lists them all


@dataclass(frozen=True)
class Standing:
    """Where a schema stands: the revisions it is stamped with, and which of our tables there are."""

    revisions: tuple[str, ...]
    tables: frozenset[str]


def read_standing(parameters: ConnectionParameters) -> Standing:
    """Ask the server. Raises ConnectionFailed and its kin."""
    with closing_connection(parameters, _CONNECT_TIMEOUT) as (adapter, connection):
        tables = adapter.schema_names(connection).tables
        return Standing(adapter.revisions(connection), tables & frozenset(TABLES))


def make_schema(
    op: Operation, parameters: ConnectionParameters, *, applied_by: str, patience: float = PATIENCE
) -> Standing:
    """Make the schema, or complete, verify and adopt tables that have no revision, as a creation that was
    cut short leaves them; gives what was there before. A schema with a revision is left as it is.

    Holds the schema lock, for which it waits `patience` seconds. Raises SchemaFault when tables of our
    names differ, and changes nothing then; TargetBusy, PrivilegeMissing, ServerError."""
    with schema_lock(parameters, patience):
        before = read_standing(parameters)
        if before.revisions:
            return before
        if before.tables or not adapter_for(parameters).supports(Capability.TRANSACTIONAL_DDL):
            # Created piece by piece it can be cut short anywhere and gone on with, which migrations cannot.
            _complete(op, parameters)
            verify(op, parameters)
            stamp(parameters, applied_by=applied_by, patience=None)
        else:
            op.phase("Create the schema", total=len(pending_revisions(())), unit="migration")
            migrate(parameters, applied_by=applied_by, on_step=lambda _: op.advance(), patience=None)
    return before


def verify(op: Operation, parameters: ConnectionParameters) -> None:
    """Hold the schema against the models. Raises SchemaFault that names every difference."""
    op.phase("Verify")
    faults = find_faults(parameters)
    if faults:
        raise SchemaFault(
            f"{parameters.name} differs from the models: {first_faults(faults)}",
            hint="Mend it: manage_db.py create-tables, create-indexes, create-constraints, or reset.",
        )


def first_faults(faults: Sequence[Fault]) -> str:
    """The first three of `faults` in words, and how many more there are."""
    listed = " ".join(fault.message for fault in faults[:_LISTED])
    more = len(faults) - _LISTED
    return f"{listed} And {more} more, which `manage_db.py verify` lists." if more > 0 else listed


def stamp_when_clean(parameters: ConnectionParameters, *, applied_by: str) -> None:
    """Stamp a schema that has no revision but is as the models say."""
    if not read_standing(parameters).revisions and not find_faults(parameters):
        stamp(parameters, applied_by=applied_by)


def _complete(op: Operation, parameters: ConnectionParameters) -> None:
    _refuse_unless_completable(parameters)
    op.phase("Complete the schema", total=3, unit="step")
    for step in (create_tables, create_indexes, create_constraints):
        for name in step(parameters, patience=None):
            op.note(f"Created {name}")
        op.advance()


def _refuse_unless_completable(parameters: ConnectionParameters) -> None:
    """Tables of our names that differ are someone's: stop before anything is added to them."""
    differing = [fault for fault in find_faults(parameters) if not fault.creatable]
    if differing:
        raise SchemaFault(
            f"{parameters.name} has tables of our names that differ: {first_faults(differing)}",
            hint="Nothing was changed. Name an empty database, or mend what differs; what a migration began,"
            " it goes on with: python migrate.py migrate",
        )
