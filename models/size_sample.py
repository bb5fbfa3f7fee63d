"""How large a database was at a moment, so that its growth can be drawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, table_options
from models.types import Identifier, UtcDateTime


class SizeSample(Model):
    """`database_id` is empty for the console's own database; `size` is in bytes."""

    __tablename__ = "size_sample"
    __table_args__ = table_options(Index(None, "database_id", "taken_at"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    database_id: Mapped[str | None] = mapped_column(
        String(26), ForeignKey("registered_database.id", ondelete="CASCADE")
    )
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    size: Mapped[int] = mapped_column(Identifier)
