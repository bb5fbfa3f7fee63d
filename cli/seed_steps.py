"""The steps of `manage_db.py seed`, in their order: look, confirm, reset, clean, add, show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.console import confirm_destruction, say
from cli.seed_text import (
    show_plan,
    show_removable,
    show_removal,
    show_run,
    show_runs,
    show_statistics,
    show_tables,
)
from cli.seed_wanted import Wanted, check_count, refuse_with_database
from core.text import plural
from features.seed_plans import ALL, check_wishes, wishes_of
from features.seed_removal import clean_seeded, in_one_line, plan_removal, undo_run
from features.seed_runs import list_runs, read_run_of
from features.seed_statistics import estimate, find_faults, read_statistics
from features.seeding import ADD, CLEAN_FIRST, UPSERT, plan_seed, resume_seed, seed

if TYPE_CHECKING:
    from cli.runtime import Invocation


def carry_out(invocation: Invocation, wanted: Wanted) -> None:
    """Do what was typed."""
    if wanted.database and wanted.stats_only:
        show_runs(list_runs(wanted.database), {})
        return
    name = invocation.settings.database.name
    if not wanted.stats_only:
        _change(invocation, wanted, name)
    if wanted.stats or wanted.stats_only:
        show_statistics(read_statistics(name), find_faults())


def _change(invocation: Invocation, wanted: Wanted, name: str) -> None:
    if wanted.database:
        _fill_tables(invocation, wanted)
        return
    wishes = _wishes(invocation, wanted)
    if wanted.dry_run:
        _foretell(invocation, wanted, name, wishes)
        return
    if wanted.undo:
        read_run_of(name, wanted.undo)  # before anything is recorded
    _confirm(invocation, wanted, name, wishes)
    if wanted.undo:
        show_removal(invocation.run(undo_run, name, wanted.undo))
        return
    if wanted.resume:
        show_run(invocation.run(resume_seed, name))
        return
    if wanted.resets:
        _reset(invocation)
    if wanted.cleans and not wanted.adds:
        show_removal(invocation.run(clean_seeded, name, list(wishes)))
    if wanted.adds:
        actor, mode = invocation.actor.name, _mode(wanted)
        show_run(invocation.run(seed, name, wishes, made_by=actor, mode=mode, number=wanted.number))


def _foretell(invocation: Invocation, wanted: Wanted, name: str, wishes: dict[str, int]) -> None:
    """What would go, and what would come."""
    if wanted.resets:
        from cli.losses import with_tables_and_rows

        say(f"{with_tables_and_rows(invocation.settings.migration_database)} would be made anew.")
    elif wanted.cleans:
        show_removable(plan_removal(name, wishes))
    if not wanted.adds:
        say("Nothing was written.")
        return
    plan = plan_seed(name, wishes, mode=_mode(wanted), number=wanted.number)
    show_plan(plan, estimate(plan, read_statistics(name)))


def _fill_tables(invocation: Invocation, wanted: Wanted) -> None:
    """The tables of a registered database; its own environment may want its name."""
    from features.databases import read_database
    from features.seed_table_removal import undo_tables
    from features.seed_tables import plan_tables, seed_tables

    refuse_with_database(wanted)
    known = read_database(wanted.database).fields
    count = wanted.count or invocation.settings.default_seed_count
    tables = [name for name in wanted.tables.split(",") if name]
    if wanted.dry_run:
        show_tables(plan_tables(known.name, tables, count, wanted.number))
        return
    what, guarded = f"Seeding {known.name}", known.environment == "production"
    name, typed = known.name, wanted.confirm_name
    confirm_destruction(
        invocation.settings, name, what=what, confirmed=True, confirm_name=typed, guarded=guarded
    )
    if wanted.undo:
        for table, rows in invocation.run(undo_tables, known.name, wanted.undo):
            say(f"{plural(rows, 'row')} of {table} removed.")
        return
    check_count(wanted, {"tables": count}, invocation.settings.max_seed_count)
    actor = invocation.actor.name
    show_run(invocation.run(seed_tables, known.name, tables, count, made_by=actor, number=wanted.number))


def _wishes(invocation: Invocation, wanted: Wanted) -> dict[str, int]:
    count = wanted.count or invocation.settings.default_seed_count
    wishes = wishes_of(wanted.type or ALL, count)
    check_wishes(wishes, wanted.number or 0)
    if wanted.adds:
        check_count(wanted, wishes, invocation.settings.max_seed_count)
    return wishes


def _mode(wanted: Wanted) -> str:
    if wanted.upsert:
        return UPSERT
    return CLEAN_FIRST if wanted.cleans else ADD


def _confirm(invocation: Invocation, wanted: Wanted, name: str, wishes: dict[str, int]) -> None:
    """A clean and a reset are asked about; in production everything wants the database's name."""
    if wanted.resets:
        from cli.losses import with_tables_and_rows

        what = f"Resetting {with_tables_and_rows(invocation.settings.migration_database)}"
        confirmed, flag = wanted.reset_force, "--reset-force"
    elif wanted.cleans:
        going = in_one_line(plan_removal(name, wishes)) or "no row"
        what = f"Removing the seeded {wanted.type or ALL} of {name} ({going})"
        confirmed, flag = wanted.clean_force, "--clean-force"
    else:
        what, confirmed, flag = f"Seeding {name}", True, "--force"
    confirm_destruction(
        invocation.settings, name, what=what, confirmed=confirmed, confirm_name=wanted.confirm_name, flag=flag
    )


def _reset(invocation: Invocation) -> None:
    from cli.setup import show_first_admin_link
    from features.setup import reset_schema

    database = invocation.settings.migration_database
    report = invocation.run(reset_schema, database, applied_by=invocation.actor.name)
    for line in report.lines():
        say(line)
    show_first_admin_link(invocation)
