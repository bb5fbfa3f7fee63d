"""Verifying the schema as an operation: its phases are told with their totals, each fault is a line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from core.actor import Actor, Role
from core.errors import NotAllowed, NotFound, SchemaFault
from core.progress import Advanced, Event, Noted, PhaseStarted
from core.settings import Settings
from database.adapters import open_connection
from database.adapters.base import fetch_all
from database.expected import TABLES
from features.verification import verify_schema
from operations.runner import Runner

OPERATOR = Actor("mvogt", Role.OPERATOR, "test")
Run = Callable[[], tuple[list[Event], object]]


def run(settings: Settings, *sinks: Callable[[Event], None], actor: Actor = OPERATOR) -> object:
    return Runner(actor, settings, *sinks).run(verify_schema, settings.database.name)


def test_every_phase_reaches_its_total(settings: Settings) -> None:
    events: list[Event] = []
    found = run(settings, events.append)
    phases = [event for event in events if isinstance(event, PhaseStarted)]
    assert [phase.name for phase in phases[:-1]] == [
        "Read the schema", "Compare tables", "Compare indexes", "Compare constraints", "Follow foreign keys"
    ]  # fmt: skip
    ends = [event for event, then in zip(events, events[1:], strict=False) if isinstance(event, Advanced)
            and not isinstance(then, Advanced)]  # fmt: skip
    assert [(end.done, end.total) for end in ends] == [(phase.total, phase.total) for phase in phases[1:]]
    assert all(phase.total for phase in phases[1:])
    assert found.tables == len(TABLES) + 1 or found.tables == len(TABLES)  # type: ignore[attr-defined]
    (result,) = (event.message for event in events if isinstance(event, Noted))
    assert result.startswith(f"Nothing differs: {found.tables} tables, ")  # type: ignore[attr-defined]
    assert result.endswith(f"{found.foreign_keys} foreign keys.")  # type: ignore[attr-defined]


@pytest.mark.every_server
def test_each_fault_is_a_line_and_the_end_is_a_schema_fault(settings: Settings) -> None:
    adapter, connection = open_connection(settings.database, 5)
    with closing(connection):
        fetch_all(connection, f"DROP TABLE {adapter.quote('sync_data')}")
        fetch_all(connection, f"CREATE INDEX mine ON {adapter.quote('user_log')} (user_agent)")
    events: list[Event] = []
    with pytest.raises(SchemaFault, match=r"2 faults found in .*sync_data.*mine"):
        run(settings, events.append)
    lines = [event.message for event in events if isinstance(event, Noted)]
    assert lines == ["Table sync_data is missing.", "Index mine on user_log is not in the models."]


def test_a_viewer_may_not_and_another_database_is_not_ours(settings: Settings) -> None:
    with pytest.raises(NotAllowed):
        run(settings, actor=Actor("lchen", Role.VIEWER, "test"))
    with pytest.raises(NotFound, match="elsewhere is not the console's own"):
        Runner(OPERATOR, settings).run(verify_schema, "elsewhere")
