"""The audit: who did what, and the button that proves that nobody changed it."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from operations.audit_chain import verify_audit
from operations.audit_list import last_verdict, last_verification, list_audit
from operations.store import STATES
from web.actions import start
from web.arguments import whole_number
from web.permissions import allow

pages = Blueprint("audit", __name__, url_prefix="/audit")

_LIST_LENGTH = 50


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """What was done, the newest first; for htmx, the next rows alone."""
    before = whole_number("before")
    verdict = last_verdict()
    faulty = verdict.row if verdict else None
    listed = list_audit(before, _LIST_LENGTH, faulty)
    shown = whole_number("shown") + len(listed.deeds)
    follow = url_for("audit.index", before=listed.next_before, shown=shown) if listed.next_before else ""
    words = {"listed": listed, "shown": shown, "next_page": follow, "states": STATES, "faulty": faulty}
    if "HX-Request" in request.headers:
        return render_template("audit/_more.html", **words)
    words |= {"last": last_verification(), "verdict": verdict, "is_first": not before}
    return render_template("audit/index.html", **words)


@pages.post("/verify")
@allow(Role.ADMIN)
def verify() -> ResponseReturnValue:
    """Have the whole audit read again, and go to the operation that does."""
    return start(verify_audit)
