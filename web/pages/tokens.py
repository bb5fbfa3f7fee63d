"""API tokens: listed, made for oneself and shown once, revoked (TRUST S5, S7)."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from core.text import visible
from features.token_rows import list_tokens, read_token
from features.tokens import LONGEST_DAYS, check_new_token, create_token, revoke_token
from operations.runner import Runner
from web.actions import signed_in_actor
from web.auth import now
from web.database_form import refuse_unknown_fields
from web.permissions import allow, fresh
from web.settings import settings_of
from web.token_form import TokenForm

pages = Blueprint("tokens", __name__, url_prefix="/tokens")


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """All of them, everybody's, the newest first."""
    return render_template("tokens/index.html", tokens=list_tokens(), at=now())


@pages.get("/new")
@allow(Role.ADMIN)
@fresh
def new() -> ResponseReturnValue:
    """The form to make one."""
    return _form(TokenForm())


@pages.post("")
@allow(Role.ADMIN)
@fresh
def create() -> ResponseReturnValue:
    """Make the token and show it: this answer is the only place where it ever stands."""
    form = TokenForm()
    refuse_unknown_fields(form)
    if not form.validate():
        return _form(form), 422
    actor = signed_in_actor()
    check_new_token(actor.name, **form.arguments())  # before anything is recorded
    runner = Runner(actor, settings_of(current_app))
    made = runner.run(create_token, actor.name, **form.arguments(), created_by=actor.name)
    address = settings_of(current_app).console_address
    return render_template("tokens/made.html", token=made.facts, text=made.text, address=address)


@pages.get("/<prefix>/revoke")
@allow(Role.ADMIN)
@fresh
def confirm_revoke(prefix: str) -> ResponseReturnValue:
    """Say what ends, and ask."""
    return render_template("tokens/revoke.html", token=read_token(prefix), at=now())


@pages.post("/<prefix>/revoke")
@allow(Role.ADMIN)
@fresh
def revoke(prefix: str) -> ResponseReturnValue:
    """Let the token open nothing any more."""
    known, actor = read_token(prefix).prefix, signed_in_actor()
    token = Runner(actor, settings_of(current_app)).run(revoke_token, known, revoked_by=actor.name)
    flash(f"{visible(token.name)} opens nothing any more.", "success")
    return redirect(url_for("tokens.index"), 303)


def _form(form: TokenForm) -> str:
    return render_template("tokens/new.html", form=form, longest=LONGEST_DAYS)
