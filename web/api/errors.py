"""Errors of the API: always one JSON object that says what happened and what to do, never how the inside
looks (TRUST W9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected, HTTPException

from core.errors import AppError
from core.text import visible
from web.errors import UNEXPECTED, heed, page_for, with_retry

_LONGEST = 500  # characters of a message made of what was sent
_SCHEME = "Bearer"


@dataclass(frozen=True)
class ApiError:
    """What an error says."""

    code: str
    message: str
    hint: str = ""


_HTTP_ERRORS = {
    400: ApiError("bad_request", "This request makes no sense.", "Send JSON that is whole."),
    404: ApiError("not_found", "There is no such address.", "Read /api/openapi.json."),
    405: ApiError("method_not_allowed", "This address does not do that.", "Allow says what it does."),
    408: ApiError("incomplete", "This request did not arrive whole. Nothing was changed.", "Send it again."),
    413: ApiError("too_large", "That is too much at once.", "A body may hold 1 MiB."),
    422: ApiError("invalid_input", "What was given is not valid."),
}
_UNEXPECTED = ApiError(
    "unexpected",
    "Something went wrong here. What was asked for may not have happened.",
    "Look before you try again. The server's log says more.",
)


def answer_error(error: Exception) -> ResponseReturnValue:
    """The answer to whoever met `error` at the API."""
    if isinstance(error, HTTPException):
        return _answer_http_error(error)
    page = page_for(error)
    heed(error, page)
    if page is UNEXPECTED or not isinstance(error, AppError):
        return _answer(_UNEXPECTED, page.status)
    message = f"{page.title.removesuffix('.')}. {page.message}".strip()
    answer = with_retry(_answer(ApiError(error.code, message, page.hint), page.status), error)
    if page.status == 401:
        answer.headers["WWW-Authenticate"] = _SCHEME
    return answer


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error  # a redirect
    status = 408 if isinstance(error, ClientDisconnected) else error.code or 500
    said = _HTTP_ERRORS.get(status, ApiError(error.name.lower().replace(" ", "_"), f"{error.name}."))
    if faults := "; ".join(_faults(getattr(error, "data", {}).get("messages", {}))):
        said = ApiError(said.code, f"{faults[:_LONGEST]}.".replace("..", "."), said.hint)
    answer = _answer(said, status)
    if allowed := getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(allowed)
    return answer


def _faults(messages: Any, path: str = "") -> Iterator[str]:
    """What is wrong with what was sent, field by field: "days: Not a valid integer." Never a value."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _faults(inner, _below(path, str(name)))
    elif messages:
        words = " ".join(messages) if isinstance(messages, list) else str(messages)
        yield f"{path}: {words.rstrip('.')}" if path else words.rstrip(".")


def _below(path: str, name: str) -> str:
    """The field `name` within `path`; the places where a request carries fields are none."""
    if not path and name in ("json", "query", "path", "_schema"):
        return ""
    return f"{path}.{name[:40]}" if path else name[:40]


def _answer(error: ApiError, status: int) -> Response:
    words = {name: visible(text) for name, text in asdict(error).items()}
    answer = jsonify({"error": words})
    answer.status_code = status
    return answer
