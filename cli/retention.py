"""`manage_db.py prune`: old backups let go, after a look at which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import Whole, common_options, confirm_name_option, examples
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from features.retention import PrunePlan


@click.command(
    epilog=examples(
        "python manage_db.py prune --dry-run",
        "python manage_db.py prune --days 90",
        "python manage_db.py prune --confirm",
    )
)
@click.option("--days", type=Whole(1, 36_500), metavar="N", help="Older than N; BACKUP_RETENTION_DAYS.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@confirm_name_option
@common_options
@pass_invocation
def prune(
    invocation: Invocation,
    /,
    days: int | None,
    dry_run: bool,
    confirm: bool,
    confirm_name: str | None,
) -> None:
    """Remove the backups that retention lets go.

    Those older than BACKUP_RETENTION_DAYS. Pinned ones stay, and so do the last two verified ones of each
    database. What goes is shown first.
    """
    from cli.console import confirm_destruction, say
    from core.text import plural, size
    from features.retention import plan_prune, prune_backups

    with invocation.context():
        plan = plan_prune(days)
        _show(plan)
        if dry_run or not plan.doomed:
            return
        what = f"Removing {plural(len(plan.doomed), 'backup')} of {size(plan.freed_bytes)}"
        name = invocation.settings.database.name
        confirm_destruction(
            invocation.settings, name, what=what, confirmed=confirm, confirm_name=confirm_name
        )
        done = invocation.run(prune_backups, days)
    say(f"{plural(len(done.doomed), 'backup')} removed, {size(done.freed_bytes)}.")


def _show(plan: PrunePlan) -> None:
    from cli.backup_text import show_verdicts
    from cli.console import say
    from core.errors import Conflict
    from core.text import plural, size

    if plan.halted:
        raise Conflict(plan.halted, hint="Nothing was removed.")
    if plan.doomed:
        say(f"These would go, {plural(len(plan.doomed), 'backup')}, {size(plan.freed_bytes)}:")
        show_verdicts(plan.doomed)
    else:
        say(f"No backup goes: none is older than {plural(plan.days, 'day')} and free to go.")
    if plan.kept:
        say("These are past their age and stay:")
        show_verdicts(plan.kept)


commands = (prune,)
