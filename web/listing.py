"""What a page of a list is asked for: the filters of its address, where it begins, how many rows are shown
already. One helper for all lists, and templates/macros/filters.html draws it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from flask import render_template, request, url_for

from core.errors import InvalidInput
from core.text import visible
from web.arguments import whole_number

F = TypeVar("F")

LENGTH = 25  # rows of a page of people
_LONGEST = 255  # characters of a filter
_FIRST, _LAST = date(1970, 1, 2), date(9999, 12, 30)


@dataclass(frozen=True)
class ListView(Generic[F]):
    """`given` are the filters that say something, as they stand in the address; `wanted` is what the feature
    is told."""

    endpoint: str
    wanted: F
    given: dict[str, str]
    cursor: str
    shown: int
    place: str = "cursor"  # how the address names it
    ignored: tuple[str, ...] = ()  # filters that say what cannot be, as they were written

    @property
    def is_narrowed(self) -> bool:
        """True when not all is shown."""
        return any(name != "sort" for name in self.given)

    def address(self, **changes: str) -> str:
        """The same list from its start with other filters; "" takes one away."""
        words: dict[str, Any] = {name: text for name, text in (self.given | changes).items() if text}
        return url_for(self.endpoint, **words)

    def export(self, form: str) -> str:
        """Where all of it is downloaded."""
        words: dict[str, Any] = {**self.given, "form": form}
        return url_for(f"{self.endpoint.partition('.')[0]}.export", **words)

    def next_page(self, cursor: str, count: int) -> str:
        """Where it goes on after `count` rows more; "" when nothing follows."""
        if not cursor:
            return ""
        words: dict[str, Any] = {**self.given, self.place: cursor, "shown": self.shown + count}
        return url_for(self.endpoint, **words)


def read_list(
    endpoint: str,
    kind: type[F],
    place: str = "cursor",
    choices: Mapping[str, Collection[str]] | None = None,
) -> ListView[F]:
    """The list that the address asks for; `kind` is the dataclass of its filters, of texts, and of days for
    moments. With `choices`, the words that a filter may be, one that cannot be is left out and told of; an
    export has none, and raises InvalidInput for it: a file must not hold more than was asked for."""
    given: dict[str, str] = {}
    wanted: dict[str, Any] = {}
    ignored: list[str] = []
    for one in fields(kind):  # type: ignore[arg-type]
        text = visible(request.args.get(one.name, "")[:_LONGEST]).strip()
        if not text or text == one.default:
            continue
        try:
            wanted[one.name] = _value(one.name, text, one.default, choices)
            given[one.name] = text
        except InvalidInput:
            if choices is None:
                raise
            ignored.append(f"{one.name}={text[:40]}")
    cursor = request.args.get(place, "")
    return ListView(endpoint, kind(**wanted), given, cursor, whole_number("shown"), place, tuple(ignored))


def show_list(template: str, view: ListView[F], rows: Sequence[Any], next_cursor: str, **words: Any) -> str:
    """The page of a list; for htmx the next rows alone. `template` is a folder of templates."""
    page = "_more.html" if "HX-Request" in request.headers else "index.html"
    return render_template(
        f"{template}/{page}",
        view=view,
        rows=rows,
        shown=view.shown + len(rows),
        next_page=view.next_page(next_cursor, len(rows)),
        **words,
    )


def _value(
    name: str, text: str, default: object, choices: Mapping[str, Collection[str]] | None
) -> str | datetime:
    """What a filter says. Raises InvalidInput for what is no day, or none of its choices."""
    if not isinstance(default, str):
        return _moment(name, text)
    if choices and name in choices and text not in choices[name]:
        raise InvalidInput(f'"{text[:40]}" is no {name}.')
    return text


def _moment(name: str, text: str) -> datetime:
    """Days are the server's, as all times on pages are; `until` a day takes it in."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if not _FIRST <= day <= _LAST:
        raise InvalidInput(f'"{text[:40]}" is no day.', hint="Write it so: 2026-11-28.")
    begin = datetime.combine(day + timedelta(days=name == "until"), time())
    return begin.astimezone()
