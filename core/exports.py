"""Facts written down for other programs, however many there are: as CSV that no spreadsheet takes for
formulas, or as JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from core.errors import InvalidInput
from core.text import visible

FORMATS = ("csv", "json")
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# Where a spreadsheet splits at semicolons, what follows one is a cell of its own; tabs and line ends are
# escapes by then.
_FORMULA = re.compile('(^|;)([\\s"]*[=+\\-@\uff1d\uff0b\uff0d\uff20])')
_TOGETHER = 200  # rows in one piece of text


def export(form: str, facts: Iterable[Any], columns: Sequence[str]) -> Iterator[str]:
    """The attributes `columns` of each of `facts`, in pieces of text, while they are read. Raises
    InvalidInput for a form that is none of FORMATS."""
    writers: dict[str, Callable[[Iterable[Any], Sequence[str]], Iterator[str]]] = {"csv": _csv, "json": _json}
    if form not in writers:
        raise InvalidInput("There is no such form.", hint=f"Choose {' or '.join(FORMATS)}.")
    return writers[form](facts, columns)


def _csv(facts: Iterable[Any], columns: Sequence[str]) -> Iterator[str]:
    yield _lines([columns])
    rows = ([_cell(getattr(one, name)) for name in columns] for one in facts)
    while some := list(islice(rows, _TOGETHER)):
        yield _lines(some)


def _json(facts: Iterable[Any], columns: Sequence[str]) -> Iterator[str]:
    """Whatever is not ASCII is written as an escape, so that no character acts where the text is shown."""
    objects = ({name: _plain(getattr(one, name)) for name in columns} for one in facts)
    before = "[\n"
    while some := list(islice(objects, _TOGETHER)):
        yield before + ",\n".join(json.dumps(one) for one in some)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """A text that a spreadsheet would compute gets a quotation mark before it, which it shows instead."""
    plain = _plain(value)
    if not isinstance(plain, str):
        return "" if plain is None else str(plain).lower() if isinstance(plain, bool) else str(plain)
    return _FORMULA.sub(r"\1'\2", visible(plain))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
