"""Other databases than the console's own: where they are, and what was last seen of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.connection import Dialect
from models.base import Model, table_options
from models.types import Identifier, UtcDateTime

_KINDS = ", ".join(f"'{kind}'" for kind in Dialect)


class RegisteredDatabase(Model):
    """Typed fields, never a URL (TRUST D3). `password` is encrypted and bound to the row's `id`; `state` is
    "unknown", or how the last check ended at `checked_at`."""

    __tablename__ = "registered_database"
    __table_args__ = table_options(
        CheckConstraint(f"dialect IN ({_KINDS})", name="dialect"),
        CheckConstraint(
            "environment IN ('development', 'testing', 'staging', 'production')", name="environment"
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    environment: Mapped[str] = mapped_column(String(20))
    dialect: Mapped[str] = mapped_column(String(20))
    host: Mapped[str] = mapped_column(String(255), default="")
    port: Mapped[int] = mapped_column(default=0)
    account: Mapped[str] = mapped_column(String(128), default="")
    password: Mapped[str] = mapped_column(Text, default="")
    database_name: Mapped[str] = mapped_column(String(255))
    tls_mode: Mapped[str] = mapped_column(String(20), default="")
    tls_root_certificate: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_by: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(40), default="unknown")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int | None] = mapped_column(Identifier)
    message: Mapped[str] = mapped_column(Text, default="")
