"""The dashboard: the state of the database at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from flask import Blueprint, Flask, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.activity import SignInDay, online_users
from features.backups import list_backups, summarise
from features.overview import Overview
from features.reasons import Reason
from features.sampling import SizePoint, size_history
from features.verification import verify_schema
from operations.store import newest_operations
from web.auth import now
from web.looks import init_looks, read_shared_overview, read_shared_sign_ins, read_together
from web.permissions import allow
from web.plots import Plot, Series
from web.recovery import recovery_line
from web.rendering import signed_in_user
from web.settings import settings_of

pages = Blueprint("overview", __name__)
pages.record_once(lambda setup: init_looks(cast(Flask, setup.app)))

_ROWS = 7  # of operations and of people
_DAYS = 90  # of the plot of the size
_PACE = timedelta(days=30)
_SLOWLY = 5.0  # seconds for which people share what changes by the minute

# Where a page shows what a check found, or mends it: the endpoint and the words of the button.
_PLACES = {
    "worker": ("operations.index", "See operations"),
    "databases": ("databases.index", "See databases"),
    "backup": ("backups.index", "See backups"),
    "backups": ("backups.index", "See backups"),
    "audit": ("audit.index", "See the audit"),
    "migrations": ("migrations.index", "See migrations"),
    "schema": ("health.show", "See all checks"),
}


@dataclass(frozen=True)
class Growth:
    """How much the size changed, in bytes, since a moment at most 30 days ago."""

    bytes: int
    since: datetime


@pages.get("/")
@allow(Role.VIEWER)
def show() -> ResponseReturnValue:
    """The verdict with its reasons, and the panels beneath."""
    overview = read_shared_overview()
    panels = {}
    if _has_tables(overview):
        panels = _read_panels() | read_together("plots", _read_plots, _SLOWLY)
    return _show("overview/show.html", overview, panels)


@pages.get("/news")
@allow(Role.VIEWER)
def news() -> ResponseReturnValue:
    """What changes by itself on a dashboard that stays open: all of it but the plots."""
    overview = read_shared_overview()
    panels = _read_panels() if _has_tables(overview) else {}
    return _show("overview/_news.html", overview, panels, swapped=True)


@pages.app_template_filter()
def revision_words(name: str) -> str:
    """What a migration is about: "8c20e5b1d6f4_background_work" is "Background work"."""
    return name.partition("_")[2].replace("_", " ").capitalize() or name


@pages.app_template_filter()
def day_words(day: date) -> str:
    """A day as people write it: "Nov 12"."""
    return f"{day:%b} {day.day}"


def _show(
    template: str, overview: Overview | None, panels: dict[str, object], *, swapped: bool = False
) -> str:
    user = signed_in_user()
    role = user.role if user else Role.VIEWER
    reasons = overview.reasons(role) if overview else ()
    return render_template(
        template,
        overview=overview,
        verdict=overview.verdict if overview else "Not checked yet",
        age=max(0.0, (now() - overview.checked_at).total_seconds()) if overview else 0,
        reasons=[(reason, _place_of(reason)) for reason in reasons],
        may_verify=role.includes(verify_schema.declaration.role),
        swapped=swapped,
        **panels,
    )


def _has_tables(overview: Overview | None) -> bool:
    """Is there anything to read panels from, as far as is known?"""
    return overview is None or overview.has_tables


def _read_panels() -> dict[str, object]:
    """What the panels show of our own tables: what runs as it is now, the rest as others just saw it."""
    return {
        "operations": read_together("operations", lambda: newest_operations(_ROWS)),
        "online": read_together("online", lambda: online_users(_ROWS, now()), _SLOWLY),
        **read_together("recovery", _read_recovery, _SLOWLY),
    }


def _read_recovery() -> dict[str, object]:
    """What could be brought back if the database failed now."""
    own = settings_of(current_app).database.name
    summary, newest = summarise(own), list_backups(own).backups
    line = recovery_line(newest, summary.target_seconds, summary.is_overdue, now())
    return {"recovery": summary, "recovery_line_shown": line}


def _read_plots() -> dict[str, object]:
    """What the panels with plots show."""
    sizes, sign_ins = size_history(_DAYS, now()), read_shared_sign_ins()
    return {
        "sizes": Plot([point.taken_at for point in sizes], [Series("measured", _bytes(sizes))], unit="bytes"),
        "growth": _growth(sizes),
        "sign_ins": sign_ins,
        "sign_in_plot": _sign_in_plot(sign_ins),
    }


def _bytes(sizes: tuple[SizePoint, ...]) -> list[int]:
    return [point.size for point in sizes]


def _growth(sizes: tuple[SizePoint, ...]) -> Growth | None:
    """Measured between the newest sample and the oldest of the 30 days before it."""
    recent = [point for point in sizes if point.taken_at >= sizes[-1].taken_at - _PACE]
    if len(recent) < 2:
        return None
    return Growth(recent[-1].size - recent[0].size, recent[0].taken_at)


def _sign_in_plot(days: tuple[SignInDay, ...]) -> Plot:
    return Plot(
        [day.day for day in days],
        [
            Series("succeeded", [day.succeeded for day in days], "succeeded"),
            Series("failed", [day.failed for day in days], "failed"),
        ],
        kind="bars",
    )


def _place_of(reason: Reason) -> tuple[str, str] | None:
    """The address and the words of the button of a reason, where a page of today helps."""
    endpoint, words = _PLACES.get(reason.check, ("", ""))
    return (url_for(endpoint), words) if endpoint in current_app.view_functions else None
