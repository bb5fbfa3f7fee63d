"""`manage_db.py seed`: rows that look real, as many as wanted, and out again."""

from __future__ import annotations

from typing import Any

import click

from cli.options import SignedArguments, Whole, common_options, confirm_name_option, examples
from cli.runtime import Invocation, pass_invocation
from cli.seed_wanted import Wanted, refuse_contradictions

_LARGEST = 2**53 - 1


def _named(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """ "" for what was not typed; what was typed names something."""
    if value is not None and not value.strip(" ,"):
        raise click.BadParameter("It is empty.")
    return value or ""


@click.command(
    cls=SignedArguments,
    epilog=examples(
        "python manage_db.py seed",
        "python manage_db.py seed users 20 --stats",
        "python manage_db.py seed all 1000 --seed 7 --upsert",
        "python manage_db.py seed commands 1000000 --force --dry-run",
        "python manage_db.py seed sessions --clean-force",
        "python manage_db.py seed --reset-force",
    ),
)
@click.argument("type", required=False, metavar="[TYPE]")
@click.argument("count", required=False, type=Whole(1, 10**10), metavar="[COUNT]")
@click.option("--clean", is_flag=True, help="Remove seeded rows first; with TYPE, without COUNT only that.")
@click.option("--clean-force", is_flag=True, help="The same without asking.")
@click.option("--reset", is_flag=True, help="Drop everything and make the schema anew first.")
@click.option("--reset-force", is_flag=True, help="The same without asking.")
@click.option("--upsert", is_flag=True, help="Repeat: rows that are there are brought back, none is doubled.")
@click.option("--stats", is_flag=True, help="Print statistics afterwards.")
@click.option("--stats-only", is_flag=True, help="Print statistics and do nothing else.")
@click.option("--force", is_flag=True, help="Allow a COUNT above MAX_SEED_COUNT.")
@click.option(
    "--seed", "number", type=Whole(0, _LARGEST), metavar="N", help="The same N makes the same rows."
)
@click.option("--dry-run", is_flag=True, help="Say rows, bytes and minutes; write nothing.")
@click.option("--resume", is_flag=True, help="Go on with the run that was cut off.")
@click.option("--undo", callback=_named, metavar="RUN", help="Remove the rows of one run.")
@click.option("--database", callback=_named, metavar="NAME", help="Fill tables of this registered database.")
@click.option("--tables", callback=_named, metavar="A,B", help="Those tables; all of them when not given.")
@confirm_name_option
@common_options
@pass_invocation
def seed(invocation: Invocation, /, **typed: Any) -> None:
    """Fill the database with rows that look real.

    TYPE is all, users, ssh, commands, sessions or sync; COUNT rows of each, DEFAULT_SEED_COUNT when not
    given. What was seeded is known and can be taken out again; what people made stays.
    """
    from cli import seed_steps

    if _is_number(typed["type"] or "") and typed["count"] is None:
        typed |= {"type": None, "count": Whole(1, 10**10).convert(typed["type"], None, None)}
    wanted = Wanted(**typed)
    refuse_contradictions(wanted)
    with invocation.context():
        seed_steps.carry_out(invocation, wanted)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


commands = (seed,)
