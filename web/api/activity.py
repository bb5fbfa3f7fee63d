"""Who came and went, at the API."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from core.actor import Role
from features.activity_list import ACTIONS, EXPORTED, ActivityFilter, all_activity, list_activity
from web.api.frame import ApiBlueprint
from web.api.list_schemas import Choice, ExportQuerySchema, ListQuerySchema, Moment, Word, parted
from web.bearer import caller
from web.downloads import download
from web.permissions import allow

part = ApiBlueprint("activity", "Sign-ins and sign-outs.")


class ActivitySchema(Schema):
    """Somebody came or went. The username stays when the user goes."""

    id = fields.Integer(required=True)
    at = fields.DateTime(required=True)
    username = fields.String(required=True)
    action = fields.String(required=True, validate=OneOf(ACTIONS))
    address = fields.String(required=True)
    user_agent = fields.String(required=True)


class ActivityListSchema(Schema):
    """A part of the activity, the newest first."""

    activity = fields.List(fields.Nested(ActivitySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ActivityFilterSchema(Schema):
    """Which sign-ins and sign-outs."""

    user = Word(metadata={"description": "The username, whole."})
    action = Choice(ACTIONS)
    address = Word(metadata={"description": "How the address begins."})
    since = Moment(metadata={"description": "From then on."})
    until = Moment(metadata={"description": "Before then."})


class ActivityQuerySchema(ActivityFilterSchema, ListQuerySchema):
    """Which sign-ins and sign-outs, and which part of them."""


class ActivityExportSchema(ActivityFilterSchema, ExportQuerySchema):
    """Which sign-ins and sign-outs, in which form."""


@part.on_get("")
@part.takes(ActivityQuerySchema, "query")
@part.gives(ActivityListSchema)
@allow(Role.ADMIN)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """The newest sign-ins and sign-outs."""
    wanted, place = parted(asked, "cursor", "limit")
    page = list_activity(ActivityFilter(**wanted), **place)
    return {"activity": page.rows, "next_cursor": page.next_cursor or None}


@part.on_get("/export")
@part.takes(ActivityExportSchema, "query")
@part.gives_file
@allow(Role.ADMIN)
def export(asked: dict[str, Any]) -> Response:
    """All sign-ins and sign-outs of a filter, as a file."""
    wanted, rest = parted(asked, "form")
    facts = all_activity(ActivityFilter(**wanted))
    return download(caller().actor, "activity", rest["form"], facts, EXPORTED)
