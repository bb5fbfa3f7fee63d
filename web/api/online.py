"""Who is signed in, at the API, and the end of a session."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from core.actor import Role
from features.online import OnlineFilter, OnlineSession, end_session, list_online, read_online
from operations.runner import Runner
from web.api.frame import ApiBlueprint
from web.api.list_schemas import ListQuerySchema, Word, parted
from web.auth import now
from web.bearer import caller
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("online", "Which browsers are signed in now.")


class OnlineSchema(Schema):
    """One browser that is signed in. It is seen at most every 30 s."""

    id = fields.Integer(required=True)
    user_id = fields.Integer(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, validate=OneOf(list(Role)))
    address = fields.String(required=True)
    user_agent = fields.String(required=True)
    signed_in_at = fields.DateTime(required=True)
    last_seen = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


class OnlineListSchema(Schema):
    """A part of the sessions, the newest sign-in first."""

    sessions = fields.List(fields.Nested(OnlineSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class OnlineQuerySchema(ListQuerySchema):
    """Which sessions."""

    user = Word(metadata={"description": "How the username begins."})
    address = Word(metadata={"description": "How the address begins."})


@part.on_get("")
@part.takes(OnlineQuerySchema, "query")
@part.gives(OnlineListSchema)
@allow(Role.ADMIN)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Who is signed in."""
    wanted, place = parted(asked, "cursor", "limit")
    page = list_online(OnlineFilter(**wanted), now(), **place)
    return {"sessions": page.rows, "next_cursor": page.next_cursor or None}


@part.on_delete("/<int(max=9223372036854775807):number>")
@part.gives(OnlineSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def delete(number: int) -> OnlineSession:
    """End a session: sign its user out in that browser."""
    known = read_online(number, now())  # before anything is recorded
    Runner(caller().actor, settings_of(current_app)).run(end_session, number, known.username)
    return known
