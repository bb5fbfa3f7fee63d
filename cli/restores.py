"""`manage_db.py restore`: a backup put back, after a look at what that means, and how to go back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.kept import drop_kept, list_kept, undo
from cli.options import common_options, confirm_name_option, examples, identity_option
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from features.restore_plans import RestorePlan


@click.command(
    epilog=examples(
        "python manage_db.py restore shop-20261119-020000 --dry-run",
        "python manage_db.py restore shop-20261119-020000 --into shop_copy",
        "python manage_db.py restore shop-20261119-020000",
        "python manage_db.py restore --list-kept",
        "python manage_db.py restore --undo shop",
    )
)
@click.argument("backup", default="")
@click.option("--into", "new_name", default="", metavar="NEW_NAME", help="Into a new database beside it.")
@click.option("--database", default="", metavar="NAME", help="Which to replace; the one it was taken of.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@click.option("--skip-backup", is_flag=True, help="Do not back up what is there now before.")
@click.option("--stop-writes", is_flag=True, help="Let whoever writes wait until the swap (PostgreSQL).")
@click.option("--undo", "way", flag_value="--undo", help="Swap back what the last restore put aside.")
@click.option("--list-kept", "way", flag_value="--list-kept", help="List what restores put aside.")
@click.option("--drop-kept", "way", flag_value="--drop-kept", help="Drop what the last restore put aside.")
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@confirm_name_option
@identity_option
@common_options
@pass_invocation
def restore(
    invocation: Invocation,
    /,
    backup: str,
    way: str | None,
    confirm: bool,
    confirm_name: str | None,
    **wanted: Any,
) -> None:
    """Put BACKUP in the place of its database, or beside it.

    It is loaded beside the live database, held against its manifest, and only then swapped with it. What was
    there is backed up before, and kept for RESTORE_GRACE_DAYS: --undo swaps it back. With --undo, --list-kept
    and --drop-kept name a DATABASE, or the id of one that is kept.
    """
    if way and any(wanted.values()):
        raise click.UsageError(f"{way} goes alone, with --confirm and --confirm-name.")
    if way == "--list-kept":
        list_kept(invocation, backup)
    elif way == "--undo":
        undo(invocation, backup, confirm, confirm_name)
    elif way == "--drop-kept":
        drop_kept(invocation, backup, confirm, confirm_name)
    elif not backup:
        raise click.UsageError("Name a BACKUP: python manage_db.py backups lists them.")
    else:
        with invocation.context():
            _restore(invocation, backup, confirm, confirm_name, **wanted)


def _restore(
    invocation: Invocation,
    backup: str,
    confirm: bool,
    confirm_name: str | None,
    *,
    new_name: str,
    database: str,
    dry_run: bool,
    skip_backup: bool,
    stop_writes: bool,
) -> None:
    from cli.console import say
    from features.restores import plan_restore, restore_backup

    plan = plan_restore(backup, database, new_name)
    _show_possible(plan)
    plan.check_writes(stop_writes)
    if dry_run:
        return
    if not plan.is_beside:
        _confirm(invocation, plan, confirm, confirm_name)
    made = invocation.run(
        restore_backup,
        plan.backup.name,
        plan.database,
        made_by=invocation.actor.name,
        new_name=new_name,
        skip_backup=skip_backup,
        stop_writes=stop_writes,
    )
    is_equal = plan.backup.is_trusted and plan.backup.has_contents
    equal = ", and is equal to its manifest" if is_equal else ""
    say(f"{made} is restored from {plan.backup.name}{equal}.")
    if plan.undo_until and not plan.damage:
        say(f"Undo until {plan.undo_until:%Y-%m-%d}: python manage_db.py restore --undo {plan.database}")


def _show_possible(plan: RestorePlan) -> None:
    """Write the plan, then what stands in its way; that alone where nothing would be lost. Raises as
    `_refuse_impossible`."""
    from cli.restore_text import show_plan

    if plan.is_beside:
        _refuse_impossible(plan)
    show_plan(plan)
    _refuse_impossible(plan)


def _refuse_impossible(plan: RestorePlan) -> None:
    """Raises BackupIncompatible that names what stands in the way; nothing is recorded then."""
    from core.errors import BackupIncompatible

    if plan.faults:
        first = plan.faults[0]
        raise BackupIncompatible(first.message, hint=first.hint)


def _confirm(invocation: Invocation, plan: RestorePlan, confirm: bool, confirm_name: str | None) -> None:
    from cli.console import confirm_destruction
    from cli.restore_text import losses

    confirm_destruction(
        invocation.settings,
        plan.database,
        what=f"Replacing {plan.database} with {plan.backup.name}, losing {losses(plan)}",
        confirmed=confirm,
        confirm_name=confirm_name,
        guarded=plan.environment == "production",
    )


commands = (restore,)
