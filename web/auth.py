"""Who is behind a request: Flask-Login over our own session rows. The cookie holds a token and nothing else
(TRUST S1, S2); Flask's signed session holds only what forms need."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, Request, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin
from werkzeug.wrappers import Response

from core.actor import Actor, Role
from core.clock import utc_now
from features.login_sessions import LIFETIME, Browser, ConsoleUser, SignedIn, close_session, read_session
from web.hosts import is_loopback

_COOKIE = "basekeeper"
CLOCK = "basekeeper_clock"  # the extension a test sets to travel in time


class WebUser(UserMixin):  # type: ignore[misc]
    """The signed-in user, in the form that Flask-Login wants."""

    def __init__(self, user: ConsoleUser) -> None:
        self.id = user.id
        self.username = user.username
        self.name = user.name
        self.role: Role = user.role

    @property
    def initials(self) -> str:
        """Up to two letters for the account's mark."""
        words = self.name.split() or [self.username]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    @property
    def actor(self) -> Actor:
        """The same person as operations and the audit know them."""
        return Actor(self.username, self.role, "web", browser().address, self.id)


class FormSession(SecureCookieSessionInterface):
    """Flask's signed session, for CSRF tokens and messages; named and protected like the sign-in cookie."""

    def get_cookie_name(self, app: Flask) -> str:
        return _cookie_name("form")

    def get_cookie_secure(self, app: Flask) -> bool:
        return _is_protected()


def init_auth(app: Flask) -> None:
    """Let requests to `app` know who sends them."""
    app.extensions.setdefault(CLOCK, utc_now)
    app.session_interface = FormSession()
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        REMEMBER_COOKIE_NAME="unused",
    )
    manager = LoginManager(app, add_context_processor=False)  # error pages ask no database
    manager.session_protection = None
    manager.request_loader(_load_user)


def now() -> datetime:
    """The moment by the server's clock."""
    moment: datetime = current_app.extensions[CLOCK]()
    return moment


def browser() -> Browser:
    """Where the request comes from. No forwarded header is believed (TRUST A8)."""
    return Browser(request.remote_addr or "", request.headers.get("User-Agent", ""))


def session_token() -> str:
    """The token the browser sent, "" for none."""
    return request.cookies.get(_cookie_name("session"), "")


def remember(response: Response, signed_in: SignedIn) -> Response:
    """Hand the browser its token; whatever its forms knew before is forgotten."""
    session.clear()
    response.set_cookie(
        _cookie_name("session"),
        signed_in.token,
        max_age=LIFETIME,
        secure=_is_protected(),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def forget(response: Response) -> Response:
    """End the session of this request, here and in the browser."""
    if token := session_token():
        close_session(token, now())
    session.clear()
    response.delete_cookie(_cookie_name("session"), secure=_is_protected(), httponly=True, samesite="Lax")
    return response


def ask_to_sign_in() -> Response:
    """Send to the sign-in page, and from there back to what was wanted, if that was a page."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    wanted = wanted if wanted != "/" else ""
    return redirect(url_for("sign_in.show", next=wanted or None), 303)


def _load_user(_: Request) -> Any:
    token = session_token()
    user = read_session(token, now()) if token else None
    return WebUser(user) if user else None


def _cookie_name(purpose: str) -> str:
    # The prefix makes browsers insist on Secure, Path=/ and no Domain. They refuse it over plain HTTP.
    prefix = "__Host-" if _is_protected() else ""
    return f"{prefix}{_COOKIE}-{purpose}"


def _is_protected() -> bool:
    """True unless the page is read over plain HTTP on the machine itself."""
    # The header as it came: `request.host` refuses foreign names, and this is asked before that is told.
    return request.is_secure or not is_loopback(request.headers.get("Host", ""))
