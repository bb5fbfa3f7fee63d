"""Seeding: choose types and counts, see what it comes to, run it, undo it."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.actor import Role
from core.errors import InvalidInput, NotFound
from core.naming import fold
from features.recipes.book import TYPES
from features.seed_removal import in_one_line, plan_removal, undo_run
from features.seed_runs import RunFacts, read_run
from features.seed_statistics import (
    Estimate,
    Statistics,
    estimate,
    in_words,
    read_statistics,
    row_sizes,
)
from features.seeding import CLEAN_FIRST, plan_seed, resume_seed, seed
from web.actions import signed_in_actor, start
from web.auth import ask_for_proof
from web.permissions import allow, fresh
from web.plots import Plot, Series
from web.seed_form import SeedForm
from web.settings import settings_of

pages = Blueprint("seeding", __name__, url_prefix="/seeding")


@pages.get("")
@allow(Role.VIEWER)
def index() -> ResponseReturnValue:
    """The types with what is there, the ledger, and how fast the newest runs were. Raises NotFound for
    another database: its tables are filled on the command line."""
    named, own = request.args.get("database", ""), settings_of(current_app).database.name
    if named and fold(named) != fold(own):
        raise NotFound(
            f"Only {own} is seeded here.",
            hint="On the server: manage_db.py seed --database NAME",
        )
    return _page(SeedForm(data=dict.fromkeys(TYPES, settings_of(current_app).default_seed_count)))


@pages.post("/estimate")
@allow(Role.ADMIN)
def preview() -> ResponseReturnValue:
    """The same page, with what the chosen numbers come to."""
    form = SeedForm()
    return _page(form, 200 if form.validate_on_submit() else 422)


@pages.post("")
@allow(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Run what was chosen, and go to the operation that does. What removes rows first wants the password."""
    form, settings = SeedForm(), settings_of(current_app)
    name = settings.database.name
    if not form.validate_on_submit():
        return _page(form, 422)
    if problem := _problem(form):
        return _page(form, 422, problem)
    actor, mode = signed_in_actor().name, form.mode.data
    if mode == CLEAN_FIRST and not current_user.proved_lately:
        return ask_for_proof(url_for("seeding.index"))
    try:
        plan_seed(name, form.wishes, mode=mode, number=form.number.data)
    except InvalidInput as error:
        return _page(form, 422, str(error))
    return start(seed, name, form.wishes, made_by=actor, mode=mode, number=form.number.data)


@pages.get("/<id>/undo")
@allow(Role.ADMIN)
@fresh
def confirm_undo(id: str) -> ResponseReturnValue:
    """What undoing a run would remove."""
    run = read_run(id)
    if not run.is_undoable:
        return redirect(url_for("seeding.index"), 303)
    return _undo_page(run)


@pages.post("/<id>/undo")
@allow(Role.ADMIN)
@fresh
def undo(id: str) -> ResponseReturnValue:
    """Have the rows of a run removed; in production by the database's name."""
    settings, run = settings_of(current_app), read_run(id)
    if settings.flask_env.guarded and request.form.get("confirmation") != settings.database.name:
        return _undo_page(run, "That is not its name."), 422
    return start(undo_run, settings.database.name, run.id)


@pages.post("/<id>/resume")
@allow(Role.ADMIN)
def resume(id: str) -> ResponseReturnValue:
    """Have a run that was cut off go on."""
    return start(resume_seed, settings_of(current_app).database.name, read_run(id).id)


def _undo_page(run: RunFacts, error: str = "") -> str:
    is_guarded = settings_of(current_app).flask_env.guarded
    words = in_words(run)
    return render_template("seeding/undo.html", run=run, words=words, is_guarded=is_guarded, error=error)


def _problem(form: SeedForm) -> str:
    """What stands against it, in a sentence; "" for nothing."""
    settings = settings_of(current_app)
    if not form.wishes:
        return "Choose at least one type, and how many rows of it."
    if not form.force.data and any(count > settings.max_seed_count for count in form.wishes.values()):
        return f"That is above {settings.max_seed_count:,} rows of a type. Allow it this time to go on."
    if settings.flask_env.guarded and (form.confirm_name.data or "") != settings.database.name:
        return "This is production. Type the name of the database to go on."
    if not form.removes.data and (going := _going(form)):
        return f"{CLEAN_FIRST.capitalize()} removes {in_one_line(going)}. Tick that below to go on."
    return ""


def _going(form: SeedForm) -> tuple[tuple[str, int], ...]:
    """Tables and their seeded rows that go first."""
    if form.mode.data != CLEAN_FIRST:
        return ()
    return plan_removal(settings_of(current_app).database.name, form.wishes)


def _page(form: SeedForm, status: int = 200, problem: str = "") -> ResponseReturnValue:
    settings = settings_of(current_app)
    statistics = read_statistics(settings.database.name)
    page = render_template(
        "seeding/index.html",
        form=form,
        problem=problem,
        statistics=statistics,
        tables={one.type: one for one in statistics.tables},
        types=TYPES,
        sizes=row_sizes(statistics),
        expected=None if form.errors else _expected(form, statistics),
        going="" if form.errors else in_one_line(_going(form)),
        most=settings.max_seed_count,
        is_guarded=settings.flask_env.guarded,
        words={run.id: in_words(run) for run in statistics.runs},
        rows_plot=_rows_plot(statistics),
        rates_plot=_rates_plot(statistics.runs),
    )
    return page, status


def _expected(form: SeedForm, statistics: Statistics) -> Estimate | None:
    if not form.wishes:
        return None
    try:
        plan = plan_seed(
            statistics.database, form.wishes, mode=form.mode.data or "add", number=form.number.data
        )
    except InvalidInput:
        return None
    return estimate(plan, statistics)


def _rates_plot(runs: tuple[RunFacts, ...]) -> Plot:
    """Rows a second of the newest runs that are through."""
    ended = [run for run in reversed(runs) if run.finished_at and run.rows]
    return Plot(
        [run.started_at for run in ended],
        [Series("rows a second", [run.rate for run in ended])],
        unit="rows/s",
        kind="line",
    )


def _rows_plot(statistics: Statistics) -> Plot:
    """Seeded rows in all after each run."""
    kept = [run for run in reversed(statistics.runs) if not run.undone_at]
    total, sums = 0, []
    for run in kept:
        total += run.done
        sums.append(float(total))
    return Plot([run.started_at for run in kept], [Series("seeded rows", sums)], unit="count", kind="area")
