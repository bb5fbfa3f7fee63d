"""The commands of `manage_db.py` that make, check, fill and tear down the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.runtime import Invocation, common_options, confirm_name_option, pass_invocation

if TYPE_CHECKING:
    from core.progress import Feature
    from features.seeding import SampleData
    from features.setup import SetupReport


@click.command()
@click.option("--force", is_flag=True, help="Destroy what is there and create it anew.")
@click.option("--sample-data", is_flag=True, help="Add 12 sample users and their records.")
@confirm_name_option
@common_options
@pass_invocation
def init(invocation: Invocation, force: bool, sample_data: bool, confirm_name: str | None) -> None:
    """Create the schema with its indexes and constraints.

    What is there already is kept and checked, so it may be repeated.
    """
    from cli.console import confirm_destruction, say
    from features.setup import initialize

    settings = invocation.settings
    database = settings.migration_database
    if force:
        confirm_destruction(
            settings,
            database.name,
            what=f"Destroying {database.name}",
            confirmed=True,
            confirm_name=confirm_name,
        )
    elif sample_data and settings.flask_env.guarded:
        _confirm_sample_data(invocation, confirm_name)
    report = invocation.run(
        initialize, database, applied_by=invocation.actor.name, force=force, sample_data=sample_data
    )
    _show_report(report)
    link = _first_admin_link(invocation)
    if link:
        say("There is no admin yet. Start the console, then create one here, once, within 30 minutes:")
        say(link)


@click.command("create-tables")
@common_options
@pass_invocation
def create_tables(invocation: Invocation) -> None:
    """Create the tables that are missing."""
    from features.setup import create_tables

    _show_made(_run_on_schema(invocation, create_tables), "table", "tables")


@click.command("create-indexes")
@common_options
@pass_invocation
def create_indexes(invocation: Invocation) -> None:
    """Create the indexes that are missing."""
    from features.setup import create_indexes

    _show_made(_run_on_schema(invocation, create_indexes), "index", "indexes")


@click.command("create-constraints")
@common_options
@pass_invocation
def create_constraints(invocation: Invocation) -> None:
    """Create the constraints that are missing."""
    from features.setup import create_constraints

    made = _run_on_schema(invocation, create_constraints)
    _show_made(made, "constraint", "constraints")


@click.command()
@common_options
@pass_invocation
def verify(invocation: Invocation) -> None:
    """Hold the schema and its rows against the models.

    Every table, column, index, constraint and reference is looked at. Exit code 1 on a fault.
    """
    from cli.console import say
    from core.text import plural
    from features.setup import verify_schema

    faults = verify_schema(invocation.settings.migration_database)
    for fault in faults:
        say(fault)
    say(f"{plural(len(faults), 'fault')} found." if faults else "Everything is as the models say.")
    if faults:
        raise click.exceptions.Exit(1)


@click.command()
@common_options
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show server, revision, tables, rows and sizes.

    Exit code 1 when the database cannot be reached.
    """
    from cli.status import show_status

    show_status(invocation.settings)


@click.command()
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@confirm_name_option
@common_options
@pass_invocation
def drop(invocation: Invocation, confirm: bool, confirm_name: str | None) -> None:
    """Drop the application's tables and all their rows. Other tables stay."""
    from cli.console import confirm_destruction
    from features.setup import drop_schema

    settings, database = invocation.settings, invocation.settings.migration_database
    what = f"Dropping all tables of {database.name}"
    confirm_destruction(settings, database.name, what=what, confirmed=confirm, confirm_name=confirm_name)
    _show_made(invocation.run(drop_schema, database), "table", "tables", verb="dropped")


@click.command()
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@click.option("--sample-data", is_flag=True, help="Add 12 sample users and their records.")
@confirm_name_option
@common_options
@pass_invocation
def reset(invocation: Invocation, confirm: bool, sample_data: bool, confirm_name: str | None) -> None:
    """Drop the application's tables and create them anew, empty."""
    from cli.console import confirm_destruction, say
    from features.setup import reset_schema

    settings, database = invocation.settings, invocation.settings.migration_database
    confirm_destruction(
        settings,
        database.name,
        what=f"Resetting {database.name}",
        confirmed=confirm,
        confirm_name=confirm_name,
    )
    _show_report(
        invocation.run(reset_schema, database, applied_by=invocation.actor.name, sample_data=sample_data)
    )
    link = _first_admin_link(invocation)
    if link:
        say("Create the new first admin here, once, within 30 minutes:")
        say(link)


@click.command("sample-data")
@confirm_name_option
@common_options
@pass_invocation
def sample_data(invocation: Invocation, confirm_name: str | None) -> None:
    """Add 12 sample users and their records.

    Sign-ins, SSH profiles, terminal sessions, commands and sync records. A second run adds nothing.
    """
    from features.seeding import add_sample_data

    if invocation.settings.flask_env.guarded:
        _confirm_sample_data(invocation, confirm_name)
    _show_sample_data(invocation.run(add_sample_data, invocation.settings.database))


def _run_on_schema(invocation: Invocation, feature: Feature[..., tuple[str, ...]]) -> tuple[str, ...]:
    return invocation.run(feature, invocation.settings.migration_database, applied_by=invocation.actor.name)


def _confirm_sample_data(invocation: Invocation, confirm_name: str | None) -> None:
    from cli.console import confirm_destruction

    name = invocation.settings.database.name
    confirm_destruction(
        invocation.settings,
        name,
        what=f"Adding sample data to {name}",
        confirmed=True,
        confirm_name=confirm_name,
    )


def _first_admin_link(invocation: Invocation) -> str:
    from features.users import issue_first_admin_link

    token = invocation.in_context(issue_first_admin_link, "manage_db.py")
    return f"{invocation.settings.console_address}/first-admin/{token}" if token else ""


def _show_report(report: SetupReport) -> None:
    from cli.console import say

    for line in report.lines():
        say(line)
    if report.sample:
        _show_sample_data(report.sample)


def _show_sample_data(sample: SampleData) -> None:
    from cli.console import say, show_table

    if not sample.password:
        say("The sample users are there already. Nothing was added.")
        return
    show_table(("Table", "Rows"), [(name, f"{rows:,}") for name, rows in sample.rows], numbers=(1,))
    say(f"Every sample user signs in with this password, shown only now: {sample.password}")


def _show_made(names: tuple[str, ...], one: str, many: str, verb: str = "created") -> None:
    from cli.console import say
    from core.text import plural

    for name in names:
        say(name)
    nothing = f"No {one} was missing." if verb == "created" else f"There was no {one} to drop."
    say(f"{plural(len(names), one, many)} {verb}." if names else nothing)


commands = (
    init,
    create_tables,
    create_indexes,
    create_constraints,
    verify,
    status,
    drop,
    reset,
    sample_data,
)
