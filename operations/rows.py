"""What writing rows without the session needs: the table of a model, and text made fit for a column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table

from core.text import visible
from models.base import Base

_LONGEST = 4000  # characters of a text column; MySQL's holds 65,535 bytes


def table_of(model: type[Base]) -> Table:
    """The table of a model."""
    assert isinstance(model.__table__, Table)
    return model.__table__


def clip(text: str, column: ColumnElement[Any]) -> str:
    """`text` on one line, control characters written as escapes (TRUST L3), cut to what `column` holds."""
    length = getattr(column.type, "length", None) or _LONGEST
    shown = visible(text)
    return shown if len(shown) <= length else shown[: length - 1] + "\u2026"
