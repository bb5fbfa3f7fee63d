"""Backups that this console did not make, or does not know of: listed, and taken in."""

from __future__ import annotations

from pathlib import Path

from cli.runtime import Invocation


def list_foreign(invocation: Invocation) -> None:
    """Write a table of the files in the folder of the backups that no backup is known for."""
    from cli.backup_text import time_of
    from cli.console import say, show_table
    from core.text import size
    from features.foreign_backups import list_foreign_files

    found = invocation.in_context(list_foreign_files)
    if not found:
        say(f"Every file in {invocation.settings.backup_dir} belongs to a backup that is known.")
        return
    headers = ("File", "Kind", "Database", "Size", "Written", "Adopted it is")
    rows = [
        (
            one.name,
            one.kind,
            one.database,
            size(one.size),
            time_of(one.modified_at),
            one.fault or ("trusted" if one.is_trusted else "not trusted"),
        )
        for one in found
    ]
    show_table(headers, rows, numbers=(3,))


def adopt(invocation: Invocation, file: str, database: str) -> None:
    """Make `file`, by its name one in the folder of the backups, or one from anywhere, which is copied there,
    a backup of `database`. Raises NotFound, InvalidInput for what is no archive, BackupDamaged."""
    from cli.console import say
    from features.backup_subjects import find_subject
    from features.foreign_backups import adopt_backup

    with invocation.context():
        if database:
            find_subject(database)  # before anything is copied
        name = _in_folder(invocation, Path(file))
        made = invocation.run(adopt_backup, name, database, made_by=invocation.actor.name)
    trusted = (
        "It is trusted." if made.is_trusted else "It is not trusted: it restores into a new database only."
    )
    say(f"{made.name} is a backup of {made.database}. {trusted}")


def _in_folder(invocation: Invocation, file: Path) -> str:
    """The name of `file` in the folder of the backups, copied there unless it is there already."""
    from core.errors import NotFound
    from core.text import visible
    from features.foreign_backups import keep_upload

    folder = invocation.settings.backup_dir
    if len(file.parts) == 1 and (folder / file).is_file() or file.parent.resolve() == folder.resolve():
        return file.name
    try:
        with file.open("rb") as stream:
            return keep_upload(stream, file.name, file.stat().st_size)
    except OSError as error:
        raise NotFound(
            f"Cannot read {visible(str(file))} ({error.strerror}).",
            hint="List what lies in the folder: python manage_db.py backups --foreign",
        ) from error
