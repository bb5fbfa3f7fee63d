"""Backups from elsewhere: files that lie in the folder, and files that are sent here."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.errors import BackupError, InvalidInput
from features.foreign_backups import adopt_backup, keep_upload, list_foreign_files
from operations.audit import audited
from web.actions import signed_in_actor, start
from web.backup_view import database_names
from web.permissions import allow
from web.settings import settings_of
from web.uploads import exempt_streamed, leave_rest, read_upload, streamed

pages = Blueprint("foreign_backups", __name__, url_prefix="/backups/files")


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """What lies in the folder and belongs to no backup, and the form that sends another file."""
    return _show()


@pages.post("")
@allow(Role.ADMIN)
@streamed
def upload() -> ResponseReturnValue:
    """Keep the file that is sent, as it comes; then it can be adopted."""
    try:
        sent = read_upload()
        with audited(settings_of(current_app), signed_in_actor(), "backup.upload", "backups"):
            kept = keep_upload(sent.stream, sent.name, request.content_length)
    except (InvalidInput, BackupError) as error:
        leave_rest()
        return _show(str(error)), error.http_status
    flash(f"Kept as {kept}. Adopt it to restore from it.", "success")
    return redirect(url_for(".index"), 303)


@pages.post("/adopt")
@allow(Role.ADMIN)
def adopt() -> ResponseReturnValue:
    """Have a file of the folder made a backup, and go to the operation that does."""
    file, database = request.form.get("file", ""), request.form.get("database", "")
    return start(adopt_backup, file, database, made_by=signed_in_actor().name)


def _show(error: str = "") -> str:
    return render_template(
        "backups/files.html", files=list_foreign_files(), names=database_names(), error=error
    )


pages.record_once(lambda setup: exempt_streamed(cast(Flask, setup.app)))
