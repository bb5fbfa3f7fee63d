"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.login_sessions import close_all_sessions
from features.sign_in import WrongPassword, sign_in
from features.throttling import TooManyTries
from web.auth import browser, forget, now, remember, session_token
from web.errors import with_retry
from web.forms import SignInForm
from web.hosts import local_path
from web.permissions import allow, public
from web.readiness import needs_no_database
from web.rendering import signed_in_user

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@public
@needs_no_database
def show() -> ResponseReturnValue:
    """The form."""
    return _form(SignInForm())


@pages.post("/sign-in")
@public
def create() -> ResponseReturnValue:
    """Open a session, and go where the person wanted to."""
    form = SignInForm()
    try:
        signed_in = sign_in(
            form.identifier.data or "",
            form.password.data or "",
            browser(),
            now(),
            replaces=session_token(),
            stays=form.stays.data,
        )
    except (WrongPassword, TooManyTries) as error:
        form.password.errors = [str(error)]
        return with_retry((_form(form), error.http_status), error)
    return remember(redirect(local_path(request.args.get("next")), 303), signed_in)


@pages.post("/sign-out")
@public
def delete() -> ResponseReturnValue:
    """End the session."""
    return forget(redirect(url_for("sign_in.show"), 303))


@pages.post("/sign-out-everywhere")
@allow(Role.VIEWER)
def delete_all() -> ResponseReturnValue:
    """End all sessions of whoever asks, in every browser (TRUST S3)."""
    user = signed_in_user()
    assert user is not None  # `allow` lets nobody else in
    close_all_sessions(user.id, now())
    return forget(redirect(url_for("sign_in.show"), 303))


def _form(form: SignInForm) -> str:
    return render_template("sign_in/show.html", form=form, wanted=request.args.get("next"))
