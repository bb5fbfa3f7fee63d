"""The commands of `manage_db.py` that make, check and tear down the schema."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from cli.options import common_options, confirm_name_option, examples
from cli.runtime import Invocation, pass_invocation
from cli.sample_data import confirm_sample_data, show_sample_data

if TYPE_CHECKING:
    from core.progress import Feature
    from features.setup import SetupReport


@click.command(
    epilog=examples(
        "python manage_db.py init",
        "python manage_db.py init --sample-data",
        "python manage_db.py init --env-file .env.staging",
    )
)
@click.option("--force", is_flag=True, help="Destroy what is there and create it anew.")
@click.option("--sample-data", is_flag=True, help="Add 12 sample users and their records.")
@confirm_name_option
@common_options
@pass_invocation
def init(invocation: Invocation, force: bool, sample_data: bool, confirm_name: str | None) -> None:
    """Create the schema with its indexes and constraints.

    What is there already is kept and checked, so it may be repeated.
    """
    from core.errors import DatabaseMissing
    from features.setup import initialize

    if force:
        with suppress(DatabaseMissing):  # then there is nothing to lose
            _confirm(invocation, "Destroying", confirmed=True, confirm_name=confirm_name)
    elif sample_data:
        confirm_sample_data(invocation, confirm_name)
    database, actor = invocation.settings.migration_database, invocation.actor
    with invocation.context():
        _show_report(
            invocation.run(initialize, database, applied_by=actor.name, force=force, sample_data=sample_data)
        )
        show_first_admin_link(invocation)


@click.command("create-tables")
@common_options
@pass_invocation
def create_tables(invocation: Invocation) -> None:
    """Create the tables that are missing."""
    from features.setup import create_tables

    _show_made(_run_on_schema(invocation, create_tables), "table")


@click.command("create-indexes")
@common_options
@pass_invocation
def create_indexes(invocation: Invocation) -> None:
    """Create the indexes that are missing."""
    from features.setup import create_indexes

    _show_made(_run_on_schema(invocation, create_indexes), "index")


@click.command("create-constraints")
@common_options
@pass_invocation
def create_constraints(invocation: Invocation) -> None:
    """Create the constraints that are missing."""
    from features.setup import create_constraints

    made = _run_on_schema(invocation, create_constraints)
    _show_made(made, "constraint")


@click.command()
@common_options
@pass_invocation
def verify(invocation: Invocation) -> None:
    """Hold the schema and its rows against the models.

    Every table, column, index, constraint and reference is looked at. Exit code 1 on a fault.
    """
    from cli.console import say
    from core.text import plural
    from features.verification import find_faults

    faults = find_faults(invocation.settings.migration_database)
    for fault in faults:
        say(fault)
    say(f"{plural(len(faults), 'fault')} found." if faults else "Everything is as the models say.")
    if faults:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@confirm_name_option
@common_options
@pass_invocation
def drop(invocation: Invocation, confirm: bool, confirm_name: str | None) -> None:
    """Drop the application's tables and all their rows. Other tables stay."""
    from features.setup import drop_schema

    _confirm(invocation, "Dropping", confirmed=confirm, confirm_name=confirm_name)
    dropped = invocation.run(drop_schema, invocation.settings.migration_database)
    _show_made(dropped, "table", verb="dropped")


@click.command()
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@click.option("--sample-data", is_flag=True, help="Add 12 sample users and their records.")
@confirm_name_option
@common_options
@pass_invocation
def reset(invocation: Invocation, confirm: bool, sample_data: bool, confirm_name: str | None) -> None:
    """Drop the application's tables and create them anew."""
    from features.setup import reset_schema

    _confirm(invocation, "Resetting", confirmed=confirm, confirm_name=confirm_name)
    database, actor = invocation.settings.migration_database, invocation.actor
    _show_report(invocation.run(reset_schema, database, applied_by=actor.name, sample_data=sample_data))
    show_first_admin_link(invocation)


def show_first_admin_link(invocation: Invocation) -> None:
    """Say where the first admin is made, while there is none."""
    from cli.console import say
    from features.users import issue_first_admin_link

    token = invocation.in_context(issue_first_admin_link, "manage_db.py")
    if token:
        say("There is no admin yet. Start the console, then create one here, once, within 30 minutes:")
        say(f"{invocation.settings.console_address}/first-admin/{token}")


def _confirm(invocation: Invocation, verb: str, *, confirmed: bool, confirm_name: str | None) -> None:
    """Say what would be lost, counted now, before anyone agrees to it."""
    from cli.console import confirm_destruction
    from cli.losses import with_tables_and_rows

    database = invocation.settings.migration_database
    what = f"{verb} {with_tables_and_rows(database)}"
    confirm_destruction(
        invocation.settings, database.name, what=what, confirmed=confirmed, confirm_name=confirm_name
    )


def _run_on_schema(invocation: Invocation, feature: Feature[..., tuple[str, ...]]) -> tuple[str, ...]:
    return invocation.run(feature, invocation.settings.migration_database, applied_by=invocation.actor.name)


def _show_report(report: SetupReport) -> None:
    from cli.console import say

    for line in report.lines():
        say(line)
    if report.sample:
        show_sample_data(report.sample)


def _show_made(names: tuple[str, ...], one: str, verb: str = "created") -> None:
    from cli.console import say
    from core.text import plural

    for name in names:
        say(name)
    nothing = f"No {one} was missing." if verb == "created" else f"There was no {one} to drop."
    say(f"{plural(len(names), one)} {verb}." if names else nothing)


commands = (
    init,
    create_tables,
    create_indexes,
    create_constraints,
    verify,
    drop,
    reset,
)
