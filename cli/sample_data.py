"""`manage_db.py sample-data`: rows to look at, and how they are announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import common_options, confirm_name_option
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from features.sample_data import SampleData


@click.command("sample-data")
@confirm_name_option
@common_options
@pass_invocation
def sample_data(invocation: Invocation, confirm_name: str | None) -> None:
    """Add 12 sample users and their records.

    Sign-ins, SSH profiles, terminal sessions, commands and sync records. A second run adds nothing.
    """
    from features.sample_data import add_sample_data

    confirm_sample_data(invocation, confirm_name)
    show_sample_data(invocation.run(add_sample_data, invocation.settings.database))


def confirm_sample_data(invocation: Invocation, confirm_name: str | None) -> None:
    """In production, let sample data pass only with the database's name. Raises NotConfirmed."""
    from cli.console import confirm_destruction

    name = invocation.settings.database.name
    what = f"Adding sample data to {name}"
    confirm_destruction(invocation.settings, name, what=what, confirmed=True, confirm_name=confirm_name)


def show_sample_data(sample: SampleData) -> None:
    """Write what was added, and the one password, which is shown only now."""
    from cli.console import say, show_table

    if not sample.password:
        say("The sample users are there already. Nothing was added.")
        return
    show_table(("Table", "Rows"), [(name, f"{rows:,}") for name, rows in sample.rows], numbers=(1,))
    others = "or any other of them that is active"
    say(f"Sign in as {sample.username}, {others}, with this password, shown only now: {sample.password}")


commands = (sample_data,)
