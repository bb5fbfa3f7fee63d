"""What a database holds besides tables: views, routines, triggers and events, each with all that decides how
the server reads it, so that it can be made again elsewhere word for word."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from core.errors import PrivilegeMissing
from database.adapters.mysql.backup_session import Session
from database.manifest import Fact, FactKind

_NAME = r"`(?:[^`]|``)*`"
DEFINER = re.compile(rf"DEFINER=({_NAME}(?:@{_NAME})?) ")
_EVENT_HEAD = rf"(CREATE EVENT {_NAME} ON SCHEDULE .*? ON COMPLETION (?:NOT )?PRESERVE)"
_EVENT = re.compile(_EVENT_HEAD, re.DOTALL)
_EVENT_STATUS = re.compile(rf"{_EVENT_HEAD}(?: ENABLE| DISABLE(?: ON \w+)?)\b", re.DOTALL)
_VIEWS = "SELECT table_name FROM information_schema.views WHERE table_schema = database() ORDER BY 1"
_ROUTINES = """
    SELECT routine_type, routine_name FROM information_schema.routines
    WHERE routine_schema = database() AND routine_type <> 'LIBRARY' ORDER BY 1, 2
"""
# The text of a trigger may name its database, depending on how it was typed: it is put together anew.
_TRIGGERS = """
    SELECT trigger_name, action_timing, event_manipulation, event_object_table, action_statement, definer,
        sql_mode, character_set_client, collation_connection, database_collation
    FROM information_schema.triggers WHERE trigger_schema = database()
    ORDER BY event_object_table, action_timing, event_manipulation, action_order
"""
_EVENTS = """
    SELECT event_name, status, event_type, ends IS NOT NULL FROM information_schema.events
    WHERE event_schema = database() ORDER BY 1
