"""Exports: all of a list as a file, written while it is read, so that its length costs no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from flask import Response, current_app, stream_with_context

from core.actor import Actor
from core.exports import MEDIA_TYPES, export
from operations.audit import audited
from web.auth import now
from web.settings import settings_of


def download(actor: Actor, noun: str, form: str, facts: Iterable[Any], columns: tuple[str, ...]) -> Response:
    """`facts` as a file in that form. The audit says who took it, and its outcome is there when all of it was
    sent. Raises InvalidInput, TooBroad, ServerError, before anything is sent."""
    pieces = _pieces(actor, noun, form, facts, columns)
    first = list(islice(pieces, 2))  # which reads the first rows: what fails by now is an error and no file
    answer = Response(stream_with_context(chain(first, pieces)), content_type=MEDIA_TYPES[form])
    name = f"{noun}-{now():%Y%m%d-%H%M%S}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _pieces(
    actor: Actor, noun: str, form: str, facts: Iterable[Any], columns: tuple[str, ...]
) -> Iterator[str]:
    text = export(form, facts, columns)
    with audited(settings_of(current_app), actor, f"{noun}.export", noun):
        yield from text
