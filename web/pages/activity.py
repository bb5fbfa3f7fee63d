"""Who came and went: the sign-ins and sign-outs, filtered, plotted by day, exported."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.errors import TooBroad
from features.activity import SignInDay
from features.activity_list import (
    ACTIONS,
    EXPORTED,
    ActivityFilter,
    activity_by_day,
    all_activity,
    list_activity,
)
from web.actions import signed_in_actor
from web.auth import now
from web.downloads import download
from web.listing import LENGTH, ListView, read_list, show_list
from web.looks import read_row_count, read_shared_sign_ins
from web.permissions import allow
from web.plots import Plot, Series
from web.settings import settings_of

pages = Blueprint("activity", __name__, url_prefix="/activity")


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """The newest sign-ins and sign-outs of a filter."""
    view = read_list("activity.index", ActivityFilter, choices={"action": ACTIONS})
    found = list_activity(view.wanted, view.cursor, LENGTH)
    words = {
        "actions": ACTIONS,
        "total": read_row_count("user_log"),
        "plot": None if view.cursor else _plot(view),
    }
    days = settings_of(current_app).activity_retention_days
    return show_list("activity", view, found.rows, found.next_cursor, days=days, **words)


@pages.get("/export")
@allow(Role.ADMIN)
def export() -> Response:
    """All of a filter as a file."""
    view = read_list("activity.index", ActivityFilter)
    facts = all_activity(view.wanted)
    return download(signed_in_actor(), "activity", request.args.get("form", "csv"), facts, EXPORTED)


def _plot(view: ListView[ActivityFilter]) -> Plot | None:
    """The sign-ins of 30 days; of all users those that the dashboard counted, with the failed ones."""
    if not view.is_narrowed:
        return _bars(read_shared_sign_ins(), with_failed=True)
    try:
        return _bars(activity_by_day(view.wanted, now()), with_failed=False)
    except TooBroad:  # the list is there all the same
        return None


def _bars(days: tuple[SignInDay, ...], *, with_failed: bool) -> Plot:
    succeeded = Series("succeeded", [day.succeeded for day in days], "succeeded")
    failed = [Series("failed", [day.failed for day in days], "failed")] if with_failed else []
    return Plot([day.day for day in days], [succeeded, *failed], kind="bars")
