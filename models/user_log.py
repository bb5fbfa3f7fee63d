"""Sign-ins and sign-outs, kept for as long as the retention says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import FoldedString, Identifier, UtcDateTime, by_code_point


class UserLog(Model):
    """The username stays when the user goes."""

    __tablename__ = "user_log"
    __table_args__ = table_options(
        CheckConstraint("action IN ('login', 'logout')", name="action"),
        Index(None, "username", "timestamp"),  # one person's newest, among millions
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    username: Mapped[str] = mapped_column(FoldedString(80), index=True)
    action: Mapped[str] = mapped_column(String(20), index=True)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    ip_address: Mapped[str] = mapped_column(by_code_point(45), index=True)
    user_agent: Mapped[str] = mapped_column(String(255), default="")
