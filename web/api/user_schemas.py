"""What the API takes and gives of users."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from core.actor import Role
from features.user_changes import MOST_AT_ONCE, TIERS
from features.user_list import SORTS, STATES
from web.api.list_schemas import Choice, ExportQuerySchema, ListQuerySchema, Word

_ROLES = OneOf(list(Role))
_TIERS = OneOf(TIERS)


class UserSchema(Schema):
    """One user. `has_password` is false until they have set one by their link."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True, validate=_ROLES)
    tier = fields.String(required=True, validate=_TIERS)
    is_active = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True)
    is_online = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    last_sign_in = fields.DateTime(required=True, allow_none=True)


class RowCountSchema(Schema):
    """How many there are in all: counted, or what the server reckons."""

    rows = fields.Integer(required=True)
    exact = fields.Boolean(required=True)


class UserListSchema(Schema):
    """A part of the users. `next_cursor` is the `cursor` of the next part, or null."""

    users = fields.List(fields.Nested(UserSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    total = fields.Nested(RowCountSchema, required=True, allow_none=True)


class UserFilterSchema(Schema):
    """Which users, in which order."""

    search = Word(metadata={"description": "How a username, an email or a name begins."})
    role = Choice(Role)
    tier = Choice(TIERS)
    state = Choice(STATES)
    sort = fields.String(load_default="name", validate=OneOf(SORTS))


class UserQuerySchema(UserFilterSchema, ListQuerySchema):
    """Which users, in which order, and which part of them."""


class UserExportSchema(UserFilterSchema, ExportQuerySchema):
    """Which users, in which order and form."""


class NewUserSchema(Schema):
    """A user to add; the name is the username where it is left out."""

    username = fields.String(required=True, validate=Length(3, 80))
    email = fields.String(required=True, validate=Length(5, 254))
    name = fields.String(load_default="", validate=Length(max=100))
    role = fields.String(load_default=str(Role.VIEWER), validate=_ROLES)
    tier = fields.String(load_default=TIERS[0], validate=_TIERS)


class UserChangeSchema(Schema):
    """What is to be different."""

    name = fields.String(validate=Length(1, 100))
    email = fields.String(validate=Length(5, 254))
    role = fields.String(validate=_ROLES)
    tier = fields.String(validate=_TIERS)


class UsernamesSchema(Schema):
    """Some users by their names."""

    usernames = fields.List(
        fields.String(validate=Length(1, 80)), required=True, validate=Length(1, MOST_AT_ONCE)
    )


class PasswordLinkSchema(Schema):
    """A user, and the link under which they set a password: it works once, within 30 minutes."""

    user = fields.Nested(UserSchema, required=True)
    link = fields.String(required=True)


class CountSchema(Schema):
    """How many were changed by it."""

    changed = fields.Integer(required=True)
