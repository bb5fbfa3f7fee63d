"""Proves one backup: holds it against one level after the other (TRUST section 3), and gives each as a fact.

    stored bytes --> intact --> decoded: readable --> a scratch database: restored --> equal --> healthy

The files are opened once: what was hashed is what is decoded and restored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from core.backup_levels import Level
from core.clock import monotonic
from core.errors import AppError, BackupDamaged, BackupError, NotFound, ToolFailed
from core.failpoints import failpoint
from core.progress import Operation
from core.text import plural
from database.adapters.backup import BackupAdapter, Source
from database.manifest import FactKind, Manifest, differences
from database.scratch import Assertion, find_untrue, place_in_words, scratch_place

_NOTED = 50  # differences that the log names


@dataclass(frozen=True)
class Proof:
    """A backup held against one level: whether it passed, how long that took, what was observed."""

    level: Level
    is_met: bool
    seconds: float
    details: str


@dataclass(frozen=True)
class Case:
    """What is to be proven. `open_source` hashes every stored byte, `size` of them, and gives the backup to
    read from; `offline` reads it where no server answers, `connect` gives who may restore it; `assertions`
    have to be true of the restored copy."""

    size: int
    open_source: Callable[[], AbstractContextManager[Source]]
    offline: BackupAdapter
    connect: Callable[[], BackupAdapter]
    assertions: tuple[Assertion, ...] = ()


Keep = Callable[[Proof], None]


def prove(op: Operation, case: Case, level: Level, keep: Keep) -> None:
    """Hold the backup against every level from intact to `level`, and give each fact to `keep` as it is
    found, a failure too. Raises BackupDamaged for what is not what was stored, BackupLocked, BackupError for
    a copy that is not equal or not healthy, BackupIncompatible, ToolError, ServerError, OperationCancelled.
    Nothing is left of the scratch database."""
    if not level.reaches(Level.INTACT):
        return
    with ExitStack() as stack:
        source = _open(op, case, stack, keep)
        if level.reaches(Level.READABLE):
            _decode(op, case, source, keep)
        if level.reaches(Level.RESTORED):
            _restore(op, case, source, level, keep)


def _open(op: Operation, case: Case, stack: ExitStack, keep: Keep) -> Source:
    op.phase("Read again", case.size, "byte")
    with _held_against(Level.INTACT, keep, BackupDamaged) as say:
        try:
            source = stack.enter_context(case.open_source())
        except NotFound as error:
            raise BackupDamaged(error.message) from error
        say("Read again from storage, hash matches")
    failpoint("verify.intact")
    return source


def _decode(op: Operation, case: Case, source: Source, keep: Keep) -> None:
    op.phase("Decode", unit="byte")
    with _held_against(Level.READABLE, keep, BackupDamaged) as say:
        say(f"Decoded whole: {case.offline.check_readable(op, source)}")
    failpoint("verify.readable")


def _restore(op: Operation, case: Case, source: Source, level: Level, keep: Keep) -> None:
    adapter, manifest = case.connect(), source.manifest
    with scratch_place(op, adapter, source) as place:
        op.phase("Restore into a scratch database", manifest.data_size if manifest else None, "byte")
        with _held_against(Level.RESTORED, keep, BackupDamaged, ToolFailed) as say:
            adapter.load(op, source, place)
            say(f"Into {place_in_words(adapter)}, 0 errors")
        failpoint("verify.restored")
        asked = _askable(op, case, source) if level.reaches(Level.HEALTHY) else ()
        untrue = tuple(find_untrue(op, adapter, place, asked))
        if level.reaches(Level.EQUAL):
            for sentence in adapter.hand_over(op, place, manifest):
                op.note(sentence)
            with _held_against(Level.EQUAL, keep, BackupError) as say:
                say(_compare(op, adapter, place.name, manifest))
            failpoint("verify.equal")
        if level.reaches(Level.HEALTHY):
            with _held_against(Level.HEALTHY, keep, BackupError) as say:
                say(_look_into(op, adapter, place.name, len(asked), untrue))


def _compare(op: Operation, adapter: BackupAdapter, name: str, manifest: Manifest | None) -> str:
    if manifest is None:
        raise BackupError("It has no manifest to be compared with.")
    op.phase("Compare with the manifest", len(manifest.inventory.tables), "table")
    found = adapter.inventory(op, name, contents=bool(manifest.inventory.hash))
    said = differences(manifest.inventory, found)
    for sentence in said[:_NOTED]:
        op.note(sentence)
    if said:
        more = f" {plural(len(said) - 1, 'more difference')}." if len(said) > 1 else ""
        inexact = "" if manifest.is_exact else " Its rows were counted while others might write."
        raise BackupError(f"The restored copy is not equal: {said[0]}{more}{inexact}")
    if not manifest.inventory.hash:
        raise BackupError(
            f"{_equal_in_words(manifest)}, by counts alone: nothing was hashed that shows them to be equal."
        )
    return _equal_in_words(manifest)


def _equal_in_words(manifest: Manifest) -> str:
    inventory = manifest.inventory
    counted = f"{plural(len(inventory.tables), 'table')}, {plural(inventory.rows, 'row')}"
    contents = " with their contents" if inventory.hash else ""
    besides = [
        words
        for kind, words in ((FactKind.SEQUENCE, "sequences"), (FactKind.GRANT, "grants"))
        if inventory.of(kind)
    ]
    return f"{counted}{contents}{''.join(f', {one}' for one in besides)} as in the manifest"


def _askable(op: Operation, case: Case, source: Source) -> tuple[Assertion, ...]:
    """The assertions, where the copy is trusted: what a stranger's views and functions do, they would do in
    the name of whoever asks (TRUST D5)."""
    if case.assertions and not source.is_trusted:
        op.note("The assertions are not asked of what was made elsewhere.")
        return ()
    return case.assertions


def _look_into(op: Operation, adapter: BackupAdapter, name: str, asked: int, untrue: tuple[str, ...]) -> str:
    op.phase("Look into it")
    faults = (*adapter.health_faults(op, name), *untrue)
    for fault in faults[:_NOTED]:
        op.note(fault)
    if faults:
        more = f" {plural(len(faults) - 1, 'more fault')}." if len(faults) > 1 else ""
        raise BackupError(f"The restored copy is not healthy: {faults[0]}{more}")
    asserted = f", {plural(asked, 'assertion')} true" if asked else ""
    return f"Pages, indexes and constraints checked{asserted}"


@contextmanager
def _held_against(level: Level, keep: Keep, *failures: type[AppError]) -> Iterator[Callable[[str], None]]:
    """The block says what it observed; one of `failures` is kept as a failure and raised on, whatever else
    is raised says nothing of the backup."""
    began = monotonic()
    said: list[str] = []
    try:
        yield said.append
    except failures as error:
        keep(Proof(level, False, monotonic() - began, error.message))
        raise
    keep(Proof(level, True, monotonic() - began, ". ".join(said)))