"""
_FACT_KINDS = {"view": FactKind.VIEW, "trigger": FactKind.TRIGGER, "event": FactKind.EVENT}


@dataclass(frozen=True)
class Code:
    """One view, procedure, function, package, trigger or event. `text` creates it and names neither its
    database nor its definer, who stands in `definer` as SQL wants it; `body` of a trigger is what it does,
    `table` where. `is_on` is False for an event that is disabled; `is_passing` is True for one that the
    server drops some day by itself."""

    kind: str
    name: str
    text: str
    definer: str = ""
    sql_mode: str = ""
    charset: str = "utf8mb4"
    collation: str = ""
    database_collation: str = ""
    time_zone: str = ""
    table: str = ""
    body: str = field(default="", compare=False)
    is_on: bool = True
    is_passing: bool = False

    @property
    def label(self) -> str:
        """What people call it: "trigger t_one"."""
        return f"{self.kind} {self.name}"

    @property
    def fact(self) -> Fact:
        """As a manifest keeps it; `code_of` reads it back."""
        kind = _FACT_KINDS.get(self.kind, FactKind.ROUTINE)
        name = self.label if kind is FactKind.ROUTINE else self.name
        said = [
            f"sql_mode={self.sql_mode}",
            f"charset={self.charset}",
            f"collation={self.collation}",
            f"database_collation={self.database_collation}",
            f"time_zone={self.time_zone}",
            f"is_on={'yes' if self.is_on else 'no'}",
        ]
        return Fact(kind, name, "; ".join(said) + "\n" + self.text)


def read_code(session: Session) -> tuple[Code, ...]:
    """All of the connected database: routines, views, triggers in their order, events. Raises
    PrivilegeMissing for a routine whose text the account may not see."""
    routines = session.rows(_ROUTINES)
    own = session.quote(str(session.value("SELECT database()")))
    return (
        *(_routine(session, str(kind).lower(), str(name)) for kind, name in routines),
        *(_view(session, str(name), own) for (name,) in session.rows(_VIEWS)),
        *read_triggers(session),
        *(_event(session, *row) for row in session.rows(_EVENTS)),
    )


def read_triggers(session: Session) -> tuple[Code, ...]:
    """The triggers alone, in their order; that can be asked while tables are locked."""
    return tuple(_trigger(session, row) for row in session.rows(_TRIGGERS))


def code_of(fact: Fact, definer: str = "") -> Code:
    """What a manifest says of it."""
    head, _, text = fact.value.partition("\n")
    said = dict(part.partition("=")[::2] for part in head.split("; "))
    kind, _, name = (
        fact.name.partition(" ") if fact.kind is FactKind.ROUTINE else (fact.kind.value, "", fact.name)
    )
    if kind == "package" and name.startswith("body "):
        kind, name = "package body", name.removeprefix("body ")
    body = text.partition(" FOR EACH ROW ")[2] if fact.kind is FactKind.TRIGGER else ""
    return Code(
        kind,
        name,
        text,
        definer,
        said.get("sql_mode", ""),
        said.get("charset", "utf8mb4"),
        said.get("collation", ""),
        said.get("database_collation", ""),
        said.get("time_zone", ""),
        body=body,
        is_on=said.get("is_on") != "no",
    )


def without_status(text: str) -> str:
    """The text of an event without whether it is enabled."""
    return _EVENT_STATUS.sub(r"\1", text, count=1)


def with_status(text: str, status: str) -> str:
    """The text of an event with "ENABLE", "DISABLE" or "DISABLE ON SLAVE" where it belongs."""
    return _EVENT.sub(lambda found: f"{found[1]} {status}", text, count=1)


def without_database(text: str, own: str) -> str:
    """The text of a view without its own database, quoted, which MariaDB writes before columns when the
    definer is gone: elsewhere there is no such column."""
    if not (own and f"{own}." in text):
        return text
    before_column = rf"{re.escape(own)}\.(?={_NAME}\.{_NAME})"
    parts = re.compile(rf"{before_column}|({_NAME}|'(?:[^'\\]|''|\\.)*')", re.DOTALL)
    return parts.sub(lambda found: found[1] or "", text)


def account_in_sql(user_at_host: str) -> str:
    """user@host, as the catalogue writes it, as SQL wants it."""
    user, _, host = user_at_host.rpartition("@")
    if not host:  # a role of MariaDB
        return _ticked(user or user_at_host)
    return f"{_ticked(user)}@{_ticked(host)}"


def _ticked(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def _split(code: Code) -> Code:
    """The definer taken out of the text."""
    found = DEFINER.search(code.text)
    if not found:
        return code
    text = code.text[: found.start()] + code.text[found.end() :]
    return replace(code, text=text, definer=found[1])


def _view(session: Session, name: str, own: str) -> Code:
    _, text, charset, collation = session.rows(f"SHOW CREATE VIEW {session.quote(name)}")[0]
    return _split(
        Code("view", name, without_database(str(text), own), charset=str(charset), collation=str(collation))
    )


def _routine(session: Session, kind: str, name: str) -> Code:
    row = session.rows(f"SHOW CREATE {kind.upper()} {session.quote(name)}")[0]
    _, sql_mode, text, charset, collation, database_collation = row
    if text is None:
        raise PrivilegeMissing(
            f"The account may not see the text of the {kind} {name}.",
            hint="As an administrator grant it SHOW_ROUTINE ON *.* (MariaDB: SELECT ON mysql.proc).",
        )
    return _split(
        Code(kind, name, str(text), "", str(sql_mode), str(charset), str(collation), str(database_collation))
    )


def _trigger(session: Session, row: tuple[object, ...]) -> Code:
    name, timing, event, table, body, definer, sql_mode, charset, collation, database_collation = map(
        str, row
    )
    head = f"CREATE TRIGGER {session.quote(name)} {timing} {event} ON {session.quote(table)} FOR EACH ROW "
    return Code(
        "trigger", name, head + body, account_in_sql(definer), sql_mode, charset, collation,
        database_collation, table=table, body=body,
    )  # fmt: skip


def _event(session: Session, name: str, status: str, kind: str, ends: int) -> Code:
    row = session.rows(f"SHOW CREATE EVENT {session.quote(name)}")[0]
    _, sql_mode, time_zone, text, charset, collation, database_collation = map(str, row)
    code = _split(Code("event", name, text, "", sql_mode, charset, collation, database_collation, time_zone))
    return replace(
        code,
        text=without_status(code.text),
        is_on=status != "DISABLED",
        is_passing=kind != "RECURRING" or bool(ends),
    )
