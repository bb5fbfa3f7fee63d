"""Who is behind a request: Flask-Login over our own session rows. The cookie holds a token and nothing else
(TRUST S1, S2); Flask's signed session holds only what forms need."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Request, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin
from werkzeug.wrappers import Response

from core.actor import Actor, Role
from core.clock import utc_now
from features.login_sessions import Browser, ConsoleUser, SignedIn, close_session, read_session
from web.cookies import cookie_name, delete_cookie, is_protected, read_cookie, set_cookie
from web.devices import known_device, remember_device
from web.hosts import local_path

_PURPOSE = "session"
CLOCK = "basekeeper_clock"  # the extension a test sets to travel in time


class WebUser(UserMixin):  # type: ignore[misc]
    """The signed-in user, in the form that Flask-Login wants."""

    def __init__(self, user: ConsoleUser) -> None:
        self.id = user.id
        self.username = user.username
        self.name = user.name
        self.role: Role = user.role
        self._user = user

    @property
    def initials(self) -> str:
        """Up to two letters for the account's mark."""
        words = self.name.split() or [self.username]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    @property
    def proved_lately(self) -> bool:
        """True when the password was given within the last five minutes (TRUST S5)."""
        return self._user.proved_lately(now())

    @property
    def actor(self) -> Actor:
        """The same person as operations and the audit know them."""
        return Actor(self.username, self.role, "web", browser().address, self.id)


class FormSession(SecureCookieSessionInterface):
    """Flask's signed session, for CSRF tokens and messages; named and protected like the sign-in cookie."""

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name("form")

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_protected()


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
    """Where the request comes from. No forwarded header is believed here (TRUST A8): those of trusted
    proxies have been read before."""
    return Browser(request.remote_addr or "", request.headers.get("User-Agent", ""), known_device())


def session_token() -> str:
    """The token the browser sent, "" for none."""
    return read_cookie(_PURPOSE)


def remember(response: Response, signed_in: SignedIn) -> Response:
    """Hand the browser its token, and let it be known as this user's; whatever its forms knew before is
    forgotten."""
    session.clear()
    remember_device(response, signed_in.user.id)
    return hand_token(response, signed_in)


def hand_token(response: Response, signed_in: SignedIn) -> Response:
    """Hand the browser the token of its session, to keep until the window is closed, or until the session
    ends when that one stays."""
    lifetime = signed_in.expires_at - now() if signed_in.stays else None
    set_cookie(response, _PURPOSE, signed_in.token, lifetime)
    return response


def forget(response: Response) -> Response:
    """End the session of this request, here and in the browser."""
    if token := session_token():
        close_session(token, now())
    session.clear()
    delete_cookie(response, _PURPOSE)
    return response


def ask_to_sign_in() -> Response:
    """Send to the sign-in page, and from there back to where the person is."""
    return _send("sign_in.show")


def ask_for_proof(back: str = "") -> Response:
    """Send to the page that asks for the password once more, and from there back: to the page `back`, where
    the one that asked is only the answer to a form."""
    return _send("proof.show", back)


def page_here() -> str:
    """The page the person sees: the one asked for, or the one of ours whose form or fragment asked."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return local_path(request.full_path.rstrip("?"))
    try:
        page = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    except ValueError:  # such as http://[
        return "/"
    return local_path(urlunsplit(("", "", page.path, page.query, ""))) if page.netloc == request.host else "/"


def _send(endpoint: str, back: str = "") -> Response:
    here = back or page_here()
    address = url_for(endpoint, next=here if here != "/" else None)
    if "HX-Request" in request.headers:  # the whole page goes there, not the fragment alone
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _load_user(_: Request) -> Any:
    token = session_token()
    # A page left open refreshes its parts by itself, which is no sign of a person (TRUST S4).
    by_itself = request.method == "GET" and "HX-Request" in request.headers
    user = read_session(token, now(), touch=not by_itself) if token else None
    return WebUser(user) if user else None
