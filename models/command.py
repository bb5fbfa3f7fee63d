"""A command a user ran, or had suggested, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Double, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, JsonText, LongText, UtcDateTime


class Command(Model):
    """`duration` is in seconds; `exit_code` is empty while the command runs or when it never ran."""

    __tablename__ = "command"
    __table_args__ = table_options(
        CheckConstraint("exit_code BETWEEN 0 AND 255", name="exit_code"),
        CheckConstraint("duration >= 0", name="duration"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id", ondelete="SET NULL"), index=True)
    text: Mapped[str] = mapped_column(Text)
    output: Mapped[str] = mapped_column(LongText, default="")
    error: Mapped[str] = mapped_column(LongText, default="")
    exit_code: Mapped[int | None] = mapped_column()
    duration: Mapped[float | None] = mapped_column(Double)
    working_dir: Mapped[str] = mapped_column(String(500), default="")
    environment: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict)
    ai_suggested: Mapped[bool] = mapped_column(default=False)
    explanation: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
