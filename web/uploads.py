"""Files that are sent here: read as they come, past the limit of other forms, never whole in memory (W10).
The fields of such a form stand before its file: it is known who sends it before a byte is kept."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

from flask import Flask, Request, current_app, request
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData
from wtforms import ValidationError

from web.deadlines import deadlines

View = TypeVar("View", bound=Callable[..., Any])

_STREAMED = "reads_its_body"
_CHUNK = 64 * 1024
_FIELDS_LIMIT = 64 * 1024  # bytes of all fields together
_SLOWEST = 32 * 1024  # bytes a second; who is slower over the whole file is not waited for
_LEFT_UNREAD = 8 * 1024 * 1024  # bytes read of what is refused, so that the browser comes to hear of it
_SOCKETS = ("werkzeug.socket", "gunicorn.socket")


@dataclass(frozen=True)
class Upload:
    """A form with a file: its fields, what the file was called, and the file to be read once, as it comes."""

    fields: dict[str, str]
    name: str
    stream: IO[bytes] = field(repr=False)


def streamed(view: View) -> View:
    """Let the view read the body itself, with `read_upload`. Stands beside `allow`."""
    setattr(view, _STREAMED, True)
    return view


def is_streamed() -> bool:
    """True when the view of this request reads the body itself."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), _STREAMED, False)


def exempt_streamed(app: Flask) -> None:
    """Leave the token of such forms to `read_upload`: to look for it, the whole file would be read."""
    protection = app.extensions.get("csrf")
    for view in app.view_functions.values():
        if protection and getattr(view, _STREAMED, False):
            protection.exempt(view)


def read_upload() -> Upload:
    """The form of this request up to where its file begins, its CSRF token checked. Raises CSRFError, and 400
    for what is no such form, 413 for too many fields before the file."""
    request.max_content_length = sys.maxsize  # who keeps the file says how much may be kept
    events = _events(request)
    fields: dict[str, str] = {}
    size, name = 0, ""
    for event in events:
        if isinstance(event, Field):
            name = event.name
        elif isinstance(event, Data):
            size += len(event.data)
            if size > _FIELDS_LIMIT:
                raise RequestEntityTooLarge()
            fields[name] = fields.get(name, "") + event.data.decode("utf-8", "replace")
        elif isinstance(event, File):
            _check_token(fields.get("csrf_token", ""))
            stream = io.BufferedReader(_FilePart(events), _CHUNK)
            return Upload(fields, event.filename, stream)
    raise BadRequest("The form holds no file.")


def leave_rest() -> None:
    """Read a part of what was not read: a browser that is still sending hears no answer."""
    left = _LEFT_UNREAD
    while left > 0 and (read := request.stream.read(min(_CHUNK, left))):
        _grant(len(read))
        left -= len(read)


class _FilePart(io.RawIOBase):
    """What the file holds. Raises 408 where the body ends before it does."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._rest = b""
        self._has_more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and self._has_more:
            event = next(self._events)
            assert isinstance(event, Data)  # a part is followed by nothing else
            self._rest, self._has_more = event.data, event.more_data
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _events(request: Request) -> Iterator[Event]:
    """What the form consists of, as it comes."""
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise BadRequest("This is not a form with a file.")
    decoder = MultipartDecoder(boundary, max_parts=20)
    while True:
        try:
            event = decoder.next_event()
        except ValueError as error:
            raise BadRequest("The form is damaged.") from error
        if isinstance(event, Epilogue):
            return
        if not isinstance(event, NeedData):
            yield event
            continue
        data = request.stream.read(_CHUNK)
        if not data:
            raise RequestTimeout()
        _grant(len(data))
        decoder.receive_data(data)


def _grant(size: int) -> None:
    """So many bytes came: give the rest more time."""
    for name in _SOCKETS:
        if connection := request.environ.get(name):
            deadlines().grant(connection, size / _SLOWEST)


def _check_token(token: str) -> None:
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise CSRFError(str(error)) from error
