"""The form of a backup: which database, a note, and what of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

NOTE_LENGTH = 500


class BackupForm(FlaskForm):  # type: ignore[misc]
    """A backup to take now. Tables and schemas are written one a line; all when both are empty."""

    database = SelectField("Database", validate_choice=False)
    note = StringField("Note", [Optional(), Length(max=NOTE_LENGTH, message="At most 500 characters.")])
    tables = TextAreaField("Tables", [Optional()])
    schemas = TextAreaField("Schemas", [Optional()])
    contents = BooleanField("Hash the contents of every table")

    def offer(self, names: Iterable[str]) -> BackupForm:
        """Let one of these databases be chosen."""
        self.database.choices = [SelectChoice(name) for name in names]
        return self

    def arguments(self) -> dict[str, Any]:
        """What `create_backup` is told."""
        return {
            "note": (self.note.data or "").strip(),
            "tables": lines(self.tables.data),
            "schemas": lines(self.schemas.data),
            "contents": bool(self.contents.data),
        }


def lines(text: str | None) -> list[str]:
    """The lines of a field that hold something, without the space around it."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
