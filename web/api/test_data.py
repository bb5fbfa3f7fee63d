"""Test data at the API, for developers' own suites; it does not exist in production."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from core.actor import Role
from features.recipes.book import TYPES
from features.seed_removal import clean_old
from features.seeding import SCENARIO, seed
from web.api.actions import start
from web.api.frame import ApiBlueprint
from web.api.seeding import check_most
from web.bearer import caller
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("test-data", "Test data made and removed; not in production.", "/api/dev")

_MOST = 10**6


class OnboardingSchema(Schema):
    """How many new users, and how many SSH profiles each has."""

    user_count = fields.Integer(load_default=10, validate=Range(1, _MOST))
    ssh_profiles_per_user = fields.Integer(load_default=2, validate=Range(0, 100))


class ScenarioSchema(Schema):
    """A scenario, and its parameters."""

    scenario = fields.String(required=True, validate=OneOf(["user_onboarding"]))
    parameters = fields.Nested(OnboardingSchema, load_default=lambda: OnboardingSchema().load({}))


class CleanupSchema(Schema):
    """What to remove: rows of runs that began so many hours ago or earlier, of those types; users only where
    `include_test_users` says so."""

    older_than_hours = fields.Float(load_default=24.0, validate=Range(0, 10**6))
    include_test_users = fields.Boolean(load_default=False)
    data_types = fields.List(fields.String(validate=OneOf(TYPES)), load_default=lambda: list(TYPES))


@part.on_post("/test-data/generate")
@part.takes(ScenarioSchema)
@part.starts
@allow(Role.ADMIN)
def generate(wanted: dict[str, Any]) -> Response:
    """Make the rows of a scenario."""
    given = wanted["parameters"]
    users, each = given["user_count"], given["ssh_profiles_per_user"]
    wishes = {"users": users} | ({"ssh": users * each} if each else {})
    check_most(wishes)
    name, actor = settings_of(current_app).database.name, caller().actor.name
    return start(seed, name, wishes, made_by=actor, mode=SCENARIO, each={"ssh": each} if each else None)


@part.on_post("/cleanup")
@part.takes(CleanupSchema)
@part.starts
@allow(Role.ADMIN)
def cleanup(wanted: dict[str, Any]) -> Response:
    """Remove old test data; what people made stays."""
    return start(
        clean_old,
        settings_of(current_app).database.name,
        older_than_hours=wanted["older_than_hours"],
        types=wanted["data_types"],
        users=wanted["include_test_users"],
    )
