"""Migrations: where a database is, what a migration would do, and the button."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.errors import AppError, Conflict, InvalidInput, MigrationError, NotFound, SchemaFault, ServerError
from core.naming import fold
from features.migration_plans import MigrationPreview, plan_migration
from features.migration_runs import list_runs
from features.migration_status import MigrationStatus, list_trees
from features.migrations import apply_migrations, read_history
from web.actions import signed_in_actor, start
from web.looks import read_shared_migrations
from web.permissions import allow, fresh

pages = Blueprint("migrations", __name__, url_prefix="/migrations")

_RUNS = 20
_FAULTS = (Conflict, InvalidInput, MigrationError, NotFound, SchemaFault, ServerError)


@pages.get("")
@allow(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Where one database is, what is pending, and who ran what."""
    names = list_trees()
    database = _chosen(names)
    status, fault = _status(database)
    is_own = database == names[0]
    return render_template(
        "migrations/index.html",
        names=names,
        database=database,
        is_own=is_own,
        status=status,
        fault=fault,
        history=read_history() if is_own else (),
        runs=list_runs(database, _RUNS),
        choices=[(name, url_for(".index", database=name), None) for name in names],
    )


@pages.get("/new")
@allow(Role.ADMIN)
@fresh
def new() -> ResponseReturnValue:
    """What bringing a database to a target would do."""
    return _show(request.args.get("database", ""), request.args.get("target") or "head")


@pages.post("")
@allow(Role.ADMIN)
@fresh
def create() -> ResponseReturnValue:
    """Apply the plan that was shown, and no other; where data may go, once the name was typed."""
    form = request.form
    database, target = form.get("database", ""), form.get("target") or "head"
    skip_backup = bool(form.get("skip_backup"))
    try:
        preview = plan_migration(target, database, skip_backup=skip_backup)
    except _FAULTS as error:
        return _show(database, target, str(error)), error.http_status
    plan = preview.plan
    if plan.hash != form.get("plan_hash"):
        return _show(database, target, "The plan has changed meanwhile. This is how it is now."), 409
    if plan.is_destructive and form.get("confirmation") != preview.database:
        return _show(database, target, "This is not its name. Nothing was changed."), 422
    return start(
        apply_migrations,
        preview.database,
        plan.target,
        applied_by=signed_in_actor().name,
        plan_hash=plan.hash,
        skip_backup=skip_backup,
    )


def _chosen(names: tuple[str, ...]) -> str:
    """The database of the address, as it is spelt here; the console's own where none is named."""
    asked = request.args.get("database") or names[0]
    known = next((name for name in names if fold(name) == fold(asked)), "")
    if not known:
        raise NotFound("No migrations are known of that database.")
    return known


def _status(database: str) -> tuple[MigrationStatus | None, AppError | None]:
    """The status, or why there is none: the server does not answer, or knows newer revisions."""
    try:
        return read_shared_migrations(database), None
    except _FAULTS as error:
        return None, error


def _show(database: str, target: str, error: str = "") -> str:
    preview, fault = _preview(database, target)
    return render_template(
        "migrations/new.html",
        preview=preview,
        fault=fault,
        error=error,
        target=target,
        database=preview.database if preview else database,
    )


def _preview(database: str, target: str) -> tuple[MigrationPreview | None, AppError | None]:
    try:
        return plan_migration(target, database), None
    except _FAULTS as error:
        return None, error
