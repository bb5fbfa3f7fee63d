"""The story of an unexpected error for the log: where it came from, without the rows it was about."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from sqlalchemy.exc import StatementError


def describe(error: BaseException) -> str:
    """The frames and texts of `error` and of what led to it, the first cause first. A statement's text stays
    and its values go; the driver's own words go too, since some quote the line with the values in it."""
    links = list(_chain(error))
    drivers = [link.orig for link in links if isinstance(link, StatementError)]
    told = (_tell(link, wordless=any(link is one for one in drivers)) for link in reversed(links))
    return "\nwhich led to\n".join(told)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and not any(error is one for one in seen):
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _tell(error: BaseException, *, wordless: bool) -> str:
    if isinstance(error, StatementError):
        words = f": {type(error.orig).__name__} in {error.statement}"
    else:
        words = "" if wordless else f": {error}"
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__ + words
