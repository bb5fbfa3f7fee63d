"""API tokens at the API: listed, made for the user of the token that asks, revoked."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import Schema, fields, pre_dump
from marshmallow.validate import Length, OneOf, Range

from core.actor import Role
from features.token_rows import TokenFacts, list_tokens, read_token
from features.tokens import (
    DEFAULT_DAYS,
    LONGEST_DAYS,
    LONGEST_NAME,
    NewToken,
    check_new_token,
    create_token,
    revoke_token,
)
from operations.runner import Runner
from web.api.frame import ApiBlueprint
from web.auth import now
from web.bearer import caller
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("tokens", "The tokens by which programs sign in.")


class TokenSchema(Schema):
    """One token. It begins with bk_PREFIX_; it may do what `role` may, and never more than its user."""

    prefix = fields.String(required=True)
    name = fields.String(required=True)
    username = fields.String(required=True)
    role = fields.String(required=True, validate=OneOf(list(Role)))
    state = fields.String(required=True, validate=OneOf(("active", "expired", "revoked", "inactive")))
    created_at = fields.DateTime(required=True)
    created_by = fields.String(required=True)
    expires_at = fields.DateTime(required=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)
    revoked_by = fields.String(required=True)
    last_used_at = fields.DateTime(required=True, allow_none=True)

    @pre_dump
    def _complete(self, facts: TokenFacts, **_: Any) -> dict[str, Any]:
        return {**vars(facts), "state": facts.state(now())}


class TokenListSchema(Schema):
    """All tokens, the newest first."""

    tokens = fields.List(fields.Nested(TokenSchema), required=True)


class NewTokenSchema(Schema):
    """A token just made. `text` is shown this once."""

    text = fields.String(required=True)
    token = fields.Nested(TokenSchema, required=True, attribute="facts")


class TokenFieldsSchema(Schema):
    """A token to make. It ends before the one that makes it."""

    name = fields.String(required=True, validate=Length(1, LONGEST_NAME))
    role = fields.String(load_default=str(Role.VIEWER), validate=OneOf(list(Role)))
    days = fields.Integer(load_default=DEFAULT_DAYS, strict=True, validate=Range(1, LONGEST_DAYS))


@part.on_get("")
@part.gives(TokenListSchema)
@allow(Role.ADMIN)
def index() -> dict[str, tuple[TokenFacts, ...]]:
    """All tokens."""
    return {"tokens": list_tokens()}


@part.on_post("")
@part.takes(TokenFieldsSchema)
@part.gives(NewTokenSchema, 201)
@part.may_answer(409)
@allow(Role.ADMIN)
def create(wanted: dict[str, Any]) -> NewToken:
    """Make a token of the same user, for another program."""
    bearer = caller()
    wanted |= {"until": bearer.expires_at}
    check_new_token(bearer.actor.name, **wanted)  # before anything is recorded
    return _runner().run(create_token, bearer.actor.name, **wanted, created_by=bearer.actor.name)


@part.on_delete("/<string(length=12):prefix>")
@part.gives(TokenSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def delete(prefix: str) -> TokenFacts:
    """Revoke a token: from now on it opens nothing."""
    known = read_token(prefix).prefix  # before anything is recorded
    return _runner().run(revoke_token, known, revoked_by=caller().actor.name)


def _runner() -> Runner:
    return Runner(caller().actor, settings_of(current_app))
