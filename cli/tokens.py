"""`manage_db.py token`: the tokens by which programs sign in to the REST API."""

from __future__ import annotations

import click

from cli.options import Whole, common_options, examples
from cli.runtime import Invocation, OrderedGroup, pass_invocation

_ROLES = ("viewer", "operator", "admin")


@click.group(cls=OrderedGroup)
@common_options
def token() -> None:
    """Make, list and revoke the tokens of the REST API."""


@token.command(
    epilog=examples(
        "python manage_db.py token create mvogt 'nightly check'",
        "python manage_db.py token create mvogt deploy --role operator --days 30 > deploy.token",
    )
)
@click.argument("username")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="viewer", help="What it may do at most; viewer.")
@click.option("--days", type=Whole(1, 365), default=90, metavar="N", help="It ends after N days; 90.")
@common_options
@pass_invocation
def create(invocation: Invocation, username: str, name: str, role: str, days: int) -> None:
    """Make a token with which programs act as the user USERNAME.

    NAME says what it is for. The token alone is written to standard output, this once: only its hash is
    kept. It may never do more than its user may.
    """
    from cli.console import say
    from features.tokens import check_new_token, create_token

    invocation.in_context(check_new_token, username, name, role, days)  # before anything is recorded
    made = invocation.run(create_token, username, name, role, days, created_by=invocation.actor.name)
    facts = made.facts
    click.echo(
        f"Token {facts.prefix} of {facts.username}, {role}, until {facts.expires_at:%Y-%m-%d %H:%M} UTC. "
        "It is shown this once:",
        err=True,
    )
    say(made.text)


@token.command("list")
@common_options
@pass_invocation
def list_all(invocation: Invocation) -> None:
    """List all tokens, the newest first. The prefix of a token is its beginning: bk_PREFIX_..."""
    from cli.console import show_table
    from core.clock import utc_now
    from features.token_rows import list_tokens

    now = utc_now()
    rows = [
        (
            one.prefix,
            one.name,
            one.username,
            one.role,
            one.state(now),
            f"{one.created_at:%Y-%m-%d}",
            f"{one.last_used_at:%Y-%m-%d %H:%M} UTC" if one.last_used_at else "never",
            f"{one.expires_at:%Y-%m-%d}",
        )
        for one in invocation.in_context(list_tokens)
    ]
    headers = ("Prefix", "Name", "User", "Role", "State", "Created", "Last used", "Expires")
    show_table(headers, rows)


@token.command()
@click.argument("prefix")
@common_options
@pass_invocation
def revoke(invocation: Invocation, prefix: str) -> None:
    """Revoke the token that begins with bk_PREFIX_. From then on it opens nothing."""
    from cli.console import say
    from features.token_rows import read_token
    from features.tokens import revoke_token

    known = invocation.in_context(read_token, prefix).prefix  # before anything is recorded
    facts = invocation.run(revoke_token, known, revoked_by=invocation.actor.name)
    say(f"{facts.name}, of {facts.username}, opens nothing any more.")


commands = (token,)
