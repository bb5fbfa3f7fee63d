"""What was typed behind `manage_db.py seed`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Wanted:
    """What was typed. `type` and `count` are None where nothing was."""

    type: str | None
    count: int | None
    clean: bool
    clean_force: bool
    reset: bool
    reset_force: bool
    upsert: bool
    stats: bool
    stats_only: bool
    force: bool
    number: int | None
    dry_run: bool
    resume: bool
    undo: str
    confirm_name: str | None
    database: str
    tables: str

    @property
    def cleans(self) -> bool:
        """True when seeded rows are to go first."""
        return self.clean or self.clean_force

    @property
    def resets(self) -> bool:
        """True when the schema is made anew first."""
        return self.reset or self.reset_force

    @property
    def adds(self) -> bool:
        """False for a reset alone, and for a clean of one type without a number."""
        names = self.type is not None or self.count is not None
        return names if self.resets else not self.cleans or self.count is not None or not self.type


def check_count(wanted: Wanted, wishes: Mapping[str, int], most: int) -> None:
    """Raises a wrong usage for a number above the limit that was not meant."""
    if not wanted.force and any(count > most for count in wishes.values()):
        raise click.UsageError(f"COUNT is above MAX_SEED_COUNT, which is {most:,}. Add --force to mean it.")


def refuse_contradictions(wanted: Wanted) -> None:
    """Raises a wrong usage for what does not go together, or for nothing."""
    if wanted.tables and not wanted.database:
        raise click.UsageError("--tables goes with --database.")
    given = {
        "TYPE": wanted.type is not None,
        "COUNT": wanted.count is not None,
        "--clean": wanted.cleans,
        "--reset": wanted.resets,
        "--upsert": wanted.upsert,
        "--seed": wanted.number is not None,
        "--dry-run": wanted.dry_run,
        "--undo": bool(wanted.undo),
        "--resume": wanted.resume,
        "--stats-only": wanted.stats_only,
    }
    for alone in ("--undo", "--resume", "--stats-only"):
        others = [name for name, value in given.items() if value and name != alone]
        if given[alone] and others:
            raise click.UsageError(f"{alone} and {others[0]} do not go together.")


def refuse_with_database(wanted: Wanted) -> None:
    """Raises a wrong usage for what there is for the console's own database alone."""
    given = {
        "TYPE": wanted.type,
        "--clean": wanted.cleans,
        "--reset": wanted.resets,
        "--upsert": wanted.upsert,
        "--resume": wanted.resume,
        "--stats": wanted.stats,
    }
    if wrong := [name for name, value in given.items() if value]:
        raise click.UsageError(f"{', '.join(wrong)} do not go together with --database.")
