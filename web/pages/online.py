"""Who is signed in now, and the end of a session."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.text import visible
from features.activity import online_count
from features.online import OnlineFilter, end_session, list_online, read_online
from operations.runner import Runner
from web.actions import signed_in_actor
from web.auth import now
from web.listing import LENGTH, read_list, show_list
from web.permissions import allow
from web.settings import settings_of

pages = Blueprint("online", __name__, url_prefix="/online")


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Every browser that is signed in."""
    view = read_list("online.index", OnlineFilter)
    found = list_online(view.wanted, now(), view.cursor, LENGTH)
    count = online_count(now())
    return show_list("online", view, found.rows, found.next_cursor, count=count)


@pages.post("/<int(max=9223372036854775807):number>/end")
@allow(Role.ADMIN)
def end(number: int) -> ResponseReturnValue:
    """Sign its user out in that browser."""
    known = read_online(number, now())  # before anything is recorded
    Runner(signed_in_actor(), settings_of(current_app)).run(end_session, number, known.username)
    flash(f"A session of {visible(known.username)} was ended.", "success")
    return redirect(url_for("online.index"), 303)
