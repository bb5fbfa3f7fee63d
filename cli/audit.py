"""`manage_db.py audit`: the record of who did what, and the proof that nobody changed it."""

from __future__ import annotations

import click

from cli.options import common_options
from cli.runtime import Invocation, OrderedGroup, pass_invocation


@click.group(cls=OrderedGroup)
@common_options
def audit() -> None:
    """Look after the record of who did what."""


@audit.command()
@common_options
@pass_invocation
def verify(invocation: Invocation) -> None:
    """Read the whole audit and compute each hash again.

    Exit code 1 when a row was changed or removed, or rows were cut from the end.
    """
    from cli.console import say
    from core.text import plural
    from operations.audit_chain import verify_audit

    report = invocation.run(verify_audit)
    say(f"{plural(report.entries, 'row')}, none changed or removed.")


commands = (audit,)
