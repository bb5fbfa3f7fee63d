"""Retention at the API: what would go, and the old backups let go."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from marshmallow.validate import Range

from core.actor import Role
from features.retention import PrunePlan, plan_prune, prune_backups
from web.api.actions import start
from web.api.backup_schemas import BackupSchema
from web.api.frame import ApiBlueprint
from web.permissions import allow

part = ApiBlueprint("retention", "Which backups are let go, and why others stay.", "/api/v1/backups/prune")

_LONGEST = 36_500


class VerdictSchema(Schema):
    """What becomes of one backup, and why."""

    backup = fields.Nested(BackupSchema, required=True)
    reason = fields.String(required=True)


class PrunePlanSchema(Schema):
    """What would go, oldest first, and what is past its age and stays. `halted` says why nothing goes."""

    days = fields.Integer(required=True)
    doomed = fields.List(fields.Nested(VerdictSchema), required=True)
    kept = fields.List(fields.Nested(VerdictSchema), required=True)
    younger = fields.Integer(required=True)
    halted = fields.String(required=True)
    freed_bytes = fields.Integer(required=True)


class DaysSchema(Schema):
    """For how many days backups are kept; as BACKUP_RETENTION_DAYS says where left out."""

    days = fields.Integer(load_default=None, validate=Range(1, _LONGEST))


@part.on_get("")
@part.takes(DaysSchema, "query")
@part.gives(PrunePlanSchema)
@allow(Role.ADMIN)
def show(asked: dict[str, Any]) -> PrunePlan:
    """What pruning would do now; nothing is changed."""
    return plan_prune(asked["days"])


@part.on_post("")
@part.takes(DaysSchema)
@part.starts
@allow(Role.ADMIN)
def create(wanted: dict[str, Any]) -> Response:
    """Let old backups go."""
    return start(prune_backups, wanted["days"])
