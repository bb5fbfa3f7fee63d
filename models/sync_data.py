"""What a user's devices keep in step, version by version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, JsonText, UtcDateTime


class SyncData(Model):
    """`details` is the column metadata, a word the mapper keeps for itself."""

    __tablename__ = "sync_data"
    __table_args__ = table_options(
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("resolution IN ('', 'local', 'remote', 'merged')", name="resolution"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    device: Mapped[str] = mapped_column(String(100))
    data_type: Mapped[str] = mapped_column(String(50), index=True)
    version: Mapped[int] = mapped_column(default=1)
    conflict: Mapped[bool] = mapped_column(default=False)
    resolution: Mapped[str] = mapped_column(String(20), default="")
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JsonText, default=dict)
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
