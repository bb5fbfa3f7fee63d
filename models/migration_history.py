"""Which migrations were applied to this database, when, how long each took and who ran it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, table_options
from models.types import Identifier, UtcDateTime


class MigrationHistory(Model):
    """Written with the version stamp; a downgrade removes its row. `duration` is in seconds."""

    __tablename__ = "migration_history"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    migration_name: Mapped[str] = mapped_column(String(255), unique=True)
    revision: Mapped[str] = mapped_column(String(32))
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration: Mapped[float] = mapped_column(Double)
    applied_by: Mapped[str] = mapped_column(String(100))
