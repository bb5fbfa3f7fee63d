"""A user of the console and of the application."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, column
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import FoldedString, Identifier, UtcDateTime, by_code_point, character_count

TIERS = ("free", "pro", "team")


class User(Model):
    """`password_hash` is empty until the user has set a password by a one-time link."""

    __tablename__ = "user"
    __table_args__ = table_options(
        CheckConstraint(character_count(column("username")).between(3, 80), name="username_length"),
        CheckConstraint(column("email").like("%_@_%._%"), name="email_format"),
        CheckConstraint(character_count(column("name")).between(1, 100), name="name_length"),
        CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
        CheckConstraint("subscription_tier IN ('free', 'pro', 'team')", name="subscription_tier"),
        Index(None, "name", "id"),  # each order and each filter of the list, among millions
        Index(None, "created_at", "id"),
        Index(None, "role", "id"),
        Index(None, "subscription_tier", "id"),
        Index(None, "is_active", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    username: Mapped[str] = mapped_column(FoldedString(80), unique=True, index=True)
    email: Mapped[str] = mapped_column(FoldedString(254), unique=True, index=True)
    name: Mapped[str] = mapped_column(by_code_point(100))
    password_hash: Mapped[str] = mapped_column(String(255), default="")
    role: Mapped[str] = mapped_column(String(20), default="viewer")
    subscription_tier: Mapped[str] = mapped_column(String(20), default="free")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
