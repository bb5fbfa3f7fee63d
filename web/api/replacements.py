"""What restores put aside, at the API: listed, and put back."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, pre_dump
from marshmallow.validate import Length, OneOf

from core.actor import Role
from core.errors import Conflict, InvalidInput
from features.replacements import ReplacementFacts, list_replacements, read_replacement, undo_restore
from web.api.actions import start
from web.api.frame import ApiBlueprint
from web.bearer import caller
from web.permissions import allow

part = ApiBlueprint("replacements", "What restores put aside, and whether it can be put back.")

_LONGEST_NAME = 255


class ReplacementSchema(Schema):
    """One restore in the place of a database. While it is swapped, what was there before is kept, and can be
    put back unless another restore came after it. `backup` is the id of the backup, null for an undo."""

    id = fields.String(required=True)
    database = fields.String(required=True)
    state = fields.String(
        required=True, validate=OneOf(("prepared", "swapped", "undone", "dropped", "abandoned"))
    )
    kept_name = fields.String(required=True)
    backup = fields.String(required=True, allow_none=True, attribute="backup_id")
    operation_id = fields.String(required=True)
    can_undo = fields.Boolean(required=True)
    swapped_at = fields.DateTime(required=True, allow_none=True)
    kept_until = fields.DateTime(required=True, allow_none=True)

    @pre_dump
    def _without_folders(self, facts: ReplacementFacts, **_: Any) -> dict[str, Any]:
        return {**vars(facts), "kept_name": facts.kept_name.rpartition("/")[2]}


class ReplacementListSchema(Schema):
    """The newest 200 first."""

    replacements = fields.List(fields.Nested(ReplacementSchema), required=True)


class ReplacementFilterSchema(Schema):
    """Those of one database alone."""

    database = fields.String(load_default="", validate=Length(max=_LONGEST_NAME))


class UndoSchema(Schema):
    """To put it back is to name the database here: that is the confirmation."""

    database = fields.String(required=True, validate=Length(1, _LONGEST_NAME))


@part.on_get("")
@part.takes(ReplacementFilterSchema, "query")
@part.gives(ReplacementListSchema)
@allow(Role.VIEWER)
def index(asked: dict[str, Any]) -> dict[str, tuple[ReplacementFacts, ...]]:
    """What restores put aside."""
    return {"replacements": list_replacements(**asked)}


@part.on_post("/<string(length=26):id>/undo")
@part.takes(UndoSchema)
@part.starts
@part.may_answer(404)
@allow(Role.ADMIN)
def undo(wanted: dict[str, Any], id: str) -> Response:
    """Undo a restore.

    What was there before is put back; what is there now is kept in turn.
    """
    kept = read_replacement(id)
    if wanted["database"] != kept.database:
        raise InvalidInput(f"That replaced {kept.database}.", hint="Name that database to put it back.")
    if not kept.can_undo:
        raise Conflict(
            f"{kept.database} cannot be put back from it: it is {kept.state}, or was restored again since."
        )
    return start(undo_restore, kept.id, kept.database, made_by=caller().actor.name)
