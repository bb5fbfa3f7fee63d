"""Errors turned into pages: what happened and what to do, never how the inside looks (TRUST W9)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import ClientDisconnected, HTTPException, SecurityError

from core.errors import AppError, ConnectionFailed, ObjectMissing, SchemaFault, ServerError, TargetBusy
from core.text import visible
from web.auth import page_here, session_token
from web.hosts import local_path
from web.readiness import readiness
from web.rendering import signed_in_user

_ELSEWHERE = "basekeeper_errors_elsewhere"
_log = logging.getLogger("basekeeper.web")

Answer = Callable[[Any], ResponseReturnValue]


@dataclass(frozen=True)
class ErrorPage:
    """What an error page says: title, what it means, what to do."""

    status: int
    title: str
    message: str = ""
    hint: str = ""


NO_DATABASE = ErrorPage(
    503,
    "The database does not answer",
    "Until it does, nothing can be shown or changed.",
    "On the server: python db_health_check.py",
)
NO_SCHEMA = ErrorPage(
    503,
    "The database is not ready",
    "Its tables are missing, or are not those of this release.",
    "On the server: python manage_db.py status",
)
UNEXPECTED = ErrorPage(
    500,
    "Something went wrong here",
    "What you did may not have happened. The server's log says more.",
    "Go back and look before you try again.",
)
_HTTP_PAGES = {
    400: ErrorPage(400, "This request makes no sense", "The address or the form is damaged."),
    403: ErrorPage(403, "This is not for you", "Your role does not reach here."),
    404: ErrorPage(404, "There is no such page", "Nothing is at this address."),
    405: ErrorPage(405, "This page does not do that", "It exists, but not for this kind of request."),
    408: ErrorPage(408, "This request did not arrive whole", "Nothing was changed.", "Send it again."),
    413: ErrorPage(413, "That is too much at once", "A form may hold 1 MiB and 1,000 fields."),
}
_STALE_FORM = ErrorPage(
    403, "This form is no longer valid", "Nothing was changed.", "Open the page again and repeat."
)


def init_errors(app: Flask) -> None:
    """Let `app` answer every error with a page."""
    app.register_error_handler(HTTPException, _where_it_belongs(_show_http_error))
    app.register_error_handler(TargetBusy, _where_it_belongs(_show_busy))
    app.register_error_handler(Exception, _where_it_belongs(_show_error))


def answer_errors_under(app: Flask, prefix: str, answer: Answer) -> None:
    """Let `answer` answer the errors of all addresses that begin with `prefix`, in place of a page; of those
    that do not exist too."""
    app.extensions.setdefault(_ELSEWHERE, {})[prefix] = answer


def page_for(error: Exception) -> ErrorPage:
    """What may be said about `error` to whoever sees the page."""
    if isinstance(error, ConnectionFailed):
        return NO_DATABASE
    if isinstance(error, SchemaFault | ObjectMissing):
        return NO_SCHEMA
    if isinstance(error, ServerError):
        return NO_DATABASE
    if isinstance(error, AppError):
        title, _, rest = error.message.partition(". ")
        return ErrorPage(error.http_status, title.removesuffix("."), rest, error.hint)
    return UNEXPECTED


def show(page: ErrorPage) -> ResponseReturnValue:
    """Answer with an error page: within the frame for whoever is signed in, while that can be asked; else it
    needs no database."""
    if request.url_rule is None and isinstance(request.routing_exception, SecurityError):
        # Under a foreign host name no address of ours can be built, not even a stylesheet's.
        return f"{page.title}\n", page.status, {"Content-Type": "text/plain; charset=utf-8"}
    return _within_frame(page) or _page(page, is_framed=False), page.status


def with_retry(answer: ResponseReturnValue, error: Exception) -> Response:
    """`answer`, saying when to try again where the error knows."""
    response = make_response(answer)
    if isinstance(error, AppError) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def heed(error: Exception, page: ErrorPage) -> None:
    """What an error means for the console itself, whoever is told of it: the database is asked anew, and what
    nobody expected is logged."""
    if page is NO_DATABASE:
        readiness().doubt()
    if page.status >= 500:
        _log_failure(error, page)


def _where_it_belongs(show_page: Answer) -> Answer:
    def answer(error: Exception) -> ResponseReturnValue:
        for prefix, elsewhere in current_app.extensions.get(_ELSEWHERE, {}).items():
            if request.path.startswith(prefix):
                answered: ResponseReturnValue = elsewhere(error)
                return answered
        return show_page(error)

    return answer


def _within_frame(page: ErrorPage) -> str:
    """The page with the frame around it, for whoever is signed in. The frame asks the database: "" where that
    fails, or may be what failed."""
    if page.status >= 500 or not session_token() or not readiness().is_ready():
        return ""
    try:
        return _page(page, is_framed=True) if signed_in_user() else ""
    except AppError:
        return ""


def _page(page: ErrorPage, is_framed: bool) -> str:
    return render_template("errors/show.html", page=page, way_on=_way_on(page), is_framed=is_framed)


def _way_on(page: ErrorPage) -> tuple[str, str]:
    """Where to go from the error page: the words of the link, and its address."""
    if page.status == 503:
        here = local_path(request.full_path.rstrip("?")) if request.method == "GET" else "/"
        return "Try again", here
    return ("Back to the page", back) if (back := _back()) else ("To the dashboard", url_for("overview.show"))


def _back() -> str:
    """The page whose form was refused; "" for none, or one that was itself the answer to a form."""
    here = page_here()
    pages = current_app.create_url_adapter(request)
    if request.method == "GET" or here == "/" or not pages:
        return ""
    return here if pages.test(urlsplit(here).path, "GET") else ""


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error
    if isinstance(error, CSRFError):
        return show(_STALE_FORM)
    status = 408 if isinstance(error, ClientDisconnected) else error.code or 500
    answer = show(_HTTP_PAGES.get(status, ErrorPage(status, error.name)))
    allowed = getattr(error, "valid_methods", None)
    return (*answer, {"Allow": ", ".join(allowed)}) if allowed and isinstance(answer, tuple) else answer


def _show_busy(error: TargetBusy) -> ResponseReturnValue:
    """Within the console, with the way to the operation that holds the target, for those who may see it."""
    if error.holder is None or signed_in_user() is None:
        return _show_error(error)
    return render_template("operations/busy.html", busy=error, back=_back()), error.http_status


def _show_error(error: Exception) -> ResponseReturnValue:
    page = page_for(error)
    heed(error, page)
    return with_retry(show(page), error)


def _log_failure(error: Exception, page: ErrorPage) -> None:
    """With where it came from; but while the database cannot be reached, one line for all that fails."""
    if not isinstance(error, ConnectionFailed):
        _log.error("%s %s answered %s", request.method, request.endpoint, page.status, exc_info=error)
    elif readiness().is_first():
        _log.warning("%s Pages answer %s until it can be reached.", visible(error.message), page.status)
