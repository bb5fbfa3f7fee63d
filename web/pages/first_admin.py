"""The page behind the one-time link that makes the first admin. Looking at it uses nothing up."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.actor import Actor, Role
from core.errors import AlreadyExists
from features.login_sessions import open_session
from features.sign_in_links import Purpose, read_link
from features.status import read_status
from features.users import create_first_admin
from operations.audit import audited
from web.auth import browser, now, remember, session_token
from web.forms import PASSWORD_HINT, FirstAdminForm
from web.permissions import public
from web.settings import settings_of

pages = Blueprint("first_admin", __name__)


@pages.get("/first-admin/<token>")
@public
def new(token: str) -> ResponseReturnValue:
    """The form."""
    return _form(FirstAdminForm(), token)


@pages.post("/first-admin/<token>")
@public
def create(token: str) -> ResponseReturnValue:
    """Make the admin and sign them in."""
    form = FirstAdminForm()
    if not form.validate():
        return _form(form, token), 422
    read_link(token, Purpose.FIRST_ADMIN, now())  # whoever has none writes nothing into the audit
    new = form.new_user
    actor = Actor(new.username, Role.VIEWER, "web", browser().address)
    try:
        with audited(settings_of(current_app), actor, "user.create_first_admin", new.username):
            user_id = create_first_admin(token, new, form.password.data, now())
    except AlreadyExists as error:
        form.username.errors = [str(error)]
        return _form(form, token), error.http_status
    signed_in = open_session(user_id, browser(), now(), replaces=session_token())
    return remember(redirect(url_for("overview.show"), 303), signed_in)


def _form(form: FirstAdminForm, token: str) -> str:
    link = read_link(token, Purpose.FIRST_ADMIN, now())
    status = read_status(settings_of(current_app).database)
    return render_template(
        "users/first_admin.html", form=form, link=link, status=status, password_hint=PASSWORD_HINT
    )
