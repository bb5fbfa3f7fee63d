"""Backups: the list with its calendar, one of them with its evidence, and what is done with them."""

from __future__ import annotations

from io import BytesIO

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.backup_levels import Level
from features.backup_verification import verify_backup
from features.backups import (
    BackupDetails,
    backup_sizes,
    calendar,
    create_backup,
    download_backup,
    list_backups,
    pin_backup,
    read_backup,
    summarise,
)
from features.recovery_sheets import read_recovery_sheet
from features.replacements import list_replacements
from operations.runner import Runner
from web import backup_words
from web.actions import signed_in_actor, start
from web.arguments import whole_number
from web.backup_form import BackupForm
from web.backup_view import PROOFS, View, database_names, read_view, today
from web.calendar import Month, month_of
from web.database_form import refuse_unknown_fields
from web.permissions import allow, fresh
from web.plots import Plot, Series
from web.settings import settings_of

pages = Blueprint("backups", __name__, url_prefix="/backups")
for _word in backup_words.FILTERS:
    pages.add_app_template_filter(_word)
pages.add_app_template_global(backup_words.is_same_day)

_LIST_LENGTH = 25
_SIZE_DAYS = 90
_PANEL = "backup"  # the id of the place of one backup beside the others


@pages.get("")
@allow(Role.VIEWER)
def index() -> ResponseReturnValue:
    """The backups of one database; for htmx, the next rows alone."""
    if "HX-Request" in request.headers and request.args.get("cursor"):
        view = read_view()
        return render_template("backups/_more.html", view=view, days=_days(), **_listed(view))
    return _show_all(read_view(), None)


@pages.get("/<id>")
@allow(Role.VIEWER)
def show(id: str) -> ResponseReturnValue:
    """One backup beside the others; for htmx alone."""
    details = read_backup(id)
    view = read_view(details.backup)
    if request.headers.get("HX-Target") == _PANEL:
        return render_template("backups/_one.html", view=view, days=_days(), **_shown(details))
    return _show_all(view, details)


@pages.get("/<id>/recovery-sheet")
@allow(Role.VIEWER)
def sheet(id: str) -> ResponseReturnValue:
    """How the backup is brought back on any machine, without this console; as a file when asked for."""
    backup, found = read_backup(id).backup, read_recovery_sheet(id)
    if not request.args.get("download"):
        return render_template("backups/sheet.html", backup=backup, sheet=found)
    text = BytesIO(found.text.encode())
    return send_file(text, "text/markdown", as_attachment=True, download_name=found.name)


@pages.get("/new")
@allow(Role.OPERATOR)
def new() -> ResponseReturnValue:
    """The form of a backup that is not of everything, or gets a note."""
    chosen = read_view().database or settings_of(current_app).database.name
    return _new_form(BackupForm(formdata=None, database=chosen, contents=True))


@pages.post("")
@allow(Role.OPERATOR)
def create() -> ResponseReturnValue:
    """Have a backup taken, and go to the operation that does."""
    form = BackupForm()
    refuse_unknown_fields(form)
    if not form.validate():
        return _new_form(form), 422
    name = form.database.data or settings_of(current_app).database.name
    return start(create_backup, name, made_by=signed_in_actor().name, **form.arguments())


@pages.post("/<id>/verify")
@allow(Role.OPERATOR)
def verify(id: str) -> ResponseReturnValue:
    """Have the backup held against the levels up to one, and go to the operation that does."""
    backup = read_backup(id).backup
    return start(verify_backup, backup.name, request.form.get("level") or Level.EQUAL)


@pages.post("/<id>/pin")
@allow(Role.OPERATOR)
def pin(id: str) -> ResponseReturnValue:
    """Keep the backup whatever its age, or no longer."""
    backup = read_backup(id).backup
    Runner(signed_in_actor(), settings_of(current_app)).run(pin_backup, backup.name, not backup.is_pinned)
    flash("No longer pinned." if backup.is_pinned else "Pinned: it stays whatever its age.", "success")
    return redirect(url_for(".show", id=backup.id), 303)


@pages.post("/<id>/download")
@allow(Role.ADMIN)
@fresh
def download(id: str) -> ResponseReturnValue:
    """The file of the backup as it is stored, encrypted where it is."""
    backup = read_backup(id).backup
    found = Runner(signed_in_actor(), settings_of(current_app)).run(download_backup, backup.name)
    response = make_response(
        send_file(found.stream, "application/octet-stream", as_attachment=True, download_name=found.name)
    )
    response.content_length = found.size
    return response


def _show_all(view: View, details: BackupDetails | None) -> str:
    one = _shown(details) if details else {"details": None}
    selected = details.backup.taken_at if details else None
    return render_template(
        "backups/index.html",
        view=view,
        days=_days(),
        names=database_names(view.database),
        summary=summarise(view.database) if view.database else None,
        month=_month(view, details),
        sizes=_size_plot(view.database),
        kept=list_replacements(view.database, kept_only=True),
        selected=selected,
        **_listed(view),
        **one,
    )


def _listed(view: View) -> dict[str, object]:
    """The rows of the table, and how it goes on."""
    listed = list_backups(view.database, view.proof, request.args.get("cursor", ""), _LIST_LENGTH)
    shown = whole_number("shown") + len(listed.backups)
    follow = view.address(cursor=listed.next_cursor, shown=shown) if listed.next_cursor else ""
    counts = listed.counts
    segments = [
        (title, view.of_proof(proof).address() + "#all-backups", getattr(counts, proof))
        for title, proof in PROOFS
    ]
    current = next((title for title, proof in PROOFS if proof == view.proof), "")
    words = {"segments_shown": segments, "current_segment": current}
    return {"listed": listed, "shown": shown, "next_page": follow, **words}


def _month(view: View, details: BackupDetails | None) -> Month:
    backup = details.backup if details else None
    return month_of(
        view.month,
        calendar(view.database, view.month.year, view.month.month),
        today(),
        selected=backup.taken_at.date() if backup else None,
        address_of=lambda day: (
            view.address(day.backup_id)
            if day.backup_id
            else url_for("operations.index", state="failed")
            if day.failed
            else ""
        ),
        month_address=lambda month: view.of_month(month).address(backup.id if backup else ""),
    )


def _size_plot(database: str) -> Plot:
    sizes = backup_sizes(database, _SIZE_DAYS) if database else ()
    return Plot([one.taken_at for one in sizes], [Series("stored", [one.size for one in sizes])], "bytes")


def _shown(details: BackupDetails) -> dict[str, object]:
    """What is shown of one backup."""
    return {
        "details": details,
        "backup": details.backup,
        "seen_levels": [(level, details.newest(level)) for level in Level],
        "next_level": backup_words.next_level(details.backup),
        "titles": backup_words.TITLES,
        "not_seen": backup_words.NOT_SEEN,
    }


def _new_form(form: BackupForm) -> str:
    return render_template("backups/new.html", form=form.offer(database_names()))


def _days() -> int:
    return settings_of(current_app).backup_retention_days
