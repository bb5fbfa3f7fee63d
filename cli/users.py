"""`manage_db.py create-admin`: an admin of the console, made where the machine's account vouches for it."""

from __future__ import annotations

import click

from cli.options import common_options
from cli.runtime import Invocation, pass_invocation


@click.command("create-admin")
@click.argument("username")
@click.argument("email")
@click.option("--name", default="", help="The full name; the username when left out.")
@common_options
@pass_invocation
def create_admin(invocation: Invocation, username: str, email: str, name: str) -> None:
    """Create an admin of the console, or let one back in.

    Prints a one-time link under which the password is set. It works once, for 30 minutes.
    """
    from cli.console import say
    from core.naming import fold
    from features.users import NewUser, check_new_user, create_admin

    check_new_user(NewUser(name or username, email, username))  # before anything is recorded
    token = invocation.run(create_admin, username=username, email=email, name=name or username)
    say(f"{fold(username)} is an admin. Set the password here, once, within 30 minutes:")
    say(invocation.settings.console_address + f"/set-password/{token}")


commands = (create_admin,)
