"""What rows of any table have to be like, read from the live schema: types, lengths, what must not be empty
or twice, checks, references."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, inspect, types
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import SAWarning

from core.connection import ConnectionParameters
from database.adapters import closing_connection
from database.adapters.base import Adapter
from database.adapters.seeding_adapters import seeding_adapter_for
from database.engine import CONNECT_TIMEOUT, connector, engine_url, explained

_EXPRESSION_INDEX = "Skipped unsupported reflection"


class Kind(Enum):
    """What kind of values a column takes."""

    INTEGER = auto()
    NUMBER = auto()
    TEXT = auto()
    BOOLEAN = auto()
    DATE = auto()
    MOMENT = auto()
    TIME = auto()
    CHOICE = auto()
    JSON = auto()
    UUID = auto()
    BYTES = auto()
    UNKNOWN = auto()


_KINDS: tuple[tuple[type[types.TypeEngine[Any]], Kind], ...] = (
    (types.Enum, Kind.CHOICE),
    (types.Boolean, Kind.BOOLEAN),
    (types.Integer, Kind.INTEGER),
    (types.Numeric, Kind.NUMBER),
    (types.Float, Kind.NUMBER),
    (types.JSON, Kind.JSON),
    (types.Uuid, Kind.UUID),
    (types.DateTime, Kind.MOMENT),
    (types.Date, Kind.DATE),
    (types.Time, Kind.TIME),
    (types.LargeBinary, Kind.BYTES),
    (types.BINARY, Kind.BYTES),
    (types.String, Kind.TEXT),
)


@dataclass(frozen=True)
class Column:
    """One column. `length` is in characters, `high` the largest whole number, `scale` digits behind the
    point; `choices` are all that it may hold; `may_be_left_out` says that the server fills it."""

    name: str
    kind: Kind
    type: str
    length: int | None
    high: int
    scale: int
    choices: tuple[str, ...]
    is_nullable: bool
    may_be_left_out: bool
    is_generated: bool


@dataclass(frozen=True)
class Reference:
    """Columns that refer to columns of another table, or of the same."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class TableShape:
    """One table. `unique` are sets of columns that no two rows have alike, the key among them."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    references: tuple[Reference, ...]
    checks: tuple[str, ...]

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def number_key(self) -> str | None:
        """The key where it is one whole number that refers to nothing."""
        (first, *more) = self.key or ("",)
        refers = any(first in reference.columns for reference in self.references)
        if not first or more or refers or self.column(first).kind is not Kind.INTEGER:
            return None
        return first


def read_shapes(database: ConnectionParameters) -> tuple[TableShape, ...]:
    """Every table of the connected schema. Raises ConnectionFailed and its kin."""
    with closing_connection(database, CONNECT_TIMEOUT) as (adapter, connection):
        seeding = seeding_adapter_for(adapter.recognised(connection), adapter)
        inner = seeding.inner_tables(connection)
    with _engine(adapter) as engine, explained(database), warnings.catch_warnings():
        warnings.filterwarnings("ignore", _EXPRESSION_INDEX, SAWarning)
        inspector = inspect(engine)
        names = sorted(set(inspector.get_table_names()) - set(inner))
        called = {name.lower(): name for name in names} if seeding.names_fold else {}
        return tuple(_shape(inspector, engine, name, called) for name in names)


@contextmanager
def _engine(adapter: Adapter) -> Iterator[Engine]:
    engine = create_engine(
        engine_url(adapter.parameters),
        poolclass=NullPool,
        creator=connector(adapter, CONNECT_TIMEOUT),
        hide_parameters=True,
    )
    try:
        yield engine
    finally:
        engine.dispose()


def _shape(inspector: Inspector, engine: Engine, name: str, called: Mapping[str, str]) -> TableShape:
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    indexes = inspector.get_indexes(name)
    unique = {tuple(one["column_names"]) for one in inspector.get_unique_constraints(name)}
    unique |= {tuple(filter(None, one["column_names"])) for one in indexes if one["unique"]}
    columns = inspector.get_columns(name)
    return TableShape(
        name,
        tuple(_column(column, engine, key) for column in columns),
        key,
        tuple(sorted({one for one in (key, *unique) if one})),
        tuple(
            _reference(inspector, one, called)
            for one in inspector.get_foreign_keys(name)
            if one["referred_schema"] is None
        ),
        tuple(str(one["sqltext"]) for one in inspector.get_check_constraints(name)),
    )


def _reference(
    inspector: Inspector, key: ReflectedForeignKeyConstraint, called: Mapping[str, str]
) -> Reference:
    """`called` are the tables by their names in small letters, where that is enough to name one."""
    table = called.get(key["referred_table"].lower(), key["referred_table"])
    targets = key["referred_columns"] or inspector.get_pk_constraint(table)["constrained_columns"]
    return Reference(tuple(key["constrained_columns"]), table, tuple(targets))


def _column(column: ReflectedColumn, engine: Engine, key: tuple[str, ...]) -> Column:
    kind_of: Any = column["type"]
    kind = next((kind for type, kind in _KINDS if isinstance(kind_of, type)), Kind.UNKNOWN)
    choices = tuple(getattr(kind_of, "enums", None) or getattr(kind_of, "values", None) or ())
    is_generated = bool(column.get("computed"))
    default = column.get("default") is not None or bool(column.get("identity"))
    return Column(
        column["name"],
        Kind.CHOICE if choices else kind,
        "" if kind is Kind.UNKNOWN else kind_of.compile(engine.dialect).partition(" COLLATE ")[0],
        getattr(kind_of, "length", None),
        _highest(kind_of, kind),
        getattr(kind_of, "scale", None) or 0,
        choices,
        bool(column["nullable"]) and column["name"] not in key,
        is_generated or default or bool(column["nullable"]),
        is_generated,
    )


def _highest(kind_of: Any, kind: Kind) -> int:
    """The largest whole number that every dialect's column of that type holds."""
    name = type(kind_of).__name__
    if kind is Kind.NUMBER:
        digits = (getattr(kind_of, "precision", None) or 9) - (getattr(kind_of, "scale", None) or 0)
        return int(10 ** min(digits, 15)) - 1
    if name == "TINYINT":
        return 1 if getattr(kind_of, "display_width", None) == 1 else 127
    return 2**15 - 1 if name == "SMALLINT" else 2**63 - 1 if name == "BIGINT" else 2**31 - 1
