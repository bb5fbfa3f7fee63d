"""`manage_db.py release-lock`: lets go of a target whose operation died where nobody here can see it."""

from __future__ import annotations

import click

from cli.options import common_options
from cli.runtime import Invocation, pass_invocation


@click.command("release-lock")
@click.argument("target")
@common_options
@pass_invocation
def release_lock(invocation: Invocation, target: str) -> None:
    """Let go of TARGET when its operation died elsewhere.

    Only for a machine or container that is gone: an operation that still runs would no longer be alone.
    The operation is recorded as interrupted.
    """
    from cli.console import say
    from operations.takeover import release_lock

    holder = invocation.in_context(release_lock, invocation.settings, target, invocation.actor)
    say(f"{target} is free. {holder.title} by {holder.actor} is recorded as interrupted.")


commands = (release_lock,)
