"""`manage_db.py user list`, `show` and `export`: the users as they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.options import Whole, common_options, examples
from cli.runtime import Invocation, pass_invocation

if TYPE_CHECKING:
    from features.user_list import UserFilter
    from features.user_rows import UserFacts

F = TypeVar("F", bound=Callable[..., Any])


def _filter_options(command: F) -> F:
    """The options that say which users."""
    for option in (
        click.option("--search", default="", help="Whose username, email or name begins so."),
        click.option("--role", default="", help="Only viewer, operator or admin."),
        click.option("--tier", default="", help="Only free, pro or team."),
        click.option("--state", default="", help="Only active or inactive."),
        click.option("--sort", default="name", help="name, username, email or created; -name turns it."),
    ):
        command = option(command)
    return command


@click.command(
    "list",
    epilog=examples(
        "python manage_db.py user list --search ra --state active",
        "python manage_db.py user list --role admin --sort -created",
    ),
)
@_filter_options
@click.option("--limit", type=Whole(1, 100_000), default=50, metavar="N", help="At most N; 50.")
@common_options
@pass_invocation
def list_users(invocation: Invocation, /, limit: int, **wanted: str) -> None:
    """List the users."""
    from itertools import islice

    from cli.console import say, show_table
    from core.clock import utc_now
    from features.user_list import UserFilter, all_users

    with invocation.context():
        found = list(islice(all_users(UserFilter(**wanted), utc_now()), limit + 1))
    rows = [_row(one) for one in found[:limit]]
    if not rows:
        say("No user is like that.")
        return
    show_table(("Username", "Name", "Email", "Role", "Tier", "State", "Last sign-in"), rows)
    if len(found) > limit:
        say(f"{limit:,} shown, more follow: --limit {limit * 2}")


@click.command()
@click.argument("username")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@common_options
@pass_invocation
def show(invocation: Invocation, username: str, *, as_json: bool) -> None:
    """Show one user."""
    from cli.console import say, say_json
    from core.clock import utc_now
    from features.user_rows import read_user

    facts = invocation.in_context(read_user, username, utc_now())
    if as_json:
        say_json(facts)
        return
    for name, value in vars(facts).items():
        say(f"{name.replace('_', ' '):<14}{_words(value)}")


@click.command(epilog=examples("python manage_db.py user export --format json > users.json"))
@_filter_options
@click.option("--format", "form", type=click.Choice(("csv", "json")), default="csv", help="csv or json; csv.")
@common_options
@pass_invocation
def export(invocation: Invocation, /, form: str, **wanted: str) -> None:
    """Write all users to standard output. No cell of the CSV is a formula."""
    from features.user_list import UserFilter

    write_users(invocation, form, UserFilter(**wanted))


def write_users(invocation: Invocation, form: str, wanted: UserFilter) -> None:
    """Write the export piece by piece, and that it was made into the audit."""
    from core.clock import utc_now
    from core.exports import export as written
    from features.user_list import EXPORTED, all_users
    from operations.audit import audited

    with invocation.context(), audited(invocation.settings, invocation.actor, "user.export", "users"):
        for piece in written(form, all_users(wanted, utc_now()), EXPORTED):
            click.echo(piece, nl=False)


def _row(one: UserFacts) -> tuple[str, ...]:
    state = "active" if one.is_active else "inactive"
    came = f"{one.last_sign_in:%Y-%m-%d %H:%M} UTC" if one.last_sign_in else "never"
    return (one.username, one.name, one.email, one.role, one.tier, state, came)


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "never" if value is None else str(value)
