"""`manage_db.py dsn`: the connection string for other programs."""

from __future__ import annotations

import click

from cli.options import common_options
from cli.runtime import Invocation, pass_invocation


@click.command()
@click.option("--reveal", is_flag=True, help="Show the password too.")
@common_options
@pass_invocation
def dsn(invocation: Invocation, reveal: bool) -> None:
    """Show the connection string for other programs.

    In the forms that SQLAlchemy, PyDAL, GORM, JDBC and psql read. The password is hidden unless --reveal
    is given.
    """
    from cli.console import say
    from features.connections import connection_strings

    strings = connection_strings(invocation.any_settings, reveal=reveal)
    width = max(len(name) for name, _ in strings)
    for name, text in strings:
        say(f"{name:{width}}  {text}")


commands = (dsn,)
