"""The form of a seeding: how many of which type, how, and by which seed."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional

from features.recipes.book import TYPES
from features.seed_plans import LARGEST_COUNT, LARGEST_SEED
from features.seeding import ADD, CLEAN_FIRST, UPSERT

_ROWS = [Optional(), NumberRange(0, LARGEST_COUNT, "A whole number of rows.")]
_MODES = [SelectChoice(ADD, "Add"), SelectChoice(UPSERT, "Upsert"), SelectChoice(CLEAN_FIRST, "Clean first")]


class SeedForm(FlaskForm):  # type: ignore[misc]
    """How many rows of each type; nothing is none."""

    users = IntegerField("users", _ROWS)
    ssh = IntegerField("ssh", _ROWS)
    commands = IntegerField("commands", _ROWS)
    sessions = IntegerField("sessions", _ROWS)
    sync = IntegerField("sync", _ROWS)
    mode = RadioField("Mode", choices=_MODES, default=ADD)
    number = IntegerField("Seed", [Optional(), NumberRange(0, LARGEST_SEED, "A whole number.")])
    removes = BooleanField("Remove what is there")
    force = BooleanField("Allow it this time")
    confirm_name = StringField("The database's name")

    @property
    def wishes(self) -> dict[str, int]:
        """The types that are wanted, and how many of each."""
        counts = {type: self[type].data for type in TYPES}
        return {type: count for type, count in counts.items() if count}
