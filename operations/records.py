"""What the row of a run and its audit rows say of it, whoever writes them."""

from __future__ import annotations

from typing import Any, Literal

from models import OperationRecord
from operations.audit import AuditEntry
from operations.rows import clip, table_of
from operations.runs import Run

_OPERATIONS = table_of(OperationRecord)


def operation_columns(run: Run) -> dict[str, Any]:
    """The columns that stay as they are from the first to the last state."""
    actor = run.actor
    words = {"kind": run.kind, "title": run.title, "target": run.target, "address": actor.address}
    words |= {"actor": actor.name, "through": actor.through, "role": actor.role}
    values: dict[str, Any] = {name: clip(text, _OPERATIONS.c[name]) for name, text in words.items()}
    values |= {"id": run.id, "created_at": run.started_at, "user_id": actor.user_id}
    values |= {"token_prefix": actor.token_prefix}
    return values | {"attempts": run.attempts, "arguments": run.arguments}


def run_entry(run: Run, event: Literal["intent", "outcome"], **words: Any) -> AuditEntry:
    """The audit row of `run` for its intent or its outcome."""
    facts = {"action": run.kind, "target": run.target, "operation_id": run.id}
    if event == "intent":
        words = {"details": run.details} | words
    return AuditEntry.of(run.actor, event=event, **facts, **words)
