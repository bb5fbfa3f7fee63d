"""What holds for every request: the names we answer to, no writes from other sites, limits, and the headers
that tell the browser what it may do (TRUST W1 to W10)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from core.errors import ConfigurationError, NotAllowed
from core.settings import Environment, Settings
from web.bearer import refuse_tokens_in_addresses
from web.hosts import LOOPBACK_NAMES
from web.permissions import check_permission, public
from web.readiness import init_readiness
from web.uploads import is_streamed

BODY_LIMIT = 1024 * 1024  # bytes
FIELD_LIMIT = 1000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# All script and style comes from files of our own; data: is for the arrows that Tabler draws.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_ONE_YEAR = "max-age=31536000"


def init_security(app: Flask, settings: Settings) -> None:
    """Guard `app`. Raises ConfigurationError when it would run in debug mode outside development."""
    if app.debug and settings.flask_env not in (Environment.DEVELOPMENT, Environment.TESTING):
        raise ConfigurationError(
            f"FLASK_DEBUG is on under FLASK_ENV={settings.flask_env}.", hint="Take FLASK_DEBUG away."
        )
    app.config.update(
        TRUSTED_HOSTS=list(settings.trusted_hosts or LOOPBACK_NAMES),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=FIELD_LIMIT,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as the session of the form
        WTF_CSRF_CHECK_DEFAULT=True,
    )
    public(app.view_functions["static"])
    app.before_request(refuse_tokens_in_addresses)
    app.before_request(refuse_other_sites)
    app.before_request(refuse_cut_bodies)
    app.before_request(refuse_many_fields)
    CSRFProtect(app)
    init_readiness(app, settings)
    app.before_request(check_permission)
    app.after_request(add_headers)


def refuse_other_sites() -> None:
    """A write must come from a page of ours, as far as the browser says where it comes from. Raises
    NotAllowed."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    # The scheme is left out: behind a proxy that ends TLS we do not see it.
    if site not in ("same-origin", "none") or (origin and urlsplit(origin).netloc != request.host):
        raise NotAllowed("This form was sent from another site.", hint="Open the page here and try again.")


def refuse_cut_bodies() -> None:
    """Refuse a body that ended before its length, because its sender went away or was too slow: of a form
    cut short, half would be done. Raises 408."""
    announced = request.content_length or 0
    if is_streamed():
        return
    if len(request.get_data(cache=True)) < announced:  # kept, so that the form can be read from it
        raise RequestTimeout()


def refuse_many_fields() -> None:
    """Refuse a form of more than a thousand fields; for multipart ones Flask does. Raises 413."""
    if request.mimetype != "application/x-www-form-urlencoded" or is_streamed():
        return
    if request.get_data(cache=True).count(b"&") >= FIELD_LIMIT:
        raise RequestEntityTooLarge()


def add_headers(response: Response) -> Response:
    """Tell the browser what it may do with what it got."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
