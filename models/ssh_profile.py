"""A host a user connects to, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, JsonText, UtcDateTime


class SshProfile(Model):
    """`fingerprint` is OpenSSH's SHA256 form, empty for passwords."""

    __tablename__ = "ssh_profile"
    __table_args__ = table_options(
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint("auth_method IN ('password', 'key')", name="auth_method"),
        CheckConstraint("use_count >= 0", name="use_count"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int] = mapped_column(default=22)
    username: Mapped[str] = mapped_column(String(80))
    auth_method: Mapped[str] = mapped_column(String(20))
    key_type: Mapped[str] = mapped_column(String(20), default="")
    fingerprint: Mapped[str] = mapped_column(String(100), default="")
    options: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict)
    use_count: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
