"""The application context in which operations read and write our own tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from core.settings import Settings
from database.context import Application, application_context
from models import db

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["Application", "context", "in_context"]


def in_context(settings: Settings, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that reads our own tables, outside any operation."""
    with context(settings):
        return function(*args, **kwargs)


@contextmanager
def context(settings: Settings) -> Iterator[None]:
    """The application context that is active, or else a new one for these settings."""
    if _has_context():
        yield
        return
    with application_context(settings):
        yield


def _has_context() -> bool:
    try:
        db.engines  # noqa: B018 - asks for the context, nothing else
    except RuntimeError:
        return False
    return True
