"""`manage_db.py user` and `create-admin`: the console's users, looked after where the machine's account
vouches for whoever does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import common_options, examples
from cli.runtime import Invocation, OrderedGroup, pass_invocation
from cli.user_list import export, list_users, show

if TYPE_CHECKING:
    from features.user_changes import PasswordLink

_ROLE = click.Choice(("viewer", "operator", "admin"))
_TIER = click.Choice(("free", "pro", "team"))
_USERNAMES = click.argument("usernames", nargs=-1, required=True)


@click.group(cls=OrderedGroup)
@common_options
def user() -> None:
    """Look after the users of the console."""


user.add_command(list_users)
user.add_command(show)


@user.command(
    epilog=examples(
        "python manage_db.py user create ines ines@example.com --name 'Ines Perret' --role operator",
    )
)
@click.argument("username")
@click.argument("email")
@click.option("--name", default="", help="The full name; the username when left out.")
@click.option("--role", type=_ROLE, default="viewer", help="What they may do; viewer.")
@click.option("--tier", type=_TIER, default="free", help="Their tier; free.")
@common_options
@pass_invocation
def create(invocation: Invocation, username: str, email: str, name: str, role: str, tier: str) -> None:
    """Add a user. Prints a one-time link under which they set a password, within 30 minutes."""
    from features.user_changes import check_free, check_user, create_user
    from features.users import NewUser

    new = NewUser(name or username, email, username)
    check_user(new, role, tier)  # before anything is recorded
    invocation.in_context(check_free, new)
    _say_link(invocation, invocation.run(create_user, new, role, tier))


@user.command(epilog=examples("python manage_db.py user edit ines --role admin"))
@click.argument("username")
@click.option("--name", help="Another name.")
@click.option("--email", help="Another email.")
@click.option("--role", type=_ROLE, help="What they may do; they are signed out everywhere.")
@click.option("--tier", type=_TIER, help="Another tier.")
@common_options
@pass_invocation
def edit(invocation: Invocation, /, username: str, **different: str | None) -> None:
    """Change a user. The last active admin stays one."""
    from cli.console import say
    from features.user_changes import UserChange, check_change, edit_user

    change = UserChange(**different)
    if change == UserChange():
        raise click.UsageError("Say what is to be different: --name, --email, --role or --tier.")
    check_change(change)  # before anything is recorded
    facts = invocation.run(edit_user, _known(invocation, username), change)
    say(f"{facts.username} is {facts.role}, tier {facts.tier}, {facts.email}.")


@user.command()
@_USERNAMES
@common_options
@pass_invocation
def activate(invocation: Invocation, usernames: tuple[str, ...]) -> None:
    """Let users sign in again."""
    from cli.console import say
    from core.text import plural
    from features.user_changes import activate_users, choose

    count = invocation.run(activate_users, invocation.in_context(choose, usernames))
    say(f"{plural(count, 'user')} activated.")


@user.command()
@_USERNAMES
@common_options
@pass_invocation
def deactivate(invocation: Invocation, usernames: tuple[str, ...]) -> None:
    """Shut users out of the console.

    No password, session or token of theirs opens anything.
    """
    from cli.console import say
    from core.text import plural
    from features.user_changes import choose, deactivate_users

    count = invocation.run(deactivate_users, invocation.in_context(choose, usernames))
    say(f"{plural(count, 'user')} deactivated.")


@user.command("reset-password")
@click.argument("username")
@common_options
@pass_invocation
def reset(invocation: Invocation, username: str) -> None:
    """Print a link for a user to set a new password.

    The link works once. The old password opens nothing from then on, every session of theirs ends, and their
    API tokens are revoked.
    """
    from features.user_changes import reset_password

    _say_link(invocation, invocation.run(reset_password, _known(invocation, username)))


@user.command("end-sessions")
@click.argument("username")
@common_options
@pass_invocation
def end_sessions(invocation: Invocation, username: str) -> None:
    """Sign a user out in every browser."""
    from cli.console import say
    from core.text import plural
    from features.user_changes import end_user_sessions

    count = invocation.run(end_user_sessions, _known(invocation, username))
    say(f"{plural(count, 'session')} ended.")


user.add_command(export)


@user.command("index-search")
@common_options
@pass_invocation
def index(invocation: Invocation) -> None:
    """Let searches find parts of names, not only beginnings.

    Makes an index of trigrams while others go on. For PostgreSQL with the extension pg_trgm.
    """
    from cli.console import say
    from features.part_index import index_search

    invocation.run(index_search)
    say("Searches of three letters and more find parts of names.")


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


def _known(invocation: Invocation, username: str) -> str:
    """The username as it is written, looked up before anything is recorded."""
    from core.clock import utc_now
    from features.user_rows import read_user

    return invocation.in_context(read_user, username, utc_now()).username


def _say_link(invocation: Invocation, made: PasswordLink) -> None:
    """The link alone goes to standard output."""
    from cli.console import say

    words = f"{made.user.username} is {made.user.role}. They set a password here, once, within 30 minutes:"
    click.echo(words, err=True)
    say(invocation.settings.console_address + f"/set-password/{made.token}")


commands = (create_admin, user)
