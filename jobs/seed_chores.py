"""What every worker does for seedings again and again."""

from __future__ import annotations

from core.settings import Settings
from features.seed_indexes import databases_without_indexes, put_indexes_back
from jobs.asking import ask_for
from operations.chores import Chore

_MINUTE = 60.0
_SETTLED = 10.0  # seconds after which a console started at the same time has made its tables


def settle_seedings(settings: Settings) -> None:
    """Have indexes put back that a seeding had set aside which was cut off and is not gone on with."""
    for database in databases_without_indexes():
        ask_for(settings, put_indexes_back, database)


CHORES = (Chore("put back what seedings set aside", _MINUTE, settle_seedings, after=_SETTLED),)
