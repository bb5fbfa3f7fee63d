"""Work done or under way: the row that is the truth, its log, and the lock on what it works on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, table_options
from models.types import Identifier, JsonText, UtcDateTime


class OperationRecord(Model):
    """One run of a feature. `done` of `total` `unit`s of `phase` are behind it."""

    __tablename__ = "operation"
    __table_args__ = table_options(
        CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')", name="state"
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(50), index=True)
    title: Mapped[str] = mapped_column(String(255))
    target: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20), index=True)
    actor: Mapped[str] = mapped_column(String(100), index=True)
    through: Mapped[str] = mapped_column(String(20))
    phase: Mapped[str] = mapped_column(String(100), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column()
    unit: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str] = mapped_column(String(50), default="")
    error_message: Mapped[str] = mapped_column(Text, default="")
    error_hint: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[Any] = mapped_column(JsonText, nullable=True)


class OperationLine(Model):
    """One line of an operation's log."""

    __tablename__ = "operation_line"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
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
