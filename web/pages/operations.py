"""Operations: the list of all, and each one live."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.cancelling import left_by
from features.backup_results import backup_of
from operations.cancelling import cancel_operation
from operations.panels import LINES_SHOWN, OperationPanel, read_panel
from operations.store import (
    STATES,
    OperationFilter,
    list_operations,
    read_earlier_lines,
    read_operation,
)
from web.actions import read_cancellable, signed_in_actor
from web.again import is_repeatable, start_again
from web.arguments import whole_number
from web.endings import ending_of
from web.listing import read_list, show_list
from web.live import counted, entity_tag, figure, looks, roughly, span, speed_paths, unit_label
from web.looks import read_together
from web.permissions import allow
from web.settings import settings_of

pages = Blueprint("operations", __name__, url_prefix="/operations")

_LIST_LENGTH = 50
pages.add_app_template_filter(span)
pages.add_app_template_filter(roughly)
pages.add_app_template_filter(figure)
pages.add_app_template_filter(counted)
pages.add_app_template_filter(unit_label)
pages.add_app_template_filter(left_by)
pages.add_app_template_global(speed_paths)

_OF_BACKUPS = "backup."


@pages.get("")
@allow(Role.VIEWER)
def index() -> ResponseReturnValue:
    """The newest operations of a filter; for htmx, the next rows alone."""
    view = read_list("operations.index", OperationFilter, place="before", choices={"state": STATES})
    listed = list_operations(before=view.cursor, limit=_LIST_LENGTH, wanted=view.wanted)
    return show_list("operations", view, listed.rows, listed.next_before, states=STATES)


@pages.get("/running")
@allow(Role.VIEWER)
def running() -> ResponseReturnValue:
    """How many run, for the top bar and the navigation."""
    return render_template("operations/_running.html")


@pages.get("/<id>")
@allow(Role.VIEWER)
def show(id: str) -> ResponseReturnValue:
    """One operation."""
    return _show("operations/show.html", read_panel(id))


@pages.get("/<id>/panel")
@allow(Role.VIEWER)
def panel(id: str) -> ResponseReturnValue:
    """What has changed: figures always, the rest when the page does not show it yet. Answers 304 when the
    page shows all of it. Those who watch at the same time share one look."""
    after, seen = whole_number("after"), request.args.get("seen", "")
    state = read_together((id, after), lambda: read_panel(id, after))
    tag = entity_tag(state)
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        actor = signed_in_actor()
        same = (id, after, tag, seen, actor.role, state.operation.may_be_cancelled_by(actor))
        shown = read_together(same, lambda: _show("operations/_panel.html", state, seen=seen))
        response = make_response(shown)
    response.set_etag(tag)
    return response


@pages.get("/<id>/lines")
@allow(Role.VIEWER)
def lines(id: str) -> ResponseReturnValue:
    """The lines before one; a page of its own, or for htmx the lines alone."""
    operation = read_operation(id)
    earlier = read_earlier_lines(id, whole_number("before"), LINES_SHOWN)
    page = "operations/_earlier.html" if "HX-Request" in request.headers else "operations/lines.html"
    return render_template(page, operation=operation, lines=earlier, has_earlier=_is_full(earlier))


@pages.get("/<id>/cancel")
@allow(Role.OPERATOR)
def confirm_cancel(id: str) -> ResponseReturnValue:
    """Say what cancelling keeps, and ask. Raises NotAllowed for an operation of somebody else."""
    operation = read_cancellable(id, signed_in_actor())
    if not operation.is_live:
        return redirect(url_for(".show", id=id), 303)
    return render_template("operations/cancel.html", operation=operation)


@pages.post("/<id>/cancel")
@allow(Role.OPERATOR)
def cancel(id: str) -> ResponseReturnValue:
    """Ask for the end of it. Raises NotAllowed for an operation of somebody else, Conflict after its end."""
    actor = signed_in_actor()
    cancel_operation(settings_of(current_app), read_cancellable(id, actor).id, actor)
    return redirect(url_for(".show", id=id), 303)


@pages.get("/<id>/again")
@allow(Role.OPERATOR)
def confirm_again(id: str) -> ResponseReturnValue:
    """Say what is done once more, and ask."""
    operation = read_operation(id)
    if operation.is_live or not is_repeatable(operation.kind, signed_in_actor()):
        return redirect(url_for(".show", id=id), 303)
    return render_template("operations/again.html", operation=operation)


@pages.post("/<id>/again")
@allow(Role.OPERATOR)
def again(id: str) -> ResponseReturnValue:
    """Ask for the same once more, in the name of who asks now. Raises Conflict, TargetBusy."""
    return redirect(url_for(".show", id=start_again(id, signed_in_actor())), 303)


def _show(template: str, panel: OperationPanel, seen: str = "") -> str:
    operation, actor = panel.operation, signed_in_actor()
    may_cancel = operation.is_live and operation.may_be_cancelled_by(actor)
    return render_template(
        template,
        panel=panel,
        operation=operation,
        backup=backup_of(operation.id) if operation.kind.startswith(_OF_BACKUPS) else None,
        looks=looks(panel),
        seen=seen,
        etag=entity_tag(panel),
        ending=ending_of(operation, actor.role),
        may_repeat=not operation.is_live and is_repeatable(operation.kind, actor),
        may_cancel=may_cancel and operation.cancel_requested_at is None,
    )


def _is_full(lines: tuple[object, ...]) -> bool:
    return len(lines) == LINES_SHOWN
