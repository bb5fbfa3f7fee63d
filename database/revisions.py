"""The migrations this release knows, read from their files without Alembic, and what a target names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import InvalidInput, MigrationError, SchemaTooNew

LOCATION = Path(__file__).resolve().parent.parent / "migrations"
BASE = "base"
_KEPT = 4096
VERSION_TABLE = "alembic_version"  # the migrations' own

# Alembic's two names, at the start of a line, annotated or not. Not parsed: a whole file takes milliseconds,
# and the parser of Python 3.11 fails now and then when two threads use it.
_ASSIGNMENT = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*([^#\n]*[^#\s])", re.M)


@dataclass(frozen=True)
class Revision:
    """One migration. `down_id` is the one before it, None for the first; `name` is its file's name."""

    id: str
    down_id: str | None
    name: str


@dataclass(frozen=True)
class Target:
    """Where a migration is to end: `revision` (an id, or "base" for an empty schema), or so many `steps`
    from where the database is."""

    revision: str = ""
    steps: int = 0


def known_revisions(location: Path = LOCATION) -> tuple[Revision, ...]:
    """Every migration under `location`, oldest first. Raises MigrationError unless they form one line."""
    found = [
        _read_once(path, path.stat().st_mtime_ns) for path in sorted((location / "versions").glob("*.py"))
    ]
    after = {revision.down_id: revision for revision in found}
    line: list[Revision] = []
    while (following := after.get(line[-1].id if line else None)) and len(line) < len(found):
        line.append(following)
    if len(line) != len(found):
        raise MigrationError(
            f"The migrations in {location.name} do not form one line.",
            hint="Give each migration its own predecessor: " + ", ".join(revision.name for revision in found),
        )
    return tuple(line)


def head_revision(location: Path = LOCATION) -> str:
    """The id of the newest migration; empty when there is none."""
    known = known_revisions(location)
    return known[-1].id if known else ""


def pending_revisions(current: tuple[str, ...], location: Path = LOCATION) -> tuple[Revision, ...]:
    """What a database at `current` still lacks, oldest first. Raises SchemaTooNew for a revision that this
    release does not know."""
    known = known_revisions(location)
    return known[position(current, known) :]


def position(current: tuple[str, ...], known: tuple[Revision, ...]) -> int:
    """How many of the `known` migrations a database at `current` has. Raises SchemaTooNew."""
    order = {revision.id: number for number, revision in enumerate(known, start=1)}
    strangers = [revision for revision in current if revision not in order]
    if strangers:
        raise SchemaTooNew(f"The database is at revision {', '.join(strangers)}, which is not known here.")
    return max((order[revision] for revision in current), default=0)


def find_target(text: str, known: tuple[Revision, ...]) -> Target:
    """What `text` names: "head", "base", "+N", "-N", a revision or the unique beginning of one. Raises
    InvalidInput when it names nothing, or more than one."""
    if text == "head":
        return Target(revision=known[-1].id if known else BASE)
    if text == BASE:
        return Target(revision=BASE)
    if text[:1] in ("+", "-"):
        return Target(steps=_steps(text))
    return Target(revision=_match(text, known))


def target_position(target: Target, current: int, known: tuple[Revision, ...]) -> int:
    """How many of the `known` migrations a database has once `target` is reached from the `current` ones.
    Raises InvalidInput when the steps lead beyond either end."""
    if target.revision:
        return 0 if target.revision == BASE else position((target.revision,), known)
    goal = current + target.steps
    if 0 <= goal <= len(known):
        return goal
    end = (
        f"pending beyond {known[-1].id}" if known and goal > 0 else "left to undo beyond the first migration"
    )
    raise InvalidInput(f"Nothing is {end}.", hint=f"The database has {current} of {len(known)} migrations.")


def _steps(text: str) -> int:
    digits = text[1:]
    if not (digits.isascii() and digits.isdigit() and int(digits[:9]) and len(digits) < 10):
        raise InvalidInput(f"{text!r} is not a number of steps.", hint="Give +1, +2 ... or -1, -2 ...")
    return int(text)


def _match(text: str, known: tuple[Revision, ...]) -> str:
    ids = [revision.id for revision in known]
    matches = [text] if text in ids else [found for found in ids if text and found.startswith(text)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise InvalidInput(f"{text!r} begins more than one revision: {', '.join(matches)}.")
    raise InvalidInput(
        f"There is no revision {text!r}.", hint="Give head, +N, -N, or one of: " + ", ".join(ids)
    )


@lru_cache(_KEPT)
def _read_once(path: Path, _changed_at: int) -> Revision:
    """Every page shows how many migrations wait, and their files hardly ever change."""
    return _read(path)


def _read(path: Path) -> Revision:
    names = {found[1]: found[2] for found in _ASSIGNMENT.finditer(path.read_text(encoding="utf-8"))}
    id, down_id = (_text(names.get(name, "")) for name in ("revision", "down_revision"))
    if not id or (down_id is None and names.get("down_revision") != "None"):
        raise MigrationError(f"The migration {path.name} does not name its revision and one predecessor.")
    return Revision(id, down_id, path.stem)


def _text(value: str) -> str | None:
    """What a quoted value holds; None for anything else."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else None
