"""`manage_db.py backups`: those that are kept, one of them with all that was seen of it, and which stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.foreign_backups import adopt, list_foreign
from cli.options import Whole, common_options, examples
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from features.backup_list import BackupPage

_PROOFS = ("all", "verified", "not-verified", "damaged")
_PAGE = 200  # what is read at once


@click.command(
    epilog=examples(
        "python manage_db.py backups",
        "python manage_db.py backups shop --proof not-verified",
        "python manage_db.py backups --show shop-20261119-020000",
        "python manage_db.py backups --pin shop-20261119-020000",
        "python manage_db.py backups shop --adopt /media/old/shop.dump",
        "python manage_db.py backups shop --json",
    )
)
@click.argument("database", default="")
@click.option("--proof", type=click.Choice(_PROOFS), default="all", help="Only those of this proof.")
@click.option("--limit", type=Whole(1, 100_000), default=50, metavar="N", help="At most N; 50.")
@click.option("--show", metavar="BACKUP", help="Show one with all that was seen of it.")
@click.option("--pin", metavar="BACKUP", help="Keep this one whatever its age.")
@click.option("--unpin", metavar="BACKUP", help="Let retention have this one again.")
@click.option("--foreign", is_flag=True, help="List the files in the folder that are no known backup.")
@click.option("--adopt", metavar="FILE", help="Take FILE in as a backup of DATABASE.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@common_options
@pass_invocation
def backups(
    invocation: Invocation, /, database: str, proof: str, limit: int, as_json: bool, **ways: Any
) -> None:
    """List the backups of DATABASE, or all, newest first.

    A BACKUP is named by its name or its id. Proof says how far it was proven: stored, intact, readable,
    restored, equal, healthy; verified is equal or healthy. Damaged: what is stored is not what was stored.

    FILE is a PostgreSQL archive, a dump of MySQL or MariaDB, an SQLite file, or a backup made elsewhere by
    Basekeeper with its manifest beside it. It is copied into BACKUP_DIR unless it lies there.
    """
    chosen = [way for way, given in ways.items() if given]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(f'--{way}' for way in chosen)}: one at a time.")
    match chosen:
        case ["show"]:
            _show(invocation, ways["show"], as_json=as_json)
        case ["pin" | "unpin" as way]:
            _pin(invocation, ways[way], pinned=way == "pin")
        case ["foreign"]:
            list_foreign(invocation)
        case ["adopt"]:
            adopt(invocation, ways["adopt"], database)
        case _:
            _list(invocation, database, proof.replace("-", "_"), limit, as_json=as_json)


def _list(invocation: Invocation, database: str, proof: str, limit: int, *, as_json: bool) -> None:
    from cli.backup_text import show_backups
    from cli.console import say, say_json
    from features.databases import find_database

    with invocation.context():
        page = _read(database, proof, limit)
        if database and not page.counts.all:
            find_database(database)  # a name nobody knows is worth saying
    if as_json:
        say_json(page)
        return
    if page.backups:
        show_backups(page.backups, invocation.settings.backup_retention_days)
    else:
        say("There are no backups." if proof == "all" else f"No backup is {proof.replace('_', ' ')}.")
    if page.next_cursor:
        say(f"{len(page.backups):,} shown, more follow: --limit {limit * 2}")


def _read(database: str, proof: str, limit: int) -> BackupPage:
    """The newest `limit` of them, however many pages that takes."""
    from dataclasses import replace

    from features.backup_list import list_backups

    page = list_backups(database, proof, limit=min(limit, _PAGE))
    while page.next_cursor and len(page.backups) < limit:
        wanted = min(limit - len(page.backups), _PAGE)
        more = list_backups(database, proof, cursor=page.next_cursor, limit=wanted)
        page = replace(more, backups=page.backups + more.backups)
    return page


def _show(invocation: Invocation, name: str, *, as_json: bool) -> None:
    from cli.backup_text import show_details
    from cli.console import say_json
    from features.backup_details import read_backup

    details = invocation.in_context(read_backup, name)
    if as_json:
        say_json(details)
    else:
        show_details(details, invocation.settings.backup_retention_days)


def _pin(invocation: Invocation, name: str, *, pinned: bool) -> None:
    from cli.console import say
    from features.backup_details import read_backup
    from features.backups import pin_backup

    known = invocation.in_context(read_backup, name).backup.name  # before anything is recorded
    kept = invocation.run(pin_backup, known, pinned)
    say(f"{kept.name} stays whatever its age." if pinned else f"Retention may have {kept.name} again.")


commands = (backups,)
