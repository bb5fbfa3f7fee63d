"""What restores put aside: listed, swapped back, dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.runtime import Invocation

if TYPE_CHECKING:
    from features.replacements import ReplacementFacts


def list_kept(invocation: Invocation, which: str) -> None:
    """Write a table of what is kept, of the database `which` alone, or of all."""
    from cli.backup_text import time_of
    from cli.console import say, show_table
    from features.replacements import list_replacements

    found = invocation.in_context(list_replacements, which, kept_only=True)
    if not found:
        say("No restore put anything aside that is still there.")
        return
    headers = ("Database", "Kept as", "Since", "Until", "Restored from", "Id")
    rows = [
        (
            one.database,
            one.kept_name,
            time_of(one.swapped_at) if one.swapped_at else "",
            f"{one.kept_until:%Y-%m-%d}" if one.kept_until else "",
            one.backup_name,
            one.id,
        )
        for one in found
    ]
    show_table(headers, rows)


def undo(invocation: Invocation, which: str, confirmed: bool, confirm_name: str | None) -> None:
    """Swap back what the newest restore of `which` put aside. Raises NotFound, NotConfirmed, and what
    `undo_restore` raises."""
    from cli.console import say
    from features.replacements import undo_restore

    with invocation.context():
        one = _find(which)
        what = f"Putting back what {one.database} was before the restore of {_when(one)}"
        _confirm(invocation, one, what, confirmed, confirm_name)
        invocation.run(undo_restore, one.id, one.database, made_by=invocation.actor.name)
    say(f"{one.database} is what it was before. What it was until now is kept: restore --list-kept")


def drop_kept(invocation: Invocation, which: str, confirmed: bool, confirm_name: str | None) -> None:
    """Drop what the newest restore of `which` put aside. Raises NotFound, NotConfirmed, and what `drop_kept`
    raises."""
    from cli.console import say
    from features.replacements import drop_kept

    with invocation.context():
        one = _find(which)
        what = f"Dropping {one.kept_name}, what {one.database} was before the restore of {_when(one)}"
        _confirm(invocation, one, what, confirmed, confirm_name)
        invocation.run(drop_kept, one.id, one.database)
    say(f"{one.kept_name} is dropped. That restore of {one.database} cannot be undone any more.")


def _find(which: str) -> ReplacementFacts:
    """The one of that id, or the newest that is kept of that database; the only one there is for "". Raises
    NotFound, InvalidInput when that leaves more than one."""
    from core.errors import InvalidInput, NotFound
    from core.naming import is_id
    from features.replacements import list_replacements, read_replacement

    if is_id(which):
        return read_replacement(which)
    found = list_replacements(which, kept_only=True)
    newest = {one.database: one for one in reversed(found)}
    if not newest:
        of_it = f" of {which}" if which else ""
        raise NotFound(
            f"No restore{of_it} put anything aside that is still there.",
            hint="List what is kept: python manage_db.py restore --list-kept",
        )
    if len(newest) > 1:
        raise InvalidInput(
            f"Restores of {len(newest)} databases can be meant.", hint=f"Name one: {', '.join(newest)}"
        )
    (one,) = newest.values()
    return one


def _confirm(
    invocation: Invocation, one: ReplacementFacts, what: str, confirmed: bool, confirm_name: str | None
) -> None:
    from cli.console import confirm_destruction
    from features.databases import read_database

    environment = None if one.is_own else read_database(one.database).fields.environment
    confirm_destruction(
        invocation.settings,
        one.database,
        what=what,
        confirmed=confirmed,
        confirm_name=confirm_name,
        guarded=environment == "production",
    )


def _when(one: ReplacementFacts) -> str:
    return f"{one.swapped_at or one.created_at:%Y-%m-%d %H:%M} UTC"
