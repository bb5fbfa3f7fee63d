"""How an operation that has ended is told, and where its reader can go from there: one table of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import current_app, url_for
from markupsafe import Markup

from core.actor import Role
from core.text import visible
from features.backup_duties import is_being_proven
from features.backup_results import backup_of
from features.replacements import replacement_of
from features.seed_runs import run_of_operation
from operations.store import OperationRow, read_arguments
from web.backup_words import dated
from web.permissions import declared_permission

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Ending:
    """The headline of what succeeded; what to say besides, and (label, address) pairs of what comes next."""

    headline: str = "Done"
    words: Markup = Markup()
    ways: tuple[tuple[str, str], ...] = ()


class _Way(NamedTuple):
    """A link to a page, whose `arguments` are the facts of those names."""

    label: str
    endpoint: str
    arguments: tuple[str, ...] = ()


class _Told(NamedTuple):
    """What is said, as formats over the facts."""

    words: str
    ways: tuple[_Way, ...]
    headline: str = "Done"


_SEEDING = _Way("Open Seeding", "seeding.index")
_BACKUP = _Way("Show the backup", "backups.show", ("id",))
_BACKUPS = _Way("Backups of {database}", "backups.index", ("database",))
_PUT_BACK = _Way("Put back…", "replacements.confirm_undo", ("id",))
_SEEDED = _Told("The ledger has the run, and the way to undo it.", (_SEEDING,))
_CUT_OFF = _Told("The ledger has the run, and the ways to resume or undo it.", (_SEEDING,))
_IN_PLACE = "The restored {database} is in place"
_BACK = "{database} is what it was before the restore"
_TOLD = {
    ("data.seed", "whole"): _SEEDED,
    ("data.seed", "cut off"): _CUT_OFF,
    ("data.resume", "succeeded"): _SEEDED,
    ("data.resume", "cancelled"): _CUT_OFF,
    ("data.resume", "interrupted"): _CUT_OFF,
    ("backup.create", "proven"): _Told("", (_BACKUP,)),
    ("backup.create", "stored"): _Told("A worker verifies it now, without being asked.", (_BACKUP,)),
    ("backup.restore", "kept"): _Told(
        "What was there before is kept until {until}.", (_PUT_BACK, _BACKUPS), _IN_PLACE
    ),
    ("backup.restore", "let go"): _Told("", (_BACKUPS,), _IN_PLACE),
    ("backup.restore", "new"): _Told("", (_Way("Register it", "databases.new"),), "Restored as {name}"),
    ("backup.undo", "kept"): _Told("What was restored is kept until {until}.", (_PUT_BACK, _BACKUPS), _BACK),
    ("backup.undo", "let go"): _Told("", (_BACKUPS,), _BACK),
}

KINDS = tuple(dict.fromkeys(kind for kind, _ in _TOLD))


def ending_of(operation: OperationRow, role: Role) -> Ending:
    """What is said of it to a reader of that role, who is shown no way they may not go."""
    look = _LOOKS.get(operation.kind, _by_state)
    case, facts = ("", {}) if operation.is_live else look(operation)
    told = _TOLD.get((operation.kind, case))
    if told is None:
        return Ending()
    ways = tuple((way.label.format(**facts), _address(way, facts)) for way in told.ways if _may(role, way))
    return Ending(told.headline.format(**facts), Markup(told.words).format(**facts), ways)


def _may(role: Role, way: _Way) -> bool:
    least = declared_permission(current_app, way.endpoint)
    return isinstance(least, Role) and role.includes(least)


def _address(way: _Way, facts: Facts) -> str:
    return url_for(way.endpoint, **{name: facts[name] for name in way.arguments})


def _by_state(operation: OperationRow) -> tuple[str, Facts]:
    return operation.state, {}


def _look_at_seeding(operation: OperationRow) -> tuple[str, Facts]:
    run = run_of_operation(operation.id)
    if run is None or run.undone_at:
        return "", {}
    return "cut off" if run.is_open else "whole", {}


def _look_at_backup(operation: OperationRow) -> tuple[str, Facts]:
    backup = backup_of(operation.id)
    if backup is None:
        return "", {}
    return "stored" if is_being_proven(backup) else "proven", {"id": backup.id}


def _look_at_restore(operation: OperationRow) -> tuple[str, Facts]:
    if kept := replacement_of(operation.id):
        until = dated(kept.kept_until) if kept.kept_until else ""
        facts = {"id": kept.id, "database": visible(kept.database), "until": until}
        return "kept" if kept.can_undo else "let go", facts
    name = (read_arguments(operation.id) or {}).get("new_name")
    return ("new", {"name": visible(name)}) if name and operation.state == "succeeded" else ("", {})


_LOOKS: dict[str, Callable[[OperationRow], tuple[str, Facts]]] = {
    "data.seed": _look_at_seeding,
    "backup.create": _look_at_backup,
    "backup.restore": _look_at_restore,
    "backup.undo": _look_at_restore,
}
