"""Tokens by which programs sign in to the REST API."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, UtcDateTime


class ApiToken(Model):
    """One token of a user. `prefix` finds it, `hash` is the SHA-256 of its secret, which nobody has but its
    bearer (TRUST S7); it may do what `role` may, and never more than its user."""

    __tablename__ = "api_token"
    __table_args__ = table_options(CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    user_id: Mapped[int] = mapped_column(Identifier, ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_by: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str] = mapped_column(String(100), default="")
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
