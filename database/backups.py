"""Takes one backup: dump, inventory and definitions out of one snapshot, into files that get their names when
all of it is on the disk, and not before (TRUST B3, B5).

    snapshot --> dump in a thread --> archive: data.part          manifest.part --> manifest
            `--> inventory in a thread                            schema.part   --> schema
                                                                  data.part     --> data: now it is a backup

The manifest gets its name first, for it says what belongs together: by it what a crash left is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from core.clock import monotonic
from core.errors import BackupError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import size as in_words
from database.adapters.backup import BackupAdapter, Selection, Snapshot
from database.archive import write_archive, write_manifest
from database.backup_folder import BackupFolder, part_name
from database.backup_names import data_name, manifest_name, new_stem, schema_name
from database.counting import Count, counting
from database.manifest import Inventory, Manifest, StoredFile
from database.pipes import written_by

_ROOM = 1.2  # times what the last one took


@dataclass(frozen=True)
class Order:
    """What to back up: the `database` as people call it, in whose name, which of it, with hashed `contents`
    or with counts alone, encrypted to which age key. `expected` is how many bytes the last one took, 0 for
    none."""

    id: str
    database: str
    made_by: str
    selection: Selection = Selection()
    contents: bool = True
    recipient: str = ""
    expected: int = 0


@dataclass(frozen=True)
class Taken:
    """A backup that lies in the folder: its manifest, and the hash of the manifest's file."""

    manifest: Manifest
    manifest_sha256: str


def take_backup(op: Operation, adapter: BackupAdapter, folder: BackupFolder, order: Order) -> Taken:
    """Back up what `order` says. Phases: Dump (bytes), Count rows (tables), Store (bytes). Raises BackupError
    for a folder without room or that may not be written, ToolMissing, BackupIncompatible, NotFound for a
    table that is not there, ServerError, ToolError, OperationCancelled: then nothing is left."""
    check_room(folder, order.expected)
    folder.clear_parts(lambda operation: operation != op.id)  # of an attempt that was cut off
    began = monotonic()
    op.phase("Hold the database still")
    with adapter.snapshot(op, order.selection) as snapshot:
        _say(op, snapshot)
        stem = new_stem(order.database, snapshot.taken_at, folder.is_taken)
        run = _Run(op, adapter, folder, order, snapshot, stem)
        with run.cleared():
            with counting(op, snapshot, contents=order.contents) as count:
                data = run.dump(count)
                inventory = count.result()
            op.phase("Store", unit="byte")
            files = tuple(filter(None, (run.dump_schema(), data)))
            return run.publish(run.manifest(files, inventory, monotonic() - began))


def check_room(folder: BackupFolder, expected: int) -> None:
    """Raises BackupError unless the folder may be written and has room for so many bytes and some more."""
    folder.check_writable()
    free, needed = folder.free_space(), int(expected * _ROOM)
    if free < needed:
        raise BackupError(
            f"The disk with the backups is too full: {in_words(free)} free, {in_words(needed)} needed. "
            "Nothing was kept.",
            hint="Prune old backups, or set BACKUP_DIR to a folder on another disk.",
        )


class _Run:
    """One backup under way."""

    def __init__(
        self,
        op: Operation,
        adapter: BackupAdapter,
        folder: BackupFolder,
        order: Order,
        snapshot: Snapshot,
        stem: str,
    ) -> None:
        self._op = op
        self._adapter = adapter
        self._folder = folder
        self._order = order
        self._snapshot = snapshot
        encrypted = bool(order.recipient)
        self._data_name = data_name(stem, adapter.suffix, encrypted=encrypted)
        self._schema_name = schema_name(stem, encrypted=encrypted)
        self._manifest_name = manifest_name(stem)

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """Remove what has no name of its own when the block ends; of this attempt alone, for another may
        have taken the operation over."""
        try:
            yield
        finally:
            names = (self._data_name, self._schema_name, self._manifest_name)
            with suppress(BackupError):  # then it is a chore's, and what went wrong before is said
                self._folder.discard(*(part_name(name, self._op.id) for name in names))

    def dump(self, count: Count) -> StoredFile:
        """Write the dump; given up as soon as the count beside it fails."""
        watched = Operation(
            self._op.emit, cancelled=lambda: self._op.is_cancelled() or count.has_failed(), id=self._op.id
        )
        with written_by(self._op, self._snapshot.dump) as end:
            watched.phase("Dump", self._snapshot.size, "byte")
            return self._write(watched, self._data_name, end)

    def dump_schema(self) -> StoredFile | None:
        """Write the definitions alone, where a restore has a use for them."""
        made: list[bool] = []

        def dump(op: Operation, out: IO[bytes]) -> None:
            made.append(self._snapshot.dump_schema(op, out))

        try:
            with written_by(self._op, dump) as end:
                return self._write(self._op, self._schema_name, end, part="schema")
        except BackupError:
            if made == [False]:
                return None  # nothing was written, which an archive does not take
            raise

    def manifest(self, files: tuple[StoredFile, ...], inventory: Inventory, seconds: float) -> Manifest:
        """What is known of it now."""
        snapshot = self._snapshot
        return Manifest(
            id=self._order.id,
            database=self._order.database,
            dialect=str(self._adapter.database.dialect),
            server=str(snapshot.server),
            server_numbers=snapshot.server.numbers,
            tool=snapshot.tool,
            taken_at=snapshot.taken_at,
            seconds=seconds,
            revision=snapshot.revision,
            is_exact=snapshot.is_exact,
            inventory=inventory,
            files=files,
            data_size=snapshot.size,
            encrypted_to=self._order.recipient,
            selection=self._order.selection.names,
            roles=snapshot.roles,
            warnings=snapshot.warnings,
            made_by=self._order.made_by,
        )

    def publish(self, manifest: Manifest) -> Taken:
        """Give the files their names, the data last."""
        names = [stored.name for stored in manifest.files]
        try:
            sha256 = write_manifest(self._op, self._folder, self._manifest_name, manifest)
            failpoint("backup.described")
            self._folder.publish(self._op.id, *names)
        except BaseException:
            with suppress(BackupError):
                self._folder.discard(self._manifest_name, *names)
            raise
        failpoint("backup.stored")
        return Taken(manifest, sha256)

    def _write(self, op: Operation, name: str, end: IO[bytes], part: str = "data") -> StoredFile:
        return write_archive(
            op,
            self._folder,
            name,
            end,
            part=part,
            recipient=self._order.recipient,
            silence=self._adapter.means.command_timeout,
        )


def _say(op: Operation, snapshot: Snapshot) -> None:
    for warning in snapshot.warnings:
        op.note(warning)
    if not snapshot.is_exact:
        op.note("Rows are counted while others may write: they are not those of the dump to the last one.")
