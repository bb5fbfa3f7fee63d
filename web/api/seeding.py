"""Seeding at the API: rows added, what is there, runs undone."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from marshmallow import Schema, fields
from marshmallow.validate import Range

from core.actor import Role
from core.errors import Conflict, InvalidInput, NotConfirmed
from features.seed_plans import ALL, LARGEST_COUNT, LARGEST_SEED, check_wishes, wishes_of
from features.seed_removal import undo_run
from features.seed_runs import read_run
from features.seed_statistics import Statistics, read_statistics
from features.seeding import ADD, CLEAN_FIRST, UPSERT, seed
from web.api.actions import start
from web.api.frame import ApiBlueprint
from web.bearer import caller
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("seeding", "Rows that look real: added, counted, undone.", "/api/admin/database")


class SeedSchema(Schema):
    """What to add. `seed_type` is all, users, ssh, commands, sessions or sync; `count` rows of each. Where
    `environment` is given it must be the running one. A count above MAX_SEED_COUNT wants `force`; production
    wants the database's name in `confirm_name`."""

    seed_type = fields.String(load_default=ALL)
    count = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(1, LARGEST_COUNT))
    clean_first = fields.Boolean(load_default=False)
    use_upsert = fields.Boolean(load_default=False)
    environment = fields.String(load_default=None, allow_none=True)
    seed = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(0, LARGEST_SEED))
    force = fields.Boolean(load_default=False)
    confirm_name = fields.String(load_default=None, allow_none=True)


class ConfirmationSchema(Schema):
    """In production, the database's name."""

    confirm_name = fields.String(load_default=None, allow_none=True)


class TableStatisticsSchema(Schema):
    """One table: its rows, those that seeding made, bytes with indexes."""

    type = fields.String(required=True)
    table = fields.String(required=True)
    rows = fields.Integer(required=True)
    exact = fields.Boolean(required=True)
    seeded = fields.Integer(required=True)
    size = fields.Integer(required=True, allow_none=True)


class SeedRunSchema(Schema):
    """One run of the ledger."""

    id = fields.String(required=True)
    mode = fields.String(required=True)
    seed = fields.Integer(required=True)
    wanted = fields.String(required=True)
    made_by = fields.String(required=True)
    rows = fields.Integer(required=True)
    done = fields.Integer(required=True)
    started_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    undone_at = fields.AwareDateTime(required=True, allow_none=True)
    seconds = fields.Float(required=True)


class StatisticsSchema(Schema):
    """The seeded tables, and the newest runs."""

    database = fields.String(required=True)
    rows = fields.Integer(required=True)
    size = fields.Integer(required=True)
    tables = fields.List(fields.Nested(TableStatisticsSchema), required=True)
    runs = fields.List(fields.Nested(SeedRunSchema), required=True)


@part.on_post("/seed")
@part.takes(SeedSchema)
@part.starts
@allow(Role.ADMIN)
def create(wanted: dict[str, Any]) -> Response:
    """Add rows to the console's own database.

    Clean first removes what seeding made of those types before; an upsert repeats what is there."""
    settings = settings_of(current_app)
    check_environment(wanted["environment"])
    wishes = wishes_of(wanted["seed_type"], wanted["count"] or settings.default_seed_count)
    check_wishes(wishes, wanted["seed"] or 0)
    if not wanted["force"]:
        check_most(wishes)
    check_confirmed("Seeding", wanted["confirm_name"])
    mode = UPSERT if wanted["use_upsert"] else CLEAN_FIRST if wanted["clean_first"] else ADD
    name, actor = settings.database.name, caller().actor.name
    return start(seed, name, wishes, made_by=actor, mode=mode, number=wanted["seed"])


@part.on_get("/stats")
@part.gives(StatisticsSchema)
@allow(Role.VIEWER)
def show() -> Statistics:
    """How many rows the seeded tables have, how many of them seeding made, and the newest runs."""
    return read_statistics(settings_of(current_app).database.name)


@part.on_post("/seed-runs/<string(length=26):id>/undo")
@part.takes(ConfirmationSchema)
@part.starts
@part.may_answer(404)
@allow(Role.ADMIN)
def undo(wanted: dict[str, Any], id: str) -> Response:
    """Remove the rows of one run, and the seeded rows that belong to them."""
    run = read_run(id)
    check_confirmed("Undoing a seeding", wanted["confirm_name"])
    if not run.is_undoable:
        raise Conflict("The rows of this run are removed already.")
    return start(undo_run, settings_of(current_app).database.name, run.id)


def check_confirmed(what: str, named: str | None) -> None:
    """Raises NotConfirmed in production without the database's name."""
    settings = settings_of(current_app)
    if settings.flask_env.guarded and named != settings.database.name:
        hint = "Give the database's name as confirm_name."
        raise NotConfirmed(f"{what} in production was not confirmed.", hint=hint)


def check_environment(named: str | None) -> None:
    """Raises Conflict where the environment that is meant is not the running one."""
    running = settings_of(current_app).flask_env
    if named is not None and named != running:
        raise Conflict(f'This is {running}, not "{named[:40]}".', hint="Nothing was changed.")


def check_most(wishes: dict[str, int]) -> None:
    """Raises InvalidInput for more rows of a type than MAX_SEED_COUNT."""
    most = settings_of(current_app).max_seed_count
    if any(count > most for count in wishes.values()):
        raise InvalidInput(f"That is above MAX_SEED_COUNT, which is {most:,}.", hint="Say force to mean it.")
