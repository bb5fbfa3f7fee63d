"""Work done or under way: the row that is the truth, its log, and the lock on what it works on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, table_options
from models.types import Identifier, JsonText, UtcDateTime


class OperationRecord(Model):
    """One run of a feature. `done` of `total` `unit`s of `phase` are behind it.

    `attempt` counts how often it was begun, and fences: whoever runs an earlier attempt writes nothing any
    more. Nobody may take it over before `lease_until`, by the database's own clock; an operation without a
    lease is held by its process (see `TargetLock`)."""

    __tablename__ = "operation"
    __table_args__ = table_options(
        CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')", name="state"
        ),
        Index(None, "state", "id"),  # the newest of one state, among millions
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(50), index=True)
    title: Mapped[str] = mapped_column(String(255))
    target: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(100), index=True)
    through: Mapped[str] = mapped_column(String(20))
    phase: Mapped[str] = mapped_column(String(100), default="")
    done: Mapped[int] = mapped_column(Identifier, default=0)
    total: Mapped[int | None] = mapped_column(Identifier)
    unit: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str] = mapped_column(String(50), default="")
    error_message: Mapped[str] = mapped_column(Text, default="")
    error_hint: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[Any] = mapped_column(JsonText, nullable=True)
    arguments: Mapped[Any] = mapped_column(JsonText, nullable=True)
    role: Mapped[str] = mapped_column(String(20), default="")
    user_id: Mapped[int | None] = mapped_column(Identifier)
    address: Mapped[str] = mapped_column(String(45), default="")
    token_prefix: Mapped[str | None] = mapped_column(String(16))
    attempt: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=1)
    worker: Mapped[str] = mapped_column(String(255), default="")
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_by: Mapped[str] = mapped_column(String(100), default="")


class OperationPhase(Model):
    """One phase of one attempt. `speeds` are pairs of seconds since its start and units per second."""

    __tablename__ = "operation_phase"
    __table_args__ = table_options()

    operation_id: Mapped[str] = mapped_column(
        ForeignKey("operation.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    done: Mapped[int] = mapped_column(Identifier, default=0)
    total: Mapped[int | None] = mapped_column(Identifier)
    unit: Mapped[str] = mapped_column(String(20), default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    speeds: Mapped[Any] = mapped_column(JsonText, default=list)


class OperationLine(Model):
    """One line of an operation's log."""

    __tablename__ = "operation_line"
    __table_args__ = table_options(Index(None, "operation_id", "id"))  # the newest lines of one operation

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    message: Mapped[str] = mapped_column(Text)


class TargetLock(Model):
    """The lock: whoever inserts the row of a target holds it. `host`, `pid` and `process` tell whether the
    holder still lives; `process` names the machine, its boot, the pid's namespace and the process's start."""

    __tablename__ = "target_lock"
    __table_args__ = table_options()

    target: Mapped[str] = mapped_column(String(255), primary_key=True)
    operation_id: Mapped[str] = mapped_column(String(26))
    title: Mapped[str] = mapped_column(String(255))
    actor: Mapped[str] = mapped_column(String(100))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int] = mapped_column()
    process: Mapped[str] = mapped_column(String(100))
