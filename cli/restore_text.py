"""What a restore would do, written on a terminal: what is lost, who is hit, the steps, the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.backup_text import NOT_MEASURED, time_of
from cli.console import say, show_table
from core.text import duration, plural, size

if TYPE_CHECKING:
    from features.restore_plans import RestorePlan


def show_plan(plan: RestorePlan) -> None:
    """Write all of it."""
    backup = plan.backup
    proof = f"{backup.level}, taken {backup.taken_at:%Y-%m-%d %H:%M} UTC"
    if plan.is_beside:
        say(f"Restore {backup.name} ({proof}) as {plan.new_name}. {plan.database} stays as it is.")
    else:
        say(f"Restore {plan.database} to {backup.name} ({proof}).")
        say(f"It loses {losses(plan)}.{_revision(plan)}")
        _show_losses(plan)
        _show_connected(plan)
    _show_steps(plan)
    _show_obstacles(plan)


def losses(plan: RestorePlan) -> str:
    """What goes: "14,783 rows in 6 tables and 36 h 58 min of changes"."""
    changes = f"{duration(plan.age)} of changes"
    if not plan.rows_lost:
        return changes
    about = "about " if plan.is_estimate else ""
    rows = f"{about}{plural(plan.rows_lost, 'row')} in {plural(len(plan.tables_lost), 'table')}"
    return f"{rows} and {changes}"


def _revision(plan: RestorePlan) -> str:
    """A sentence on the schema's revision where there is one."""
    return "" if plan.revision == "none" else f" The schema's revision in the backup is {plan.revision}."


def _show_losses(plan: RestorePlan) -> None:
    if not plan.tables_lost:
        return
    say()
    rows = [
        (
            one.name,
            f"{'about ' * one.is_estimate}{one.now or 0:,}",
            f"{one.after or 0:,}",
            f"-{one.lost:,}",
            *((time_of(one.newest) if one.newest else "",) if plan.tells_newest else ()),
        )
        for one in plan.tables_lost
    ]
    newest = ("Newest row",) if plan.tells_newest else ()
    show_table(("Table", "Now", "After", "Lost", *newest), rows, numbers=(1, 2, 3))


def _show_connected(plan: RestorePlan) -> None:
    if not plan.connected:
        return
    say()
    rows = [(one.account, ", ".join(one.addresses), f"{one.sessions:,}") for one in plan.connected]
    show_table(("Account", "From", "Connections"), rows, numbers=(2,))
    say(f"{plural(plan.sessions, 'database connection')} end at the swap and may connect again at once.")


def _show_steps(plan: RestorePlan) -> None:
    say()
    rows = [
        (str(number), step.name, _time(step.seconds), step.details)
        for number, step in enumerate(plan.steps, start=1)
    ]
    show_table(("", "Step", "Takes", ""), rows, numbers=(2,))
    said = "How long all of it takes is not measured."
    if plan.seconds is not None:
        said = f"All of it takes about {duration(plan.seconds)}."
    if not plan.is_beside and plan.away_seconds is not None:
        said += f" {plan.database} is away for about {duration(plan.away_seconds)}."
    say(said)
    if plan.disk_needed is not None:
        free = "" if plan.disk_free is None else f" of {size(plan.disk_free)} that are free"
        say(f"It needs {size(plan.disk_needed)}{free}.")
    if plan.undo_until:
        say(f"What is there now is kept as {plan.kept_name} until {plan.undo_until:%Y-%m-%d}.")


def _show_obstacles(plan: RestorePlan) -> None:
    from core.errors import with_hint

    others = [one for one in plan.obstacles if not one.is_fatal]
    for one in (*plan.faults, *others):
        say(f"{'Stops it' if one.is_fatal else 'Note'}: {with_hint(one.message, one.hint)}")


def _time(seconds: float | None) -> str:
    """How long a step takes; nothing for what is no work."""
    if seconds is None:
        return NOT_MEASURED
    return duration(seconds) if seconds else ""
