"""A terminal session of a user on a device."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, column
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, UtcDateTime


class Session(Model):
    """`rows` and `columns` are the size of the terminal in characters."""

    __tablename__ = "session"
    __table_args__ = table_options(
        CheckConstraint((column("rows") > 0) & (column("columns") > 0), name="terminal_size"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ended_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    ssh_profile_id: Mapped[int | None] = mapped_column(
        ForeignKey("ssh_profile.id", ondelete="SET NULL"), index=True
    )
    device: Mapped[str] = mapped_column(String(100))
    rows: Mapped[int] = mapped_column()
    columns: Mapped[int] = mapped_column()
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_active_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
