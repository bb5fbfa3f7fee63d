"""Runs of migrations on any database: who ran what, by which plan, how long it took, and how it ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import UtcDateTime


class MigrationRun(Model):
    """One run; `id` is that of its operation. `from_revision` is empty before the first one. `backup` is the
    name of the backup taken before. `fingerprint` is the hash of the schema that it left, by which later
    drift is seen. `health_before` and `health_after` are what the server said of itself."""

    __tablename__ = "migration_run"
    __table_args__ = table_options(
        CheckConstraint("direction IN ('upgrade', 'downgrade')", name="direction"),
        CheckConstraint("state IN ('running', 'succeeded', 'failed')", name="state"),
        Index(None, "database", "started_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    database: Mapped[str] = mapped_column(String(255))
    direction: Mapped[str] = mapped_column(String(20))
    from_revision: Mapped[str] = mapped_column(String(255), default="")
    to_revision: Mapped[str] = mapped_column(String(255))
    revisions: Mapped[int] = mapped_column(default=0)
    plan_hash: Mapped[str] = mapped_column(String(64))
    backup: Mapped[str] = mapped_column(String(255), default="")
    applied_by: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20), default="running")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    seconds: Mapped[float] = mapped_column(default=0.0)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    health_before: Mapped[str] = mapped_column(String(20), default="")
    health_after: Mapped[str] = mapped_column(String(20), default="")
