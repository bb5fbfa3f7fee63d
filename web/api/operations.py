"""Operations at the API: the newest, one of them, and its end."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from marshmallow import Schema, fields, pre_dump
from marshmallow.validate import OneOf, Range

from core.actor import Role
from operations.cancelling import cancel_operation
from operations.store import (
    STATES,
    OperationFilter,
    OperationList,
    OperationRow,
    list_operations,
    read_operation,
)
from web.actions import read_cancellable
from web.again import start_again
from web.api.actions import accepted, operation_url
from web.api.frame import ApiBlueprint
from web.api.list_schemas import Choice, Moment, Word, parted
from web.api.schemas import ErrorDetailSchema, Id
from web.bearer import caller
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("operations", "Work that waits, runs or has ended.")

_LONGEST_LIST = 200


class OperationSchema(Schema):
    """One operation. `done` of `total` `unit`s of `phase` are behind it."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    target = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf(STATES))
    actor = fields.String(required=True)
    through = fields.String(required=True)
    phase = fields.String(required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    cancel_requested_at = fields.DateTime(required=True, allow_none=True)
    attempt = fields.Integer(required=True)
    attempts = fields.Integer(required=True)
    error = fields.Nested(ErrorDetailSchema, required=True, allow_none=True)
    result = fields.Raw(required=True, allow_none=True)
    url = fields.String(required=True)

    @pre_dump
    def _complete(self, row: OperationRow, **_: Any) -> dict[str, Any]:
        why = {"code": row.error_code, "message": row.error_message, "hint": row.error_hint}
        return {**vars(row), "error": why if row.error_code else None, "url": operation_url(row.id)}


class OperationListSchema(Schema):
    """A part of all operations, the newest first. `next_before` is the `before` of the next part, or null."""

    operations = fields.List(fields.Nested(OperationSchema), required=True, attribute="rows")
    next_before = fields.Function(
        lambda listed: listed.next_before or None,
        required=True,
        metadata={"type": ["string", "null"]},
    )


class OperationQuerySchema(Schema):
    """Which operations are wanted."""

    state = Choice(STATES)
    kind = Word(metadata={"description": "Such as backup.create."})
    actor = Word(metadata={"description": "Who asked for it."})
    since = Moment(metadata={"description": "Asked for from then on."})
    until = Moment(metadata={"description": "Asked for before then."})
    before = Id(metadata={"description": "Only those older than the operation of this id."})
    limit = fields.Integer(load_default=50, validate=Range(1, _LONGEST_LIST))


@part.on_get("")
@part.takes(OperationQuerySchema, "query")
@part.gives(OperationListSchema)
@allow(Role.VIEWER)
def index(asked: dict[str, Any]) -> OperationList:
    """The newest operations."""
    wanted, place = parted(asked, "limit")
    return list_operations(before=wanted.pop("before", ""), wanted=OperationFilter(**wanted), **place)


@part.on_get("/<string(length=26):id>")
@part.gives(OperationSchema)
@part.may_answer(404)
@allow(Role.VIEWER)
def show(id: str) -> OperationRow:
    """One operation: its state, how far it is, why it failed."""
    return read_operation(id)


@part.on_post("/<string(length=26):id>/cancel")
@part.starts
@part.may_answer(404)
@allow(Role.OPERATOR)
def cancel(id: str) -> Response:
    """Ask for the end of an operation.

    It ends at its next step; what stays then depends on its kind. Others than admins may cancel their own.
    """
    actor = caller().actor
    cancel_operation(settings_of(current_app), read_cancellable(id, actor).id, actor)
    return accepted(id)


@part.on_post("/<string(length=26):id>/again")
@part.starts
@part.may_answer(404)
@allow(Role.OPERATOR)
def again(id: str) -> Response:
    """Ask for the same once more, in the name of the token's user.

    Backups, their proofs and verifications can be run again so; what destroys is asked for where it stands.
    """
    return accepted(start_again(id, caller().actor))
