"""The databases that the console knows: its own, and those that were registered."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.errors import AddressNotAllowed, AlreadyExists, AppError, InvalidInput
from core.naming import fold
from core.settings import Settings
from core.text import duration
from features.credentials import MAKE_COMMAND, CredentialsKeyMissing, key_fault
from features.database_probe import Outcome
from features.database_rows import DatabaseFacts
from features.database_tries import NotReachable, try_connection
from features.databases import (
    add_database,
    change_database,
    check_database_change,
    check_new_database,
    list_databases,
    own_database,
    read_database,
    remove_database,
)
from features.sampling import size_history
from operations.runner import Runner
from web.actions import signed_in_actor
from web.database_form import ChangeDatabaseForm, DatabaseForm
from web.permissions import allow, fresh
from web.plots import Plot, Series
from web.settings import settings_of

pages = Blueprint("databases", __name__, url_prefix="/databases")

_DAYS = 30
# Where the form shows what a feature refuses.
_BLAMED: tuple[tuple[type[AppError], str], ...] = (
    (AlreadyExists, "name"),
    (AddressNotAllowed, "host"),
    (CredentialsKeyMissing, "password"),
    (InvalidInput, "password"),
)
_BLAMED_FOR = {
    Outcome.SIGN_IN_REFUSED: "password",
    Outcome.DATABASE_MISSING: "database_name",
    Outcome.TLS_FAILED: "tls_mode",
}


@pages.get("")
@allow(Role.VIEWER)
def index() -> ResponseReturnValue:
    """All of them, the console's own first."""
    return render_template("databases/index.html", databases=(own_database(), *list_databases()))


@pages.get("/new")
@allow(Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form to register one."""
    return _new_form(DatabaseForm(environment=str(_settings().flask_env)))


@pages.post("")
@allow(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Try the connection, keep the database and show it; else the form, with what stands against it."""
    form = DatabaseForm()
    if not form.is_right(_settings()):
        return _new_form(form), 422
    return _kept(form, lambda: _add(form), _new_form)


@pages.get("/<name>")
@allow(Role.VIEWER)
def show(name: str) -> ResponseReturnValue:
    """One registered database: what is known of it, and its size over time. The console's own is shown on
    the dashboard."""
    if fold(name) == fold(_settings().database.name):
        return redirect(url_for("overview.show"))
    database = read_database(name)
    points = size_history(_DAYS, database_id=database.id)
    plot = Plot([one.taken_at for one in points], [Series("size", [one.size for one in points])], "bytes")
    return render_template("databases/show.html", database=database, plot=plot)


@pages.post("/<name>/test")
@allow(Role.OPERATOR)
def test(name: str) -> ResponseReturnValue:
    """Try the connection now, and show what was seen."""
    actor = signed_in_actor()
    try:
        answer = Runner(actor, _settings()).run(try_connection, read_database(name).name, tried_by=actor.name)
        flash(f"Answered in {duration(answer.seconds)}.", "success")
    except NotReachable as error:
        flash(str(error), "failure")
    return redirect(url_for("databases.show", name=name), 303)


@pages.get("/<name>/edit")
@allow(Role.ADMIN)
@fresh
def edit(name: str) -> ResponseReturnValue:
    """The form to change one; its password is never shown."""
    database = read_database(name)
    return _edit_form(ChangeDatabaseForm(obj=database.fields), database)


@pages.post("/<name>")
@allow(Role.ADMIN)
@fresh
def update(name: str) -> ResponseReturnValue:
    """Try the connection, keep the change and show the database; else the form again."""
    database = read_database(name)
    form = ChangeDatabaseForm()
    if not form.is_right(_settings(), database.name):
        return _edit_form(form, database), 422
    return _kept(form, lambda: _change(form, database.name), lambda form: _edit_form(form, database))


@pages.get("/<name>/remove")
@allow(Role.ADMIN)
@fresh
def confirm_remove(name: str) -> ResponseReturnValue:
    """What is lost, and the name to type."""
    return render_template("databases/remove.html", database=read_database(name), error="")


@pages.post("/<name>/remove")
@allow(Role.ADMIN)
@fresh
def remove(name: str) -> ResponseReturnValue:
    """Forget the database, once its name was typed."""
    database = read_database(name)
    if request.form.get("confirmation") != database.name:
        error = "This is not its name. Nothing was changed."
        return render_template("databases/remove.html", database=database, error=error), 422
    Runner(signed_in_actor(), _settings()).run(remove_database, database.name)
    flash(f"{database.name} is no longer registered.", "success")
    return redirect(url_for("databases.index"), 303)


def _add(form: DatabaseForm) -> DatabaseFacts:
    actor = signed_in_actor()
    check_new_database(form.fields(), form.password.data or "")  # before anything is recorded
    return Runner(actor, _settings()).run(
        add_database,
        form.fields(),
        form.password.data or "",
        created_by=actor.name,
        even_unreachable=form.even_unreachable.data,
    )


def _change(form: DatabaseForm, name: str) -> DatabaseFacts:
    actor = signed_in_actor()
    check_database_change(form.fields(name), form.password.data or "")  # before anything is recorded
    return Runner(actor, _settings()).run(
        change_database,
        form.fields(name),
        form.password.data or "",
        changed_by=actor.name,
        even_unreachable=form.even_unreachable.data,
    )


def _kept(
    form: DatabaseForm,
    keep: Callable[[], DatabaseFacts],
    show_form: Callable[[DatabaseForm], str],
) -> ResponseReturnValue:
    """Where `keep` leads to: the page of the database, or the form with what was refused."""
    try:
        return redirect(url_for("databases.show", name=keep().name), 303)
    except NotReachable as error:
        form.may_insist = True
        form.blame(_blamed_for(error), str(error))
        return show_form(form), error.http_status
    except (AlreadyExists, CredentialsKeyMissing, InvalidInput) as error:
        form.blame(next(field for kind, field in _BLAMED if isinstance(error, kind)), str(error))
        return show_form(form), error.http_status


def _blamed_for(error: NotReachable) -> str:
    """The field to look at again: of a file there is only its path."""
    return "database_name" if error.answer.is_file else _BLAMED_FOR.get(error.answer.outcome, "host")


def _new_form(form: DatabaseForm) -> str:
    return render_template(
        "databases/new.html",
        form=form,
        folder=_settings().database_folder.absolute(),
        key_fault=key_fault(_settings()),
        make_key=MAKE_COMMAND,
    )


def _edit_form(form: DatabaseForm, database: DatabaseFacts) -> str:
    return render_template(
        "databases/edit.html", form=form, database=database, folder=_settings().database_folder.absolute()
    )


def _settings() -> Settings:
    return settings_of(current_app)
