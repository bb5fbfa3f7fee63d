"""Who is signed in now: one row a browser session, gone at sign-out and expiry."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import FoldedString, Identifier, UtcDateTime


class OnlineUser(Model):
    """`last_seen` is touched at most every 30 s."""

    __tablename__ = "online_user"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    username: Mapped[str] = mapped_column(FoldedString(80), index=True)
    login_datetime: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ip_address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(255), default="")
