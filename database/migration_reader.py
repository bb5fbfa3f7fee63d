"""Reads what a statement of a migration changes, out of its text."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from database.adapters.migrating import Change, ChangeKind

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it does not know, the plan says

_LOOKS = (exp.Select, exp.Show, exp.Set, exp.Use, exp.Describe, exp.Pragma, exp.Transaction, exp.Commit)

# Nothing but comments. MySQL executes what stands in /*! ... */ and MariaDB in /*M! ... */; to PostgreSQL a
# lone carriage return ends a line.
_COMMENT = re.compile(r"(?:[\s;]++|--[^\r\n]*+|/\*(?!M?!)(?:(?!\*/|/\*).)*+\*/)*+", re.DOTALL)

_EXECUTED = re.compile(r"/\*M?!")
_UNKNOWN = Change(ChangeKind.UNKNOWN)
# Functions that change no table and are asked for in migrations; of any other, nobody knows what it does.
_MILD = frozenset({"setval", "nextval", "currval", "set_config", "last_insert_id", "pg_get_serial_sequence"})
_HOLDERS = ("SCHEMA", "DATABASE")
_PLAIN = ("VIEW", "SEQUENCE", "TRIGGER")  # what they take with them holds no rows
_WRITES = (exp.Delete, exp.Update, exp.Insert, exp.Merge)


def is_comment(sql: str) -> bool:
    """True for what no server executes anything of."""
    return _COMMENT.fullmatch(sql) is not None


def read_changes(sql: str, grammar: str) -> tuple[Change, ...]:
    """What `sql` changes, in its order; a statement that cannot be read is one UNKNOWN change."""
    try:
        statements = sqlglot.parse(sql.replace("\r", "\n"), dialect=grammar)
    except SqlglotError:
        return (_UNKNOWN,)
    found = tuple(change for statement in statements if statement for change in _changes(statement))
    return found if _EXECUTED.search(sql) is None else (*found, _UNKNOWN)


def read_copy(sql: str, grammar: str) -> dict[str, str]:
    """Which column goes where in an INSERT ... SELECT: the new name, and the old one it is made from."""
    statement = sqlglot.parse_one(sql, dialect=grammar)
    new = [one.name for one in statement.this.expressions]
    made_from = [one.find(exp.Column) for one in statement.expression.expressions]
    return {name: old.name for name, old in zip(new, made_from, strict=True) if old is not None}


def _changes(statement: Any) -> Iterator[Change]:
    if isinstance(statement, exp.Alter):
        yield from _altered(statement)
    elif not isinstance(statement, _LOOKS):
        read = next((read for kind, read in _READERS.items() if isinstance(statement, kind)), _unknown)
        yield from read(statement)
    else:
        calls = {one.name.lower() for one in statement.find_all(exp.Anonymous)}
        if calls - _MILD or statement.find(exp.Into):
            yield _UNKNOWN
    for inner in statement.find_all(*_WRITES):  # WITH gone AS (DELETE ...) SELECT ...
        if inner is not statement:
            yield from _READERS.get(type(inner), _unknown)(inner)


def _altered(statement: Any) -> Iterator[Change]:
    if statement.args.get("kind") != "TABLE":
        yield Change(ChangeKind.HARMLESS, name=_name(statement.this))
        return
    table = _name(statement.this)
    new = [one for one in statement.args.get("options") or () if isinstance(one, exp.ToTableProperty)]
    if new:  # "RENAME a TO b" without the word COLUMN is read as a table's
        old = statement.args["actions"][0]
        yield Change(ChangeKind.RENAME_COLUMN, table, _name(old.this), _name(new[0].this))
        return
    for action in statement.args.get("actions") or ():
        read = next((read for kind, read in _ACTIONS.items() if isinstance(action, kind)), None)
        is_online = bool(statement.args.get("not_valid"))
        yield read(table, action, is_online) if read else Change(ChangeKind.UNKNOWN, table)


def _created(statement: Any) -> Iterator[Change]:
    kind, this = statement.args["kind"], statement.this
    if kind == "TABLE":
        made = ChangeKind.REPLACE_TABLE if statement.args.get("replace") else ChangeKind.CREATE_TABLE
        yield Change(made, _name(this))
    elif kind == "INDEX":
        table, is_online = _name(this.args.get("table")), bool(statement.args.get("concurrently"))
        yield Change(ChangeKind.CREATE_INDEX, table, str(this.name), is_online=is_online)
    else:
        yield Change(ChangeKind.HARMLESS, name=_name(this))


def _dropped(statement: Any) -> Iterator[Change]:
    kind, place = statement.args["kind"], statement.args.get("cluster")
    takes_more = kind in _HOLDERS or (statement.args.get("cascade") and kind not in _PLAIN)
    for one in statement.args.get("tables") or [None]:
        name = _name(one) or (one.db if one is not None else "")
        if kind == "TABLE":
            yield Change(ChangeKind.DROP_TABLE, name)
        elif kind == "INDEX":
            yield Change(ChangeKind.DROP_INDEX, _name(place.this) if place else "", name)
        else:
            yield Change(ChangeKind.DROP_WHOLE if takes_more else ChangeKind.DROP_OTHER, name=name)


def _unknown(_statement: Any) -> Iterator[Change]:
    yield _UNKNOWN


def _emptied(statement: Any) -> Iterator[Change]:
    yield from (Change(ChangeKind.EMPTY_TABLE, _name(one)) for one in statement.expressions or [None])


def _deleted(statement: Any) -> Iterator[Change]:
    """MySQL names the tables whose rows go before FROM, or joins them, perhaps by an alias."""
    real = {one.alias_or_name: one.name for one in statement.find_all(exp.Table) if one.alias}
    named = statement.args.get("tables")
    for one in named or _joined(statement.this):
        yield Change(ChangeKind.DELETE, real.get(_name(one), _name(one)))


def _updated(statement: Any) -> Iterator[Change]:
    yield from (Change(ChangeKind.UPDATE, _name(one)) for one in _joined(statement.this))


def _joined(table: Any) -> list[Any]:
    return [table, *(one.this for one in (table.args.get("joins") if table else None) or ())]


def _plainly(kind: ChangeKind) -> Callable[[Any], Iterator[Change]]:
    def read(statement: Any) -> Iterator[Change]:
        yield Change(kind, _name(statement.this))

    return read


def _column_added(table: str, action: Any, _is_online: bool) -> Change:
    required, default = False, ""
    for one in action.args.get("constraints") or ():
        if isinstance(one.kind, exp.NotNullColumnConstraint) and not one.kind.args.get("allow_null"):
            required = True
        if isinstance(one.kind, exp.DefaultColumnConstraint | exp.GeneratedAsIdentityColumnConstraint):
            default = one.kind.sql() or "generated"
    if "SERIAL" in str(action.args.get("kind") or "").upper():
        default = "nextval"
    return Change(ChangeKind.ADD_COLUMN, table, action.name, required=required, default=default)


def _column_changed(table: str, action: Any, _is_online: bool) -> Change:
    name = action.name
    if action.args.get("dtype") is not None:
        return Change(ChangeKind.CHANGE_COLUMN, table, name)
    if action.args.get("allow_null") is False:
        return Change(ChangeKind.REQUIRE_VALUE, table, name, required=True)
    return Change(ChangeKind.CHANGE_DEFAULT, table, name)


def _column_modified(table: str, action: Any, _is_online: bool) -> Change:
    after, before = action.this.name, action.args.get("rename_from")
    if before is not None and before.name != after:
        return Change(ChangeKind.RENAME_COLUMN, table, before.name, after)
    return Change(ChangeKind.CHANGE_COLUMN, table, after)


def _part_dropped(table: str, action: Any, _is_online: bool) -> Change:
    kinds = {"COLUMN": ChangeKind.DROP_COLUMN, "INDEX": ChangeKind.DROP_INDEX, "KEY": ChangeKind.DROP_INDEX}
    kind = kinds.get(action.args["kind"], ChangeKind.DROP_CONSTRAINT)
    return Change(kind, table, action.args["tables"][0].name)


def _constraint_added(table: str, action: Any, is_online: bool) -> Change:
    one = action.expressions[0]
    if isinstance(one, exp.IndexColumnConstraint):
        return Change(ChangeKind.CREATE_INDEX, table, one.name)
    kind = ChangeKind.ADD_KEY if action.find(exp.ForeignKey) else ChangeKind.ADD_CONSTRAINT
    name = one.name if isinstance(one, exp.Constraint) else ""
    return Change(kind, table, name, is_online=is_online)


def _renamed(table: str, action: Any, _is_online: bool) -> Change:
    return Change(ChangeKind.RENAME_TABLE, table, new_name=_name(action.this))


def _column_renamed(table: str, action: Any, _is_online: bool) -> Change:
    return Change(ChangeKind.RENAME_COLUMN, table, action.this.name, action.args["to"].name)


def _key_dropped(table: str, _action: Any, _is_online: bool) -> Change:
    return Change(ChangeKind.DROP_CONSTRAINT, table, "PRIMARY")


def _name(place: Any) -> str:
    """The name of a table as the catalogue spells it; the schema is left out."""
    if isinstance(place, exp.Schema):
        place = place.this
    return str(place.name) if place is not None else ""


_READERS: dict[Any, Callable[[Any], Iterator[Change]]] = {
    exp.Create: _created,
    exp.Drop: _dropped,
    exp.TruncateTable: _emptied,
    exp.Insert: _plainly(ChangeKind.INSERT),
    exp.Update: _updated,
    exp.Delete: _deleted,
    exp.Comment: _plainly(ChangeKind.HARMLESS),
    exp.Grant: _plainly(ChangeKind.HARMLESS),
}
_ACTIONS: dict[Any, Callable[[str, Any, bool], Change]] = {
    exp.ColumnDef: _column_added,
    exp.AlterColumn: _column_changed,
    exp.ModifyColumn: _column_modified,
    exp.Drop: _part_dropped,
    exp.AddConstraint: _constraint_added,
    exp.AlterRename: _renamed,
    exp.RenameColumn: _column_renamed,
    exp.DropPrimaryKey: _key_dropped,
}
