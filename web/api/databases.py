"""Databases at the API: the console's own and the registered ones, as they were last seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, pre_dump

from core.actor import Role
from features.database_rows import DatabaseFacts
from features.databases import list_databases, own_database
from web.api.frame import ApiBlueprint
from web.bearer import caller
from web.permissions import allow

part = ApiBlueprint("databases", "The databases that the console knows.")


class DatabaseSchema(Schema):
    """One database. `state` is unknown, reachable, or what kept the console out; `size` is in bytes. The
    `place` of a file is told whole to admins alone."""

    name = fields.String(required=True)
    is_own = fields.Boolean(required=True)
    environment = fields.String(required=True, attribute="fields.environment")
    dialect = fields.String(required=True, attribute="fields.dialect")
    place = fields.String(required=True, attribute="fields.place")
    state = fields.String(required=True)
    message = fields.String(required=True)
    version = fields.String(required=True)
    size = fields.Integer(required=True, allow_none=True)
    checked_at = fields.DateTime(required=True, allow_none=True)

    @pre_dump
    def _without_folders(self, facts: DatabaseFacts, **_: Any) -> DatabaseFacts:
        """Where a file lies on the console's machine is for those who set it up."""
        path = facts.fields.database_name
        if not facts.fields.is_file or caller().actor.role.includes(Role.ADMIN):
            return facts
        short = path.rpartition("/")[2]
        known = replace(facts.fields, database_name=short)
        return replace(facts, fields=known, message=facts.message.replace(path, short))


class DatabaseListSchema(Schema):
    """All databases, the console's own first."""

    databases = fields.List(fields.Nested(DatabaseSchema), required=True)


@part.on_get("")
@part.gives(DatabaseListSchema)
@allow(Role.VIEWER)
def index() -> dict[str, tuple[DatabaseFacts, ...]]:
    """All databases."""
    return {"databases": (own_database(), *list_databases())}
