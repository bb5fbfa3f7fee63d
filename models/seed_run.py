"""The ledger of seeding: each run, and the rows it made of each table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, JsonText, UtcDateTime


class SeedRun(Model):
    """One run. `database` is the name of the database that was filled, `made_by` who asked, `wanted` what
    they asked for in words, `seconds` how long it took. `finished_at` is empty for a run that was cut off,
    `undone_at` until its rows are removed."""

    __tablename__ = "seed_run"
    __table_args__ = table_options(
        CheckConstraint("mode IN ('add', 'upsert', 'clean first', 'scenario', 'sample')", name="mode"),
        Index(None, "database", "started_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    database: Mapped[str] = mapped_column(String(255))
    made_by: Mapped[str] = mapped_column(String(100))
    mode: Mapped[str] = mapped_column(String(20))
    seed: Mapped[int] = mapped_column(Identifier)
    wanted: Mapped[str] = mapped_column(Text)
    operation_id: Mapped[str] = mapped_column(String(26), default="", index=True)
    updated: Mapped[int] = mapped_column(Identifier, default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column(default=0.0)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SeedPart(Model):
    """The rows that a run made of one table: those from `first` on in the endless list that the seed stands
    for, `wanted` of them, of which `done` are there. They have the keys from `first_key` on, which nobody
    else is given. `parents` are the parts they refer to, `removed_at` is when they were taken out,
    `set_aside` the indexes of the table that are away meanwhile, as (name, definition) pairs."""

    __tablename__ = "seed_part"
    __table_args__ = table_options(
        CheckConstraint("first >= 0 AND wanted > 0 AND done >= 0 AND done <= wanted", name="rows"),
        Index(None, "table_name", "seed"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    run_id: Mapped[str] = mapped_column(String(26), ForeignKey("seed_run.id", ondelete="CASCADE"), index=True)
    table_name: Mapped[str] = mapped_column(String(255))
    seed: Mapped[int] = mapped_column(Identifier)
    first: Mapped[int] = mapped_column(Identifier)
    wanted: Mapped[int] = mapped_column(Identifier)
    done: Mapped[int] = mapped_column(Identifier, default=0)
    first_key: Mapped[int | None] = mapped_column(Identifier)
    parents: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict)
    seconds: Mapped[float] = mapped_column(default=0.0)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    set_aside: Mapped[list[tuple[str, str]] | None] = mapped_column(JsonText)
