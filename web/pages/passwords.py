"""New passwords: behind the one-time link under which a user sets one, which looking at it does not use up,
and for whoever is signed in."""

from __future__ import annotations

from contextlib import AbstractContextManager

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from core.actor import Actor, Role
from core.errors import InvalidInput
from features.login_sessions import open_session
from features.sign_in_links import Purpose, read_link
from features.users import change_password, set_password
from operations.audit import audited
from web.auth import browser, now, remember, session_token
from web.forms import PASSWORD_HINT, PasswordForm
from web.permissions import allow, fresh, public
from web.rendering import signed_in_user
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
    try:
        with _audited(username):
            user_id = set_password(token, form.password.data, now())
    except InvalidInput as error:
        form.password.errors = [str(error)]
        return _form(form, token), error.http_status
    return _signed_in(user_id)


@pages.get("/password")
@allow(Role.VIEWER)
@fresh
def edit_own() -> ResponseReturnValue:
    """The form for whoever is signed in, who has just given the old one."""
    return _own_form(PasswordForm())


@pages.post("/password")
@allow(Role.VIEWER)
@fresh
def update_own() -> ResponseReturnValue:
    """Keep the password, and sign its user out everywhere but here (TRUST S3)."""
    user, form = signed_in_user(), PasswordForm()
    assert user is not None  # `allow` lets nobody else in
    if not form.validate():
        return _own_form(form), 422
    try:
        with _audited(user.username):
            change_password(user.id, form.password.data, now())
    except InvalidInput as error:
        form.password.errors = [str(error)]
        return _own_form(form), error.http_status
    return _signed_in(user.id)


def _audited(username: str) -> AbstractContextManager[None]:
    actor = Actor(username, Role.VIEWER, "web", browser().address)
    return audited(settings_of(current_app), actor, "user.set_password", username)


def _signed_in(user_id: int) -> Response:
    signed_in = open_session(user_id, browser(), now(), replaces=session_token())
    return remember(redirect(url_for("overview.show"), 303), signed_in)


def _form(form: PasswordForm, token: str) -> str:
    link = read_link(token, Purpose.PASSWORD, now())
    return render_template("users/password.html", form=form, link=link, password_hint=PASSWORD_HINT)


def _own_form(form: PasswordForm) -> str:
    return render_template("users/own_password.html", form=form, password_hint=PASSWORD_HINT)
