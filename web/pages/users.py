"""Users: the list, one of them, and what admins do to them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.errors import AlreadyExists, InvalidInput
from core.progress import Feature
from core.text import plural, visible
from features.activity import online_count
from features.user_changes import (
    TIERS,
    Chosen,
    activate_users,
    choose,
    create_user,
    deactivate_users,
    edit_user,
    end_user_sessions,
    reset_password,
)
from features.user_list import EXPORTED, SORTS, STATES, UserFilter, all_users, is_sorted, list_users
from features.user_rows import UserFacts, read_user_by_id
from operations.runner import Runner
from web.actions import signed_in_actor
from web.auth import now
from web.database_form import refuse_unknown_fields
from web.downloads import download
from web.listing import LENGTH, ListView, read_list, show_list
from web.looks import read_row_count
from web.permissions import allow, fresh
from web.settings import settings_of
from web.user_form import EditUserForm, UserForm

pages = Blueprint("users", __name__, url_prefix="/users")

_NUMBER = "<int(max=9223372036854775807):number>"
_SWITCHES: dict[str, Feature[[Chosen], int]] = {"activate": activate_users, "deactivate": deactivate_users}


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """The users of a filter, a page of them."""
    view = _read_view()
    found = list_users(view.wanted, now(), view.cursor, LENGTH)
    words = {"total": read_row_count("user"), "online": online_count(now())}
    return show_list(
        "users",
        view,
        found.rows,
        found.next_cursor,
        is_sorted=is_sorted(view.wanted),
        roles=list(Role),
        **words,
    )


@pages.get("/export")
@allow(Role.ADMIN)
def export() -> Response:
    """All users of a filter as a file."""
    view = read_list("users.index", UserFilter)
    facts = all_users(view.wanted, now())
    return download(signed_in_actor(), "users", request.args.get("form", "csv"), facts, EXPORTED)


@pages.get("/new")
@allow(Role.ADMIN)
@fresh
def new() -> ResponseReturnValue:
    """The form to add one."""
    return render_template("users/new.html", form=UserForm())


@pages.post("")
@allow(Role.ADMIN)
@fresh
def create() -> ResponseReturnValue:
    """Add a user, and show the link under which they set a password: it stands in this answer alone."""
    form = UserForm()
    refuse_unknown_fields(form)
    if not form.validate():
        return render_template("users/new.html", form=form), 422
    try:
        made = _runner().run(create_user, form.new_user, form.role.data, form.tier.data)
    except AlreadyExists as error:
        form.username.errors = [str(error)]
        return render_template("users/new.html", form=form), error.http_status
    return _show_link(made.user, made.token, "was added")


@pages.get(f"/{_NUMBER}")
@allow(Role.ADMIN)
def show(number: int) -> ResponseReturnValue:
    """One user."""
    return render_template("users/show.html", user=read_user_by_id(number, now()))


@pages.get(f"/{_NUMBER}/edit")
@allow(Role.ADMIN)
@fresh
def edit(number: int) -> ResponseReturnValue:
    """The form to change one."""
    user = read_user_by_id(number, now())
    shown = {"name": visible(user.name), "email": visible(user.email), "role": user.role, "tier": user.tier}
    return render_template("users/edit.html", form=EditUserForm(data=shown), user=user)


@pages.post(f"/{_NUMBER}")
@allow(Role.ADMIN)
@fresh
def update(number: int) -> ResponseReturnValue:
    """Change a user. Raises LastAdmin."""
    user, form = read_user_by_id(number, now()), EditUserForm()
    refuse_unknown_fields(form)
    if not form.validate():
        return render_template("users/edit.html", form=form, user=user), 422
    try:
        _runner().run(edit_user, user.username, form.change)
    except AlreadyExists as error:
        form.email.errors = [str(error)]
        return render_template("users/edit.html", form=form, user=user), error.http_status
    flash(f"{visible(user.username)} was changed.", "success")
    return redirect(url_for("users.show", number=number), 303)


@pages.post("/switch")
@allow(Role.ADMIN)
@fresh
def switch() -> ResponseReturnValue:
    """Activate or deactivate the users that were ticked, all or none. Raises LastAdmin."""
    deed, numbers = request.form.get("deed", ""), request.form.getlist("number", type=int)
    if set(request.form) - {"csrf_token", "deed", "number"} or deed not in _SWITCHES:
        raise InvalidInput("The form is not one of these pages.", hint="Nothing was changed.")
    listed = _read_view().address()  # its filters came with the form
    if not numbers:
        flash("Choose users first.", "failure")
        return redirect(listed, 303)
    chosen = choose(tuple(read_user_by_id(number, now()).username for number in numbers[:201]))
    count = _runner().run(_SWITCHES[deed], chosen)
    flash(f"{plural(count, 'user')} {deed}d.", "success")
    only = len(chosen.usernames) == 1
    return redirect(url_for("users.show", number=numbers[0]) if only else listed, 303)


@pages.get(f"/{_NUMBER}/reset-password")
@allow(Role.ADMIN)
@fresh
def confirm_reset(number: int) -> ResponseReturnValue:
    """Say what ends, and ask."""
    return render_template("users/reset.html", user=read_user_by_id(number, now()))


@pages.post(f"/{_NUMBER}/reset-password")
@allow(Role.ADMIN)
@fresh
def reset(number: int) -> ResponseReturnValue:
    """Make the old password worthless, and show the link to a new one."""
    made = _runner().run(reset_password, read_user_by_id(number, now()).username)
    return _show_link(made.user, made.token, "has no password now")


@pages.post(f"/{_NUMBER}/end-sessions")
@allow(Role.ADMIN)
@fresh
def end_sessions(number: int) -> ResponseReturnValue:
    """Sign a user out in every browser."""
    user = read_user_by_id(number, now())
    count = _runner().run(end_user_sessions, user.username)
    flash(f"{plural(count, 'session')} of {visible(user.username)} ended.", "success")
    return redirect(url_for("users.show", number=number), 303)


def _read_view() -> ListView[UserFilter]:
    choices = {"role": tuple(Role), "tier": TIERS, "state": STATES, "sort": SORTS}
    return read_list("users.index", UserFilter, choices=choices)


def _runner() -> Runner:
    return Runner(signed_in_actor(), settings_of(current_app))


def _show_link(user: UserFacts, token: str, deed: str) -> str:
    link = settings_of(current_app).console_address + url_for("passwords.edit", token=token)
    return render_template("users/link.html", user=user, link=link, deed=deed)
