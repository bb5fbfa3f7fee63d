"""What a cancel leaves, by kind of operation: said before it is asked for, and after."""

from __future__ import annotations

_OF_ALL = "Its log says what was done until then."
_GOES_ON = "What was done until then stays. Run it again to go on."
_READS = "It only reads, so nothing was changed."
_SEEDED = (
    "What was seeded until then stays. Seeding again adds more rows; what goes on is Resume, on the page "
    "Seeding or with: python manage_db.py seed --resume"
)
_LEFT = {
    "audit.verify": _READS,
    "backup.create": "Nothing of this backup is kept. Run again, it begins anew.",
    "backup.prune": _GOES_ON,
    "backup.restore": "Unless the two were swapped by then, the database stays as it was, and what was "
    "made beside it is dropped. A backup taken before stays.",
    "backup.undo": "Unless the two were swapped by then, the database stays as it was.",
    "backup.verify": "What was proven until then stays. Run again, it proves all of it anew.",
    "data.clean": _GOES_ON,
    "data.clean_old": _GOES_ON,
    "data.put_indexes_back": _GOES_ON,
    "data.resume": _SEEDED,
    "data.seed": _SEEDED,
    "data.seed_tables": "What was seeded until then stays. Remove it with: "
    "python manage_db.py seed --undo RUN --database NAME",
    "data.undo": _GOES_ON,
    "data.undo_tables": _GOES_ON,
    "migration.apply": _GOES_ON,
    "schema.constraints": _GOES_ON,
    "schema.indexes": _GOES_ON,
    "schema.init": _GOES_ON,
    "schema.tables": _GOES_ON,
    "schema.verify": _READS,
}
KINDS = tuple(_LEFT)


def left_by(kind: str) -> str:
    """What stays of a cancelled operation of that kind, and how it is gone on with."""
    return _LEFT.get(kind, _OF_ALL)
