"""The page behind the one-time link under which a user sets a password. Looking at it uses nothing up."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.actor import Actor, Role
from core.errors import InvalidInput
from features.login_sessions import open_session
from features.sign_in_links import Purpose, read_link
from features.users import set_password
from operations.audit import audited
from web.auth import browser, now, remember, session_token
from web.forms import PASSWORD_HINT, PasswordForm
from web.permissions import public
from web.settings import settings_of

pages = Blueprint("passwords", __name__)


@pages.get("/set-password/<token>")
@public
def edit(token: str) -> ResponseReturnValue:
    """The form."""
    return _form(PasswordForm(), token)


@pages.post("/set-password/<token>")
@public
def update(token: str) -> ResponseReturnValue:
    """Keep the password and sign its user in."""
    form = PasswordForm()
    if not form.validate():
        return _form(form, token), 422
    username = read_link(token, Purpose.PASSWORD, now()).username  # without a link no row in the audit
    actor = Actor(username, Role.VIEWER, "web", browser().address)
    try:
        with audited(settings_of(current_app), actor, "user.set_password", username):
            user_id = set_password(token, form.password.data, now())
    except InvalidInput as error:
        form.password.errors = [str(error)]
        return _form(form, token), error.http_status
    signed_in = open_session(user_id, browser(), now(), replaces=session_token())
    return remember(redirect(url_for("overview.show"), 303), signed_in)


def _form(form: PasswordForm, token: str) -> str:
    link = read_link(token, Purpose.PASSWORD, now())
    return render_template("users/password.html", form=form, link=link, password_hint=PASSWORD_HINT)
