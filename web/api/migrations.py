"""Migrations at the API: where a database is, what a migration would do, and a migration run."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from core.actor import Role
from core.errors import NotConfirmed
from features.migration_plans import MigrationPreview, plan_migration
from features.migration_status import MigrationStatus
from features.migrations import apply_migrations
from web.api.actions import start
from web.api.frame import ApiBlueprint
from web.api.migration_schemas import (
    DatabaseQuerySchema,
    MigrateSchema,
    MigrationPlanSchema,
    MigrationStatusSchema,
)
from web.bearer import caller
from web.looks import read_shared_migrations
from web.permissions import allow

part = ApiBlueprint("migrations", "The schema brought from revision to revision.", "/api/admin/database")


@part.on_get("/status")
@part.takes(DatabaseQuerySchema, "query")
@part.gives(MigrationStatusSchema)
@part.may_answer(404)
@allow(Role.VIEWER)
def show(asked: dict[str, Any]) -> MigrationStatus:
    """Where a database is among its migrations, and whether its schema has drifted."""
    return read_shared_migrations(asked["database"])


@part.on_post("/migrate")
@part.takes(MigrateSchema)
@part.starts
@part.may_give(MigrationPlanSchema)
@part.may_answer(404)
@allow(Role.ADMIN)
def create(wanted: dict[str, Any]) -> Response:
    """Run a migration, or show its plan.

    With `dry_run` it answers 200 with the plan and changes nothing. Else the plan is applied, by an
    operation; where data may go, only with `force`.
    """
    preview = plan_migration(wanted["target"], wanted["database"], skip_backup=wanted["skip_backup"])
    if wanted["dry_run"]:
        return jsonify(MigrationPlanSchema().dump(preview))
    _refuse_unconfirmed(preview, wanted["force"])
    return start(
        apply_migrations,
        preview.database,
        preview.plan.target,
        applied_by=caller().actor.name,
        plan_hash=wanted["plan_hash"] or preview.plan.hash,
        skip_backup=wanted["skip_backup"],
    )


def _refuse_unconfirmed(preview: MigrationPreview, force: bool) -> None:
    if preview.plan.is_destructive and not force:
        raise NotConfirmed(
            f"This migration of {preview.database} may lose data.",
            hint='Look at it with "dry_run": true, then send "force": true.',
        )
