"""Restores at the API: what one would do, and a backup put back."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from marshmallow.validate import Length

from core.actor import Role
from core.errors import BackupIncompatible, InvalidInput
from features.restore_plans import RestorePlan
from features.restores import plan_restore, restore_backup
from web.api.actions import start
from web.api.backup_schemas import BackupSchema
from web.api.frame import ApiBlueprint
from web.bearer import caller
from web.permissions import allow

part = ApiBlueprint("restores", "Backups put back.", "/api/v1/backups")

_LONGEST_NAME = 255


class TableChangeSchema(Schema):
    """The rows of a table now and after; null where it is not there. Some are estimates."""

    name = fields.String(required=True)
    now = fields.Integer(required=True, allow_none=True)
    after = fields.Integer(required=True, allow_none=True)
    lost = fields.Integer(required=True)
    is_estimate = fields.Boolean(required=True)
    newest = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When its newest row came; null: not known."}
    )


class ConnectedAccountSchema(Schema):
    """Who is connected, and loses the connection at the swap."""

    account = fields.String(required=True)
    addresses = fields.List(fields.String(), required=True)
    sessions = fields.Integer(required=True)


class ObstacleSchema(Schema):
    """What stops the restore when it is fatal, or is worth knowing."""

    message = fields.String(required=True)
    hint = fields.String(required=True)
    is_fatal = fields.Boolean(required=True)


class StepSchema(Schema):
    """One step, with the seconds it took last time; null: not measured."""

    name = fields.String(required=True)
    details = fields.String(required=True)
    seconds = fields.Float(required=True, allow_none=True)


class RestorePlanSchema(Schema):
    """What a restore would do. Sizes are bytes, times seconds; null for what is not known."""

    backup = fields.Nested(BackupSchema, required=True)
    database = fields.String(required=True)
    new_name = fields.String(required=True)
    environment = fields.String(required=True)
    counted_at = fields.DateTime(required=True)
    is_possible = fields.Boolean(required=True)
    loses_data = fields.Boolean(required=True)
    can_stop_writes = fields.Boolean(required=True)
    rows_now = fields.Integer(required=True)
    rows_after = fields.Integer(required=True)
    rows_lost = fields.Integer(required=True)
    tables = fields.List(fields.Nested(TableChangeSchema), required=True)
    connected = fields.List(fields.Nested(ConnectedAccountSchema), required=True)
    obstacles = fields.List(fields.Nested(ObstacleSchema), required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    seconds = fields.Float(required=True, allow_none=True)
    away_seconds = fields.Float(required=True, allow_none=True)
    disk_needed = fields.Integer(required=True, allow_none=True)
    disk_free = fields.Integer(required=True, allow_none=True)
    kept_name = fields.String(required=True)
    undo_until = fields.DateTime(required=True, allow_none=True)
    revision = fields.String(required=True)


class TargetSchema(Schema):
    """Where to: in the place of `database`, which is the one it was taken of where left out, or into a new
    database `new_name` on its server."""

    database = fields.String(load_default="", validate=Length(max=_LONGEST_NAME))
    new_name = fields.String(load_default="", validate=Length(max=_LONGEST_NAME))


class RestoreSchema(TargetSchema):
    """The same. To replace a database is to name it here: that is the confirmation."""

    skip_backup = fields.Boolean(load_default=False)
    stop_writes = fields.Boolean(load_default=False)


@part.on_get("/<string(length=26):id>/restore-plan")
@part.takes(TargetSchema, "query")
@part.gives(RestorePlanSchema)
@part.may_answer(404)
@allow(Role.ADMIN)
def show(asked: dict[str, Any], id: str) -> RestorePlan:
    """What a restore would do; nothing is changed."""
    return plan_restore(id, **asked)


@part.on_post("/<string(length=26):id>/restore")
@part.takes(RestoreSchema)
@part.starts
@part.may_answer(404)
@allow(Role.ADMIN)
def create(wanted: dict[str, Any], id: str) -> Response:
    """Put a backup back.

    In the place of a database, which the body names, or into a new one.
    """
    if not (wanted["database"] or wanted["new_name"]):
        raise InvalidInput(
            "The body names neither the database that is replaced nor a new_name.",
            hint="GET restore-plan says what would happen.",
        )
    plan = plan_restore(id, wanted["database"], wanted["new_name"])
    for fault in plan.faults:
        raise BackupIncompatible(fault.message, hint=fault.hint)
    plan.check_writes(wanted["stop_writes"])
    wanted |= {"database": plan.database, "made_by": caller().actor.name}
    return start(restore_backup, plan.backup.name, **wanted)
