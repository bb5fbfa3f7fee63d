"""The styleguide: every part of the pages once, with made-up facts. Nothing on it does anything."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, RadioField, SelectField, StringField

from core.actor import Role
from web.auth import now
from web.listing import ListView
from web.palette import palettes
from web.permissions import allow
from web.plots import Plot, Series
from web.samples import sample_evidence, sample_month, sample_recovery_line

pages = Blueprint("styleguide", __name__)

_DAYS = 30
_MEASURED = 22
_GIGABYTE = 10**9


class SampleForm(FlaskForm):  # type: ignore[misc]
    """One field of each kind; the second has an error."""

    name = StringField("Name", default="Nightly")
    hours = StringField("Cron expression", default="0 25 * * *")
    keep = SelectField("Keep", choices=["30 days", "90 days", "1 year"])
    amount = IntegerField("Rows", default=10000)
    password = PasswordField("Password", default="a walk along the river")
    mode = RadioField("Mode", choices=["Add", "Upsert", "Clean first"], default="Add")
    verify = BooleanField("Verify after each backup", default=True)


@pages.get("/styleguide")
@allow(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Every part."""
    form = SampleForm(formdata=None)
    form.hours.errors = ["The hour is 25. Use 0 to 23."]
    return render_template(
        "styleguide/show.html",
        palettes=palettes(),
        form=form,
        moment_shown=now(),
        size_plot=_size_plot(),
        sign_in_plot=_sign_in_plot(),
        speed_plot=_speed_plot(),
        bare_plot=Plot((now(),), (Series("measured", (1,)),)),
        month=sample_month(now().date(), url_for("styleguide.show")),
        line=sample_recovery_line(now()),
        seen_levels=sample_evidence(now()),
        filters=ListView("styleguide.show", None, {"role": "admin"}, cursor="", shown=0),
    )


def _size_plot() -> Plot:
    """A line and where it leads at this pace."""
    sizes = [(44.2 + 0.18 * day - (1.3 if day > 11 else 0)) * _GIGABYTE for day in range(_DAYS)]
    measured: list[float | None] = [*sizes[:_MEASURED], *[None] * (_DAYS - _MEASURED)]
    projected: list[float | None] = [*[None] * (_MEASURED - 1), *sizes[_MEASURED - 1 :]]
    today = now()
    return Plot(
        [today + timedelta(days=day - _MEASURED + 1) for day in range(_DAYS)],
        (Series("measured", measured), Series("at this pace", projected, "projected")),
        unit="bytes",
    )


def _sign_in_plot() -> Plot:
    """Bars of a week's rhythm, with one bad day."""
    first = now().date() - timedelta(days=_DAYS - 1)
    days = [first + timedelta(days=day) for day in range(_DAYS)]
    succeeded = [5200 + 40 * day.day if day.weekday() > 4 else 12600 + 45 * day.day for day in days]
    failed = [2316 if place == 21 else 150 + 9 * place for place in range(_DAYS)]
    return Plot(
        days, (Series("succeeded", succeeded, "succeeded"), Series("failed", failed, "failed")), kind="bars"
    )


def _speed_plot() -> Plot:
    """The speed of a running operation, an area from zero."""
    start = now() - timedelta(minutes=10)
    speeds = [
        42000 + 2600 * ((place * 7) % 11 - 5) / 5 - (14000 if 40 < place < 46 else 0) for place in range(120)
    ]
    moments = [start + timedelta(seconds=5 * place) for place in range(120)]
    return Plot(moments, (Series("rows per second", speeds, "running"),), unit="rows/s", kind="area")
