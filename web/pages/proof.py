"""Giving the password once more before something that does harm (TRUST S5)."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.sign_in import WrongPassword, prove
from features.throttling import TooManyTries
from web.auth import browser, hand_token, now, session_token
from web.errors import with_retry
from web.forms import ProofForm
from web.hosts import local_path
from web.permissions import allow
from web.rendering import signed_in_user

pages = Blueprint("proof", __name__)


@pages.get("/prove")
@allow(Role.VIEWER)
def show() -> ResponseReturnValue:
    """The form."""
    return _form(ProofForm())


@pages.post("/prove")
@allow(Role.VIEWER)
def create() -> ResponseReturnValue:
    """Take the proof, and go back to where it was wanted."""
    form, user = ProofForm(), signed_in_user()
    assert user is not None  # `allow` lets nobody else in
    try:
        proven = prove(session_token(), user.username, form.password.data or "", browser(), now())
    except (WrongPassword, TooManyTries) as error:
        form.password.errors = [str(error)]
        return with_retry((_form(form), error.http_status), error)
    return hand_token(redirect(local_path(request.args.get("next")), 303), proven)


def _form(form: ProofForm) -> str:
    return render_template("sign_in/proof.html", form=form, wanted=request.args.get("next"))
