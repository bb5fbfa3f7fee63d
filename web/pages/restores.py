"""Restores: what one would do, said before; then the button."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.errors import AppError, Conflict, InvalidInput, NotFound, ServerError
from core.text import visible
from features.backups import BackupFacts, read_backup
from features.restore_plans import RestorePlan
from features.restores import plan_restore, restore_backup
from web.actions import signed_in_actor, start
from web.backup_view import database_names
from web.permissions import allow, fresh
from web.settings import settings_of

pages = Blueprint("restores", __name__, url_prefix="/backups/<id>/restore")

_NAME_LENGTH = 63


@pages.get("")
@allow(Role.ADMIN)
@fresh
def new(id: str) -> ResponseReturnValue:
    """What a restore would do: in the place of the live database, or beside it as a new one."""
    backup = read_backup(id).backup
    is_beside = bool(request.args.get("beside")) or not backup.is_trusted
    name = (request.args.get("new_name") or new_name_for(backup)).strip() if is_beside else ""
    return _show(backup, request.args.get("database", ""), name)


@pages.post("")
@allow(Role.ADMIN)
@fresh
def create(id: str) -> ResponseReturnValue:
    """Start the restore once its name was typed, where something is lost; into a new database at once."""
    backup = read_backup(id).backup
    database, new_name = request.form.get("database", ""), request.form.get("new_name", "").strip()
    if request.form.get("beside") and not new_name:
        return _show(backup, database, new_name_for(backup), "A new database needs a name."), 422
    try:
        plan = plan_restore(backup.id, database, new_name)
    except (Conflict, InvalidInput) as error:
        return _show(backup, database, new_name, str(error)), error.http_status
    if not plan.is_possible:
        return _show(backup, database, new_name, "Nothing was started."), 409
    if plan.loses_data and request.form.get("confirmation") != plan.database:
        return _show(backup, database, new_name, "This is not its name. Nothing was changed."), 422
    by = signed_in_actor().name
    stops = plan.can_stop_writes and bool(request.form.get("stop_writes"))
    return start(
        restore_backup, backup.name, plan.database, made_by=by, new_name=plan.new_name, stop_writes=stops
    )


def new_name_for(backup: BackupFacts) -> str:
    """A name to begin with: that of the database and the day."""
    day = f"{backup.taken_at.astimezone():%Y%m%d}"
    return f"{visible(backup.database)[: _NAME_LENGTH - len(day) - 1]}_{day}"


def _show(backup: BackupFacts, database: str, new_name: str, error: str = "") -> str:
    plan, fault = _plan(backup, database, new_name)
    return render_template(
        "backups/restore.html",
        backup=backup,
        plan=plan,
        fault=fault,
        error=error,
        new_name=new_name,
        database=plan.database if plan else database or backup.database,
        names=database_names(fit_for=backup.dialect),
        settings_days=settings_of(current_app).restore_grace_days,
        beside_url=url_for(".new", id=backup.id, beside=1, database=database or None),
        place_url=url_for(".new", id=backup.id, database=database or None),
    )


def _plan(backup: BackupFacts, database: str, new_name: str) -> tuple[RestorePlan | None, AppError | None]:
    """The plan, or why there is none: the database does not answer, or is not known here any more."""
    try:
        return plan_restore(backup.id, database, new_name), None
    except (InvalidInput, Conflict, NotFound, ServerError) as error:
        return None, error
