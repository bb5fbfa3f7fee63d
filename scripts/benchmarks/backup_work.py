"""A backup and a restore as the benchmark measures them: each in a process of its own, which writes as JSON
how long it took, without the start of Python, and how much memory it held."""

from __future__ import annotations

import json
import resource
import sys
from time import perf_counter

from core.naming import new_id
from core.progress import Operation
from core.settings import Settings, load_settings
from database.adapters.backup import BackupAdapter
from database.archive_reader import opened_backup, read_stored_manifest
from database.backup_folder import BackupFolder
from database.backups import Order, take_backup
from database.keepers import open_backup_adapter


def main() -> None:
    """`take rows|contents`, or `load MANIFEST NAME`, of the database and the folder of the settings."""
    what, *arguments = sys.argv[1:]
    settings = load_settings()
    adapter = open_backup_adapter(settings.database, settings)
    began = perf_counter()
    done = (_take if what == "take" else _load)(adapter, settings, *arguments)
    seconds = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak": peak, **done}))


def _take(adapter: BackupAdapter, settings: Settings, kind: str) -> dict[str, str | int]:
    order = Order(
        new_id(), "bench", "bench", contents=kind == "contents", recipient=settings.backup_encryption_key
    )
    manifest = take_backup(Operation(), adapter, BackupFolder(settings.backup_dir), order).manifest
    stem = manifest.files[0].name.partition(".")[0]
    return {"backup": stem, "size": sum(one.size for one in manifest.files)}


def _load(adapter: BackupAdapter, settings: Settings, backup: str, name: str) -> dict[str, str | int]:
    """Load alone, which is what pg_restore does; nothing is compared."""
    op, folder = Operation(), BackupFolder(settings.backup_dir)
    manifest = read_stored_manifest(folder, f"{backup}.manifest.json")
    with opened_backup(op, folder, manifest, settings.backup_identity, check=False) as source:
        place = adapter.create_place(op, name)
        adapter.load(op, source, place)
        adapter.hand_over(op, place, manifest)
    return {}


if __name__ == "__main__":
    main()
