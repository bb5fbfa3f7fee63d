"""The audit at the API: read, exported, verified."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from marshmallow.validate import Range

from core.actor import Role
from operations.audit_chain import verify_audit
from operations.audit_list import EXPORTED, OUTCOMES, AuditFilter, all_audit, list_audit
from web.api.actions import start
from web.api.frame import ApiBlueprint
from web.api.list_schemas import Choice, ExportQuerySchema, Moment, Word, parted
from web.bearer import caller
from web.downloads import download
from web.permissions import allow

part = ApiBlueprint("audit", "Who did what to what, when, and how it ended.")

_LONGEST_LIST = 200


class AuditDeedSchema(Schema):
    """What somebody did. `outcome` is empty as long as there is none; `reason` is the code of the error."""

    id = fields.Integer(required=True)
    at = fields.DateTime(required=True)
    action = fields.String(required=True)
    target = fields.String(required=True)
    actor = fields.String(required=True)
    through = fields.String(required=True)
    address = fields.String(required=True)
    operation_id = fields.String(required=True)
    outcome = fields.String(required=True)
    reason = fields.String(required=True)


class AuditListSchema(Schema):
    """A part of the audit, the newest first. `next_before` is the `before` of the next part, or null."""

    deeds = fields.List(fields.Nested(AuditDeedSchema), required=True)
    next_before = fields.Integer(required=True, allow_none=True)


class AuditFilterSchema(Schema):
    """Which deeds."""

    actor = Word()
    action = Word(metadata={"description": "Such as user.edit."})
    target = Word()
    outcome = Choice(OUTCOMES)
    since = Moment()
    until = Moment()


class AuditQuerySchema(AuditFilterSchema):
    """Which deeds, and which part of them."""

    before = fields.Integer(load_default=0, validate=Range(0, 2**63 - 1))
    limit = fields.Integer(load_default=50, validate=Range(1, _LONGEST_LIST))


class AuditExportSchema(AuditFilterSchema, ExportQuerySchema):
    """Which deeds, in which form."""


@part.on_get("")
@part.takes(AuditQuerySchema, "query")
@part.gives(AuditListSchema)
@allow(Role.ADMIN)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """The newest deeds."""
    wanted, place = parted(asked, "before", "limit")
    listed = list_audit(**place, wanted=AuditFilter(**wanted))
    return {"deeds": listed.deeds, "next_before": listed.next_before or None}


@part.on_get("/export")
@part.takes(AuditExportSchema, "query")
@part.gives_file
@allow(Role.ADMIN)
def export(asked: dict[str, Any]) -> Response:
    """All deeds of a filter, as a file."""
    wanted, rest = parted(asked, "form")
    return download(caller().actor, "audit", rest["form"], all_audit(AuditFilter(**wanted)), EXPORTED)


@part.on_post("/verify")
@part.starts
@allow(Role.ADMIN)
def verify() -> Response:
    """Have the whole audit read again."""
    return start(verify_audit)
